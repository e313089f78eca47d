package corpus

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/landscape-aware/growing/data/filetype"
)

// maxWindow is the largest window of zstd that is read, that of
// `zstd --long=31`. So much memory may be needed.
const maxWindow = 2 << 30

// decompress opens a file and calls read with its decompressed contents.
func decompress(path, compression string, read func(io.Reader) (bool, error)) (more bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return true, err
	}
	defer f.Close()
	switch compression {
	case ".gz":
		if err := expect(f, filetype.Gzip); err != nil {
			return true, err
		}
		z, err := gzip.NewReader(f)
		if err == io.EOF {
			return read(f) // an empty file is an empty text, as with .zst
		}
		if errors.Is(err, gzip.ErrHeader) {
			return true, errors.New("it is not compressed with gzip, although its name ends in .gz: rename it, or copy it again")
		}
		if err != nil {
			return true, damagedFile(err)
		}
		return read(decompressed{z})
	case ".zst":
		if err := expect(f, filetype.Zstandard); err != nil {
			return true, err
		}
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return true, err
		}
		defer z.Close()
		return read(decompressed{z})
	}
	return read(f)
}

// expect returns an error if a file is known to be of another type.
func expect(f io.ReaderAt, want filetype.Type) error {
	if got := filetype.At(f); got != want {
		return got.Err()
	}
	return nil
}

// decompressed is a reader that adds explanations to a decompressor's errors.
type decompressed struct{ io.Reader }

func (d decompressed) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = damagedFile(err)
	}
	return n, err
}

func damagedFile(err error) error {
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return err // the file cannot be read
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("it is compressed with a window of more than %d bytes, which would need as much memory: compress it again, with `zstd --long=31` or less", int64(maxWindow))
	case errors.Is(err, zstd.ErrMagicMismatch):
		return fmt.Errorf("it is not compressed with zstd, although its name ends in .zst, or it is damaged (%w): rename it, or copy it again", err)
	}
	return fmt.Errorf("the compressed file is truncated or damaged (%w): copy or compress it again", err)
}
