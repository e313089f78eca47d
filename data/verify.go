package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data/tokenstore"
	"github.com/landscape-aware/growing/data/verified"
)

// Verified describes what [Verify] checked.
type Verified struct {
	Stores      []tokenstore.Meta // for a dataset, those of training and validation
	Fingerprint string            // of the dataset; empty for a single store
}

// Verify reads all files of a dataset, given its directory, or of a single
// token store, given the common prefix of its files. It reports the first
// error: wrong checksums or offsets, tokens outside the vocabulary, documents
// without an end token. It trusts no earlier check, and remembers this one. For a
// dataset it also checks that the files belong together, and that the statistics
// in dataset.json are right. It reports [StageVerify] to progress, which may be
// nil.
func Verify(ctx context.Context, path string, progress Progress) (*Verified, error) {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return verifyDataset(ctx, path, progress)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data: %w", err)
	}
	prefix := path
	for _, ext := range []string{".bin", ".idx", ".json"} {
		prefix = strings.TrimSuffix(prefix, ext)
	}
	s, err := tokenstore.Open(prefix)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer s.Close()
	if err := s.Verify(ctx, verified.User(), func(done, total int64) { progress(StageVerify, done, total) }); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return &Verified{Stores: []tokenstore.Meta{s.Meta()}}, nil
}

func verifyDataset(ctx context.Context, dir string, progress Progress) (*Verified, error) {
	if _, err := os.Stat(filepath.Join(dir, fileDataset)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data: there is no %s in %s: name the directory of a dataset, or the common prefix of a token store's files", fileDataset, dir)
	}
	d, err := OpenUnchecked(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if err := d.Verify(ctx, progress); err != nil {
		return nil, err
	}
	return &Verified{Stores: []tokenstore.Meta{d.Train.Meta(), d.Validation.Meta()}, Fingerprint: d.Fingerprint}, nil
}

// Verify reads both stores and returns the first error; see the function
// [Verify].
func (d *Dataset) Verify(ctx context.Context, progress Progress) error {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	if err := d.verify(ctx, progress); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

func (d *Dataset) verify(ctx context.Context, progress Progress) error {
	var before, all int64
	stores := []*tokenstore.Store{d.Train, d.Validation}
	for _, s := range stores {
		all += s.Size()
	}
	for _, s := range stores {
		if err := s.Verify(ctx, verified.User(), func(done, _ int64) { progress(StageVerify, before+done, all) }); err != nil {
			if ctx.Err() != nil {
				return err
			}
			return damaged(d.Dir, err)
		}
		before += s.Size()
		if m := s.Meta(); m.VocabSize != d.Tokenizer.VocabSize() || m.EndToken != d.Tokenizer.Special().EOS {
			return damaged(d.Dir, fmt.Errorf("the tokens of %s belong to a vocabulary of size %d with the end token %d; the tokenizer has size %d and end token %d",
				m.Split, m.VocabSize, m.EndToken, d.Tokenizer.VocabSize(), d.Tokenizer.Special().EOS))
		}
	}
	if err := d.checkStatistics(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return damaged(d.Dir, err)
	}
	return nil
}
