package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/tokenizer"
)

const (
	partialPrefix = ".partial-"
	fileTrained   = "trained.json" // in a partial directory: marks its vocabulary as complete
)

// reached is called after each step of a preparation that changes files. Tests
// kill the process there.
var reached = func(moment string) {}

// partial is the directory of an incomplete dataset. After a crash, the next
// run uses its vocabulary again if trained.json, which is written later, has
// the vocabulary's hash. If only the rename is missing, the next run does that.
// All else is removed.
type partial string

// trained is the contents of trained.json.
type trained struct {
	File   string `json:"file"`   // name of the vocabulary's file
	SHA256 string `json:"sha256"` // of that file
}

func (p *preparation) partial(c *contents) partial {
	return partial(filepath.Join(p.dir, partialPrefix+p.address(c)))
}

// vocabulary returns the vocabulary that an earlier process trained, or nil if
// there is no complete one.
func (p partial) vocabulary() *tokenizer.Tokenizer {
	raw, err := os.ReadFile(filepath.Join(string(p), fileTrained))
	if err != nil {
		return nil
	}
	var t trained
	if json.Unmarshal(raw, &t) != nil || !tokenizerFile(t.File) {
		return nil
	}
	path := filepath.Join(string(p), t.File)
	if sum, err := hashFile(path); err != nil || sum != t.SHA256 {
		return nil
	}
	vocab, err := tokenizer.Load(path)
	if err != nil {
		return nil
	}
	return vocab
}

// begin creates the directory with the vocabulary as its only content. If the
// vocabulary was trained, begin records it in trained.json for later runs.
func (p partial) begin(vocab *tokenizer.Tokenizer, wasTrained bool) error {
	if err := p.clear(wasTrained); err != nil {
		return fmt.Errorf("removing files of an interrupted run: %w", err)
	}
	if _, err := os.Stat(string(p)); err == nil {
		return nil // clear kept the vocabulary
	}
	if err := os.Mkdir(string(p), 0o777); err != nil {
		return err
	}
	reached("directory")
	if err := vocab.SaveTo(string(p)); err != nil {
		return err
	}
	reached(vocab.FileName())
	if !wasTrained {
		return nil
	}
	sum, err := hashFile(filepath.Join(string(p), vocab.FileName()))
	if err != nil {
		return err
	}
	if err := atomicfile.WriteJSON(filepath.Join(string(p), fileTrained), trained{vocab.FileName(), sum}); err != nil {
		return err
	}
	reached(fileTrained)
	return nil
}

// clear removes the contents of the directory. If keepVocabulary, it keeps a
// complete trained vocabulary; otherwise, or if there is none, it removes the
// directory too.
func (p partial) clear(keepVocabulary bool) error {
	if !keepVocabulary || p.vocabulary() == nil {
		return os.RemoveAll(string(p))
	}
	entries, err := os.ReadDir(string(p))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !tokenizerFile(e.Name()) && e.Name() != fileTrained {
			if err := os.RemoveAll(filepath.Join(string(p), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete reports whether only the rename is missing. dataset.json is written
// last. The error is that of a canceled context, which says nothing about the
// files.
func (p partial) complete(ctx context.Context, progress Progress) (bool, error) {
	d, err := open(ctx, string(p), progress)
	if err != nil {
		return false, context.Cause(ctx)
	}
	return true, d.Close()
}

// commit gives the directory its final name and opens the dataset. It does not
// check the contents: they were just written or checked. A dataset of that name
// is damaged, and is set aside.
func (p *preparation) commit(partial partial, final string) (*Dataset, error) {
	if err := p.lost(); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(string(partial), fileTrained)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := atomicfile.SyncDir(string(partial)); err != nil {
		return nil, err
	}
	reached("naming")
	aside, err := setAside(final)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(string(partial), final); err != nil {
		return nil, err
	}
	reached("named")
	if err := atomicfile.SyncDir(filepath.Dir(final)); err != nil {
		return nil, err
	}
	d, err := openUnchecked(final)
	if err == nil && aside != "" {
		d.compare(aside)
	}
	return d, err
}

// sweepOthers removes the incomplete datasets of killed processes in the same
// directory, except for p and trained vocabularies. The caller holds the lock,
// so nobody is writing them.
func sweepOthers(p partial) error {
	dir, name := filepath.Split(string(p))
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, other := range all {
		if strings.HasPrefix(other.Name(), partialPrefix) && other.Name() != name {
			if err := partial(filepath.Join(dir, other.Name())).clear(true); err != nil {
				return fmt.Errorf("removing files of an interrupted run: %w", err)
			}
		}
	}
	return nil
}

// tokenizerFile reports whether name can be a result of
// [tokenizer.Tokenizer.FileName].
func tokenizerFile(name string) bool { return name == "tokenizer.json" || name == "tokenizer.model" }

func hashFile(path string) (string, error) {
	contents, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return hashBytes(contents), nil
}
