package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// IsDataset reports whether a directory holds a dataset that [Prepare] made. It
// does not check the dataset; [Open] and [Verify] do.
func IsDataset(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, fileDataset))
	return err == nil && info.Mode().IsRegular()
}

// Open opens the dataset in a directory, such as the Dir of a [Dataset] that
// [Prepare] returned. It checks that the files exist, belong together and have
// the right sizes. [Verify] checks their contents too.
func Open(dir string) (*Dataset, error) {
	d, err := open(dir)
	if errors.Is(err, errNotPrepared) {
		return nil, fmt.Errorf("data: there is no dataset in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return d, nil
}
