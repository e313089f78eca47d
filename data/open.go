package data

import (
	"context"
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
// [Prepare] returned, as [OpenContext] does.
func Open(dir string) (*Dataset, error) { return OpenContext(context.Background(), dir, nil) }

// OpenContext opens the dataset in a directory. All of its files must be those
// that were written: their contents have the checksums on which the dataset's
// fingerprint rests. Files that this machine has checked before, and that are as
// they were then, are not read again; see package verified. A large dataset
// that has to be read is reported to progress, which may be nil, as
// [StageVerify]. [Verify] reads everything in any case.
func OpenContext(ctx context.Context, dir string, progress Progress) (*Dataset, error) {
	d, err := open(ctx, dir, progress)
	return d, openError(dir, err)
}

// OpenUnchecked opens the dataset in a directory in milliseconds. It checks only
// that the files exist, belong together and have the right sizes. Use it to
// list datasets, not for what depends on their contents.
func OpenUnchecked(dir string) (*Dataset, error) {
	d, err := openUnchecked(dir)
	return d, openError(dir, err)
}

// FingerprintOf returns the fingerprint that a dataset in a directory has
// according to its description, also if the rest of it is damaged.
func FingerprintOf(dir string) (string, error) {
	d, err := readRecord(dir)
	if err != nil {
		return "", openError(dir, err)
	}
	return d.Fingerprint, nil
}

// UnigramEntropyOf returns the unigram entropy that the dataset in dir recorded,
// see [Dataset], without reading its tokens.
func UnigramEntropyOf(dir string) (float64, error) {
	d, err := readRecord(dir)
	if err != nil {
		return 0, openError(dir, err)
	}
	return d.UnigramEntropy, nil
}

// BytesPerTokenOf returns the bytes of text for each token of the validation split
// of the dataset in dir, without reading its tokens. It is 0 without tokens.
func BytesPerTokenOf(dir string) (float64, error) {
	d, err := openUnchecked(dir)
	if err != nil {
		return 0, openError(dir, err)
	}
	meta := d.Validation.Meta()
	if err := d.Close(); err != nil || meta.Tokens == 0 {
		return 0, openError(dir, err)
	}
	return float64(meta.TextBytes) / float64(meta.Tokens), nil
}

func openError(dir string, err error) error {
	if errors.Is(err, errNotPrepared) {
		return fmt.Errorf("data: there is no dataset in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}
