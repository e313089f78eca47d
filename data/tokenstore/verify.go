package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"golang.org/x/exp/mmap"
)

// verifyBlock is the number of bytes to read at once, a multiple of all token widths.
const verifyBlock = 1 << 18

// Verify reads the whole store and reports the first error: a wrong checksum, a
// decreasing offset, a token outside the vocabulary, or a document that does
// not end with the end token. It calls progress, if not nil, with the number of
// bytes read.
func (s *Store) Verify(ctx context.Context, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	indexSize, total := int64(s.index.Len()), s.Size()

	last, document := int64(0), 0
	err := s.verifyFile(ctx, s.index, extIndex, s.meta.IndexSHA256, func(block []byte, at int64) error {
		for ; len(block) >= 8; block = block[8:] {
			offset := int64(binary.LittleEndian.Uint64(block))
			if offset < last || offset > s.meta.Tokens {
				return fmt.Errorf("tokenstore: document %d of %s goes from token %d to %d of %d: %w", document-1, s.prefix, last, offset, s.meta.Tokens, ErrDamaged)
			}
			last, document = offset, document+1
		}
		progress(at, total)
		return nil
	})
	if err != nil {
		return err
	}

	width := s.meta.width()
	document = 0
	_, end := s.Document(0) // end of the current document
	return s.verifyFile(ctx, s.tokens, extTokens, s.meta.TokensSHA256, func(block []byte, at int64) error {
		for token := (at - int64(len(block))) / width; len(block) > 0; token++ {
			id := uint32(binary.LittleEndian.Uint16(block))
			if width == 4 {
				id = binary.LittleEndian.Uint32(block)
			}
			block = block[width:]
			if int64(id) >= int64(s.meta.VocabSize) {
				return fmt.Errorf("tokenstore: token %d of %s is %d, outside the vocabulary of %d: %w", token, s.prefix, id, s.meta.VocabSize, ErrDamaged)
			}
			for end <= token && document < s.meta.Documents-1 { // documents may be empty
				document++
				_, end = s.Document(document)
			}
			if token == end-1 && id != uint32(s.meta.EndToken) {
				return fmt.Errorf("tokenstore: document %d of %s ends with token %d instead of the end token %d: %w", document, s.prefix, id, s.meta.EndToken, ErrDamaged)
			}
		}
		progress(indexSize+at, total)
		return nil
	})
}

// verifyFile calls check for each block of a file and the number of bytes read
// so far, including this block. It then compares the file's checksum.
func (s *Store) verifyFile(ctx context.Context, r *mmap.ReaderAt, ext, want string, check func(block []byte, at int64) error) error {
	h := sha256.New()
	buf := make([]byte, min(verifyBlock, r.Len()))
	for at := 0; at < r.Len(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := buf[:min(len(buf), r.Len()-at)]
		if _, err := r.ReadAt(block, int64(at)); err != nil {
			return fmt.Errorf("tokenstore: reading %s%s: %w", s.prefix, ext, err)
		}
		h.Write(block)
		at += len(block)
		if err := check(block, int64(at)); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("tokenstore: %s%s has sha256 %s, not %s: %w", s.prefix, ext, got, want, ErrDamaged)
	}
	return nil
}
