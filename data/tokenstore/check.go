package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/exp/mmap"
	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/verified"
)

// storeFile is one of the two mapped files of a store.
type storeFile struct {
	path   string
	mapped *mmap.ReaderAt
	info   fs.FileInfo
	sum    verified.Sum
}

func (s *Store) files() []storeFile {
	return []storeFile{
		{s.prefix + extTokens, s.tokens, s.tokensInfo, verified.SHA256(s.meta.TokensSHA256)},
		{s.prefix + extIndex, s.index, s.indexInfo, verified.SHA256(s.meta.IndexSHA256)},
	}
}

// Unknown returns the number of bytes that [Store.Check] would read.
func (s *Store) Unknown(memory *verified.Memory) int64 {
	var n int64
	for _, f := range s.files() {
		if !memory.Known(f.path, f.sum) {
			n += int64(f.mapped.Len())
		}
	}
	return n
}

// Check compares the store's files with the checksums of its description. It
// does not read a file that the memory knows to be right, and remembers those
// that it read. It calls progress, if not nil, with the number of bytes after
// each block, from two goroutines. The error wraps [ErrDamaged] if a file is
// not the one that was written.
func (s *Store) Check(ctx context.Context, memory *verified.Memory, progress func(bytes int64)) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range s.files() {
		group.Go(func() error {
			err := memory.File(f.path, f.sum, func() error { return f.sum.Check(ctx, f.mapped, int64(f.mapped.Len()), progress) })
			if err == nil {
				err = f.same()
			}
			return f.wrap(err)
		})
	}
	return group.Wait()
}

// same returns an error if the path no longer names the mapped file.
func (f storeFile) same() error {
	now, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if !os.SameFile(now, f.info) {
		return errors.New("it was replaced while it was opened: start again")
	}
	return nil
}

func (f storeFile) wrap(err error) error {
	if errors.Is(err, verified.ErrDiffers) {
		return fmt.Errorf("tokenstore: %s: %w: %w", f.path, err, ErrDamaged)
	}
	if err != nil {
		return fmt.Errorf("tokenstore: checking %s: %w", f.path, err)
	}
	return nil
}
