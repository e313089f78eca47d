package tokenstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"golang.org/x/exp/mmap"

	"github.com/landscape-aware/growing/data/verified"
)

// verifyBlock is the number of bytes to read at once, a multiple of all token widths.
const verifyBlock = 1 << 18

// Verify reads the whole store and reports the first error: a wrong checksum, a
// decreasing offset, a token outside the vocabulary, or a document that does
// not end with the end token. It calls progress, if not nil, with the number of
// bytes read. It remembers the files if they are right, so that [Store.Check]
// need not read them; memory may be nil.
func (s *Store) Verify(ctx context.Context, memory *verified.Memory, progress func(done, total int64)) error {
	r := &verifyProgress{report: progress, total: s.Size()}
	tokens, index := s.files()[0], s.files()[1]
	// The tokens are checked with the index, so the index comes first.
	if err := s.verifyFile(ctx, memory, index, r, s.checkOffsets()); err != nil {
		return err
	}
	return s.verifyFile(ctx, memory, tokens, r, s.checkTokens())
}

// verifyFile computes the checksum of a file and, at the same time, calls check
// for each block and its place in the file. It prefers the errors of check,
// which say more.
func (s *Store) verifyFile(ctx context.Context, memory *verified.Memory, f storeFile, r *verifyProgress, check func(block []byte, at int64) error) error {
	var inside error
	err := memory.Again(f.path, f.sum, func() error {
		var wg sync.WaitGroup
		wg.Go(func() { inside = eachBlock(ctx, f.mapped, r, check) })
		err := f.sum.Check(ctx, f.mapped, int64(f.mapped.Len()), r.add)
		wg.Wait()
		if inside != nil {
			return inside
		}
		return err
	})
	switch {
	case inside != nil:
		return inside
	case err == nil:
		err = f.same()
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return f.wrap(err)
}

// eachBlock calls check for the blocks of a file.
func eachBlock(ctx context.Context, r *mmap.ReaderAt, p *verifyProgress, check func(block []byte, at int64) error) error {
	buf := make([]byte, min(verifyBlock, r.Len()))
	for at := 0; at < r.Len(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := buf[:min(len(buf), r.Len()-at)]
		if _, err := r.ReadAt(block, int64(at)); err != nil {
			return fmt.Errorf("tokenstore: %w", err)
		}
		if err := check(block, int64(at)); err != nil {
			return err
		}
		at += len(block)
		p.add(int64(len(block)))
	}
	return nil
}

// verifyProgress reports the progress of reading everything twice: once for the
// checksums, and once for what is in the files.
type verifyProgress struct {
	report func(done, total int64)
	total  int64

	mu   sync.Mutex
	read int64
}

func (p *verifyProgress) add(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read += bytes; p.report != nil {
		p.report(p.read/2, p.total)
	}
}

// checkOffsets returns a function that checks the blocks of the index.
func (s *Store) checkOffsets() func(block []byte, at int64) error {
	last, document := int64(0), 0
	return func(block []byte, _ int64) error {
		for ; len(block) >= 8; block = block[8:] {
			offset := int64(binary.LittleEndian.Uint64(block))
			if offset < last || offset > s.meta.Tokens {
				return fmt.Errorf("tokenstore: document %d of %s goes from token %d to %d of %d: %w", document-1, s.prefix, last, offset, s.meta.Tokens, ErrDamaged)
			}
			last, document = offset, document+1
		}
		return nil
	}
}

// checkTokens returns a function that checks the blocks of the tokens. The
// index must be right.
func (s *Store) checkTokens() func(block []byte, at int64) error {
	width := s.meta.width()
	document := 0
	begin, end := s.Document(0) // of the current document
	return func(block []byte, at int64) error {
		first := at / width // token at the beginning of the block
		if i := s.outside(block); i >= 0 {
			return fmt.Errorf("tokenstore: token %d of %s is %d, outside the vocabulary of %d: %w", first+i, s.prefix, s.id(block, i), s.meta.VocabSize, ErrDamaged)
		}
		for last := first + int64(len(block))/width; document < s.meta.Documents && end <= last; document++ {
			if end > begin && end > first { // documents may be empty
				if id := s.id(block, end-1-first); id != int64(s.meta.EndToken) {
					return fmt.Errorf("tokenstore: document %d of %s ends with token %d instead of the end token %d: %w", document, s.prefix, id, s.meta.EndToken, ErrDamaged)
				}
			}
			begin, end = s.Document(document + 1)
		}
		return nil
	}
}

// id returns token i of a block.
func (s *Store) id(block []byte, i int64) int64 {
	if s.meta.width() == 2 {
		return int64(binary.LittleEndian.Uint16(block[2*i:]))
	}
	return int64(binary.LittleEndian.Uint32(block[4*i:]))
}

// outside returns the first token of a block that is outside the vocabulary, or
// -1.
func (s *Store) outside(block []byte) int64 {
	largest := uint32(s.meta.VocabSize - 1)
	if s.meta.width() == 2 {
		for i := 0; i+2 <= len(block); i += 2 {
			if uint32(binary.LittleEndian.Uint16(block[i:])) > largest {
				return int64(i / 2)
			}
		}
		return -1
	}
	for i := 0; i+4 <= len(block); i += 4 {
		if binary.LittleEndian.Uint32(block[i:]) > largest {
			return int64(i / 4)
		}
	}
	return -1
}
