package verified

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Sum is the checksum of a file's contents.
type Sum struct {
	kind, hex string
}

// SHA256 is the sha256 of the contents, in hexadecimal.
func SHA256(hex string) Sum { return Sum{"sha256", hex} }

// GitBlob is git's sha1 of a blob with the contents, in hexadecimal.
func GitBlob(hex string) Sum { return Sum{"git blob", hex} }

// Of returns the sha256 of contents.
func Of(contents []byte) Sum { return SHA256(fmt.Sprintf("%x", sha256.Sum256(contents))) }

func (s Sum) String() string { return s.kind + " " + s.hex }

// ErrDiffers is wrapped by errors about contents that have another checksum.
var ErrDiffers = errors.New("the contents are damaged or were changed")

// block is the number of bytes to hash at once.
const block = 1 << 20

// Check reads size bytes of r and returns an error that wraps [ErrDiffers] if
// they have another checksum. It calls progress, if not nil, with the number of
// bytes after each block.
func (s Sum) Check(ctx context.Context, r io.ReaderAt, size int64, progress func(bytes int64)) error {
	var h hash.Hash
	switch s.kind {
	case "sha256":
		h = sha256.New()
	case "git blob":
		h = sha1.New()
		fmt.Fprintf(h, "blob %d\x00", size)
	default:
		return errors.New("verified: a checksum without a kind")
	}
	buf := make([]byte, min(block, size))
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.ReadAt(buf[:min(block, size-at)], at)
		h.Write(buf[:n])
		at += int64(n)
		if progress != nil {
			progress(int64(n))
		}
		if err != nil && at < size {
			if err == io.EOF {
				err = fmt.Errorf("there are %d bytes instead of %d: %w", at, size, ErrDiffers)
			}
			return err
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != s.hex {
		return fmt.Errorf("%w: the %d bytes have the hash %s instead of %s", ErrDiffers, size, got, s.hex)
	}
	return nil
}

// CheckFile checks all of the file at path, as [Sum.Check] does.
func (s Sum) CheckFile(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return s.Check(ctx, f, info.Size(), nil)
}
