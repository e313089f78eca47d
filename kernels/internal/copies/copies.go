// Package copies keeps copies of the notebooks for people to work in. Executing a
// notebook changes its file, so that in the directory of the originals git would
// report changes that nobody made.
package copies

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// Name is the name of the directory of copies. It is beside that of the
// originals, so that ../runs is the same for both, and git ignores it.
const Name = "my-notebooks"

// Dir returns the directory of copies.
func Dir(c checkout.Checkout) string { return filepath.Join(c.Root, Name) }

// Refreshed is what [Refresh] did, as names of notebooks.
type Refreshed struct {
	New     []string // copied
	Updated []string // replaced, because the original has changed and the copy had no edits
	Edited  []string // left as they are, although the original has changed
}

// Refresh copies the notebooks that have no copy, and replaces the copies whose
// original has changed since, unless a person has edited their cells. Only text
// and code count as edits: outputs are not, and come again from the files of runs.
// Nothing else in the directory is touched.
func Refresh(c checkout.Checkout) (r Refreshed, err error) {
	if r, err = refresh(c); err != nil {
		return r, fmt.Errorf("copying the notebooks to %s: %w", Name, err)
	}
	return r, nil
}

func refresh(c checkout.Checkout) (r Refreshed, err error) {
	if err := os.MkdirAll(Dir(c), 0o755); err != nil {
		return r, err
	}
	originals, err := checkout.Files(c.Notebooks(), "", ".ipynb")
	if err != nil {
		return r, err
	}
	copied := readRecord(c)
	for _, original := range originals {
		name := filepath.Base(original)
		text, err := os.ReadFile(original)
		if err != nil {
			return r, err
		}
		now, err := digest(text)
		if err != nil {
			return r, fmt.Errorf("%s: %w", original, err)
		}
		path := filepath.Join(Dir(c), name)
		mine, err := os.ReadFile(path)
		has, unread := digest(mine) // a copy that is not a notebook is taken for edited
		switch {
		case errors.Is(err, os.ErrNotExist):
			r.New = append(r.New, name)
		case err != nil:
			return r, err
		case unread == nil && has == now:
			copied[name] = now
			continue
		case unread == nil && has == copied[name]:
			r.Updated = append(r.Updated, name)
		default:
			if copied[name] != now {
				r.Edited = append(r.Edited, name)
			}
			continue
		}
		// The record last: a copy that is not recorded yet equals its original, and
		// is recorded the next time.
		if err := atomicfile.WriteBytes(path, text); err != nil {
			return r, err
		}
		copied[name] = now
		if err := writeRecord(c, copied); err != nil {
			return r, err
		}
	}
	return r, writeRecord(c, copied)
}

// record is the file with the digest of each original when it was copied. It is
// beside the copies, because a container may have those from outside.
func record(c checkout.Checkout) string { return filepath.Join(Dir(c), ".copies.json") }

// readRecord reads the record. If it is lost, copies that differ from their
// originals count as edited.
func readRecord(c checkout.Checkout) map[string]string {
	copied := make(map[string]string)
	text, err := os.ReadFile(record(c))
	if err != nil || json.Unmarshal(text, &copied) != nil {
		return make(map[string]string)
	}
	return copied
}

func writeRecord(c checkout.Checkout, copied map[string]string) error {
	text, err := json.MarshalIndent(copied, "", "  ")
	if err != nil {
		return err
	}
	if before, err := os.ReadFile(record(c)); err == nil && bytes.Equal(before, text) {
		return nil
	}
	return atomicfile.WriteBytes(record(c), text)
}

// digest returns a checksum of what a person writes in a notebook: kinds and
// sources of its cells. An .ipynb file may store a source as a text or as lines.
func digest(text []byte) (string, error) {
	var notebook struct {
		Cells []struct {
			Type   string          `json:"cell_type"`
			Source json.RawMessage `json:"source"`
		} `json:"cells"`
	}
	if err := strictjson.Unmarshal(text, &notebook); err != nil {
		return "", err
	}
	if notebook.Cells == nil {
		return "", errors.New("it has no cells, so it is not a notebook")
	}
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, cell := range notebook.Cells {
		var whole string
		var lines []string
		if json.Unmarshal(cell.Source, &lines) == nil {
			for _, line := range lines {
				whole += line
			}
		} else if err := strictjson.UnmarshalPart(cell.Source, &whole); err != nil {
			return "", err
		}
		if err := encoder.Encode([]string{cell.Type, whole}); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
