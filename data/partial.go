package data

import (
	"crypto/sha256"
	"encoding/hex"
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
	fileTrained   = "trained.json" // in a partial directory: that its vocabulary is whole
)

// reached is called between the steps of a preparation, after each that changes
// what is on disk. Tests die there.
var reached = func(moment string) {}

// partial is the directory of a dataset in the making. Of what is in it after a
// crash only the vocabulary is used again, and only if trained.json, which is
// written after it, has its hash; unless all is there but the name.
type partial string

// trained is the contents of trained.json.
type trained struct {
	File   string `json:"file"`   // of the vocabulary
	SHA256 string `json:"sha256"` // of the file
}

func (p *preparation) partial(c *contents) partial {
	return partial(filepath.Join(p.dir, partialPrefix+p.address(c)))
}

// vocabulary returns the vocabulary that an earlier process trained, nil if there
// is none that is whole.
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

// begin makes the directory with nothing but the vocabulary in it. One that was
// trained is remembered for the next process.
func (p partial) begin(vocab *tokenizer.Tokenizer, wasTrained bool) error {
	if err := p.giveUp(wasTrained); err != nil {
		return fmt.Errorf("removing what an interrupted run left: %w", err)
	}
	if _, err := os.Stat(string(p)); err == nil {
		return nil // the vocabulary is there
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

// giveUp removes what is in the directory, except for a vocabulary that is to be
// kept.
func (p partial) giveUp(keep bool) error {
	if !keep || p.vocabulary() == nil {
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

// complete tells whether only the name is missing: dataset.json is written when
// all else is on disk.
func (p partial) complete() bool {
	d, err := open(string(p))
	if err == nil {
		d.Close()
	}
	return err == nil
}

// commit gives the directory its final name and opens the dataset.
func (p partial) commit(final string) (*Dataset, error) {
	if err := os.Remove(filepath.Join(string(p), fileTrained)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := atomicfile.SyncDir(string(p)); err != nil {
		return nil, err
	}
	reached("naming")
	if err := os.Rename(string(p), final); err != nil {
		return nil, err
	}
	reached("named")
	if err := atomicfile.SyncDir(filepath.Dir(final)); err != nil {
		return nil, err
	}
	return open(final)
}

// sweepOthers removes what killed processes left of other datasets in the same
// directory, but for their vocabularies. The lock is held, so that nobody is
// writing them.
func sweepOthers(p partial) error {
	dir, name := filepath.Split(string(p))
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, other := range all {
		if strings.HasPrefix(other.Name(), partialPrefix) && other.Name() != name {
			if err := partial(filepath.Join(dir, other.Name())).giveUp(true); err != nil {
				return fmt.Errorf("removing what an interrupted run left: %w", err)
			}
		}
	}
	return nil
}

// tokenizerFile tells whether a name is one that [tokenizer.Tokenizer.FileName]
// gives.
func tokenizerFile(name string) bool { return name == "tokenizer.json" || name == "tokenizer.model" }

func hashFile(path string) (string, error) {
	contents, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(contents)
	return hex.EncodeToString(sum[:]), nil
}
