package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// IsDataset tells whether a directory holds a dataset that [Prepare] made. It
// does not look whether the dataset is in order; [Open] and [Verify] do.
func IsDataset(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, fileDataset))
	return err == nil && info.Mode().IsRegular()
}

// Open opens the dataset in a directory, which is the Dir of what [Prepare]
// returned. It checks that the files are there, belong together and have the
// sizes that they should have; [Verify] reads them.
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
