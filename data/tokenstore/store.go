package tokenstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/exp/mmap"
)

// Store is an open token store. Its methods other than Close may be used by
// several goroutines.
type Store struct {
	prefix        string
	meta          Meta
	tokens, index *mmap.ReaderAt
}

// Open maps the store with the given prefix into memory. It checks that the
// files are there and have the sizes they should have, not their contents: see
// [Store.Verify].
func Open(prefix string) (*Store, error) {
	meta, err := readMeta(prefix)
	if err != nil {
		return nil, err
	}
	s := &Store{prefix: prefix, meta: meta}
	if s.tokens, err = openSized(prefix+extTokens, meta.Tokens*meta.width()); err != nil {
		return nil, err
	}
	if s.index, err = openSized(prefix+extIndex, 8*(int64(meta.Documents)+1)); err != nil {
		s.Close()
		return nil, err
	}
	if first, last := s.offset(0), s.offset(meta.Documents); first != 0 || last != meta.Tokens {
		s.Close()
		return nil, fmt.Errorf("tokenstore: %s runs from token %d to %d, but there are %d tokens: %w", prefix+extIndex, first, last, meta.Tokens, ErrDamaged)
	}
	return s, nil
}

// openSized maps a file that must have the given size in bytes.
func openSized(path string, size int64) (*mmap.ReaderAt, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: %v: %w", err, ErrDamaged)
	}
	if info.Size() != size {
		return nil, fmt.Errorf("tokenstore: %s has %d bytes instead of %d: %w", path, info.Size(), size, ErrDamaged)
	}
	r, err := mmap.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: mapping %s: %w", path, err)
	}
	return r, nil
}

// Close unmaps the files.
func (s *Store) Close() error {
	var errs []error
	for _, r := range []*mmap.ReaderAt{s.tokens, s.index} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// Meta returns the description of the store.
func (s *Store) Meta() Meta { return s.meta }

// Len returns the number of tokens of all documents.
func (s *Store) Len() int64 { return s.meta.Tokens }

// Documents returns the number of documents.
func (s *Store) Documents() int { return s.meta.Documents }

func (s *Store) offset(i int) int64 {
	var b [8]byte
	if _, err := s.index.ReadAt(b[:], 8*int64(i)); err != nil {
		return -1
	}
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// Document returns where the tokens of document i, 0 <= i < Documents(), begin
// and end. It returns 0, 0 for other i.
func (s *Store) Document(i int) (lo, hi int64) {
	if i < 0 || i >= s.meta.Documents {
		return 0, 0
	}
	return s.offset(i), s.offset(i + 1)
}

// Read fills dst with the tokens from offset on.
func (s *Store) Read(dst []int32, offset int64) error {
	if offset < 0 || offset > s.meta.Tokens || int64(len(dst)) > s.meta.Tokens-offset {
		return fmt.Errorf("tokenstore: %s: tokens %d to %d were asked for, but there are %d", s.prefix, offset, offset+int64(len(dst)), s.meta.Tokens)
	}
	var buf [4096]byte
	width := s.meta.width()
	at := offset * width
	for len(dst) > 0 {
		n := min(len(dst), len(buf)/int(width))
		chunk := buf[:n*int(width)]
		if _, err := s.tokens.ReadAt(chunk, at); err != nil {
			return fmt.Errorf("tokenstore: reading %s%s: %w", s.prefix, extTokens, err)
		}
		if width == 2 {
			for i := range n {
				dst[i] = int32(binary.LittleEndian.Uint16(chunk[2*i:]))
			}
		} else {
			for i := range n {
				dst[i] = int32(binary.LittleEndian.Uint32(chunk[4*i:]))
			}
		}
		dst = dst[n:]
		at += int64(len(chunk))
	}
	return nil
}

// Verify reads the whole store and reports the first thing that is wrong: a
// checksum, an offset that goes backwards, a token outside the vocabulary.
func (s *Store) Verify() error {
	for _, f := range []struct {
		r         *mmap.ReaderAt
		ext, want string
	}{{s.tokens, extTokens, s.meta.TokensSHA256}, {s.index, extIndex, s.meta.IndexSHA256}} {
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(f.r, 0, int64(f.r.Len()))); err != nil {
			return fmt.Errorf("tokenstore: reading %s%s: %w", s.prefix, f.ext, err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != f.want {
			return fmt.Errorf("tokenstore: %s%s has sha256 %s, not %s: %w", s.prefix, f.ext, got, f.want, ErrDamaged)
		}
	}
	for i := range s.meta.Documents {
		if lo, hi := s.Document(i); lo > hi || lo < 0 || hi > s.meta.Tokens {
			return fmt.Errorf("tokenstore: document %d of %s goes from token %d to %d: %w", i, s.prefix, lo, hi, ErrDamaged)
		}
	}
	buf := make([]int32, 1<<14)
	for at := int64(0); at < s.meta.Tokens; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), s.meta.Tokens-at)]
		if err := s.Read(buf, at); err != nil {
			return err
		}
		for i, id := range buf {
			if id < 0 || int(id) >= s.meta.VocabSize {
				return fmt.Errorf("tokenstore: token %d of %s is %d, outside the vocabulary of %d: %w", at+int64(i), s.prefix, id, s.meta.VocabSize, ErrDamaged)
			}
		}
	}
	return nil
}
