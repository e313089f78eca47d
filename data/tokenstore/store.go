package tokenstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/exp/mmap"
)

// Store is an open token store. Several goroutines may use its methods, except
// Close.
type Store struct {
	prefix                string
	meta                  Meta
	tokens, index         *mmap.ReaderAt
	tokensInfo, indexInfo fs.FileInfo // of the mapped files
}

// Open maps the store with the given prefix into memory and does the quick
// checks of the package documentation; [Store.Check] does the rest. The error
// wraps [ErrDamaged] if files are truncated, changed or do not belong together,
// and [fs.ErrNotExist] if there is no store.
func Open(prefix string) (*Store, error) {
	meta, err := readMeta(prefix)
	if err != nil {
		return nil, err
	}
	s := &Store{prefix: prefix, meta: meta}
	for _, f := range []struct {
		ext    string
		size   int64
		sample string
		mapped **mmap.ReaderAt
		info   *fs.FileInfo
	}{
		{extTokens, meta.Tokens * meta.width(), meta.TokensSample, &s.tokens, &s.tokensInfo},
		{extIndex, 8 * (int64(meta.Documents) + 1), meta.IndexSample, &s.index, &s.indexInfo},
	} {
		if *f.mapped, *f.info, err = openSized(prefix+f.ext, f.size, f.sample); err != nil {
			s.Close()
			return nil, err
		}
	}
	if first, last := s.offset(0), s.offset(meta.Documents); first != 0 || last != meta.Tokens {
		s.Close()
		return nil, fmt.Errorf("tokenstore: %s runs from token %d to %d, but there are %d tokens: %w", prefix+extIndex, first, last, meta.Tokens, ErrDamaged)
	}
	return s, nil
}

// openSized maps a file and checks its size in bytes and its [sample].
func openSized(path string, size int64, want string) (*mmap.ReaderAt, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("tokenstore: %v: %w", err, ErrDamaged)
	}
	if info.Size() != size {
		return nil, nil, fmt.Errorf("tokenstore: %s has %d bytes instead of %d: %w", path, info.Size(), size, ErrDamaged)
	}
	r, err := mmap.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("tokenstore: mapping %s: %w", path, err)
	}
	got, err := sample(r, int64(r.Len()))
	if err == nil && (got != want || int64(r.Len()) != size) {
		err = fmt.Errorf("it does not match the store's description: %w", ErrDamaged)
	}
	if err != nil {
		r.Close()
		return nil, nil, fmt.Errorf("tokenstore: %s: %w", path, err)
	}
	return r, info, nil
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

// Len returns the total number of tokens.
func (s *Store) Len() int64 { return s.meta.Tokens }

// Documents returns the number of documents.
func (s *Store) Documents() int { return s.meta.Documents }

// offset returns the first token of document i, or -1 if the index is too short.
func (s *Store) offset(i int) int64 {
	var b [8]byte
	if _, err := s.index.ReadAt(b[:], 8*int64(i)); err != nil {
		return -1
	}
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// Document returns the bounds of document i, 0 <= i < Documents(), in tokens.
// It returns 0, 0 for other i. In a damaged store, lo may exceed hi, and both
// may be out of range; see [Store.Verify].
func (s *Store) Document(i int) (lo, hi int64) {
	if i < 0 || i >= s.meta.Documents {
		return 0, 0
	}
	return s.offset(i), s.offset(i + 1)
}

// Read fills dst with the tokens that begin at offset.
func (s *Store) Read(dst []int32, offset int64) error {
	if offset < 0 || offset > s.meta.Tokens || int64(len(dst)) > s.meta.Tokens-offset {
		return fmt.Errorf("tokenstore: %s: tokens %d to %d are out of range: there are %d", s.prefix, offset, offset+int64(len(dst)), s.meta.Tokens)
	}
	// A small buffer stays in the L1 cache and is cheap to clear.
	var buf [1024]byte
	width := int(s.meta.width())
	for at := offset * int64(width); len(dst) > 0; {
		n := min(len(dst), len(buf)/width)
		raw := buf[:n*width]
		if _, err := s.tokens.ReadAt(raw, at); err != nil {
			return fmt.Errorf("tokenstore: reading %s%s: %w", s.prefix, extTokens, err)
		}
		at += int64(len(raw))
		if width == 2 {
			widen16(dst[:n], raw)
		} else {
			for i := range n {
				dst[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
			}
		}
		dst = dst[n:]
	}
	return nil
}

// widen16 converts uint16 tokens to int32. It converts four at a time, which is
// twice as fast as one at a time.
func widen16(dst []int32, raw []byte) {
	for len(dst) >= 4 && len(raw) >= 8 {
		four := binary.LittleEndian.Uint64(raw)
		dst[0], dst[1], dst[2], dst[3] = int32(four&0xFFFF), int32(four>>16&0xFFFF), int32(four>>32&0xFFFF), int32(four>>48)
		dst, raw = dst[4:], raw[8:]
	}
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint16(raw[2*i:]))
	}
}

// Size returns the size in bytes of the files that [Store.Verify] reads.
func (s *Store) Size() int64 { return int64(s.tokens.Len() + s.index.Len()) }
