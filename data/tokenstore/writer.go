package tokenstore

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Writer makes a store. Nothing can be opened until [Writer.Commit] has
// returned, whatever happens to the process before.
type Writer struct {
	prefix        string
	meta          Meta
	tokens, index *part
	buf           []byte
	done          bool
}

// part is one of the files being written, and the sum of what was written.
type part struct {
	file *os.File
	sum  hash.Hash
	buf  *bufio.Writer
}

func newPart(path string) (*part, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: %w", err)
	}
	p := &part{file: f, sum: sha256.New()}
	p.buf = bufio.NewWriterSize(io.MultiWriter(f, p.sum), 1<<16)
	return p, nil
}

// finish flushes the file to the disk and closes it.
func (p *part) finish() error {
	if err := p.buf.Flush(); err != nil {
		return err
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	return p.file.Close()
}

// Create begins a store with the given prefix. A store of that name is replaced
// when the new one is committed.
func Create(prefix string, meta Meta) (*Writer, error) {
	if meta.VocabSize < 1 {
		return nil, fmt.Errorf("tokenstore: %s: vocabulary size %d", prefix, meta.VocabSize)
	}
	meta.Version, meta.DType, meta.Tokens, meta.Documents = formatVersion, dtype(meta.VocabSize), 0, 0
	w := &Writer{prefix: prefix, meta: meta}
	var err error
	if w.tokens, err = newPart(prefix + extTokens + extTemp); err != nil {
		return nil, err
	}
	if w.index, err = newPart(prefix + extIndex + extTemp); err != nil {
		w.Abort()
		return nil, err
	}
	if err := w.mark(); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// mark writes the current offset to the index.
func (w *Writer) mark() error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(w.meta.Tokens))
	if _, err := w.index.buf.Write(b[:]); err != nil {
		return fmt.Errorf("tokenstore: writing %s%s: %w", w.prefix, extIndex, err)
	}
	return nil
}

// Append adds a document. Its tokens should end with the vocabulary's [SEP].
func (w *Writer) Append(tokens []int32) error {
	if w.done {
		return fmt.Errorf("tokenstore: %s is already complete or given up", w.prefix)
	}
	b := w.buf[:0]
	for i, id := range tokens {
		if id < 0 || int(id) >= w.meta.VocabSize {
			return fmt.Errorf("tokenstore: token %d of document %d is %d, outside the vocabulary of %d", i, w.meta.Documents, id, w.meta.VocabSize)
		}
		if w.meta.DType == "uint16" {
			b = binary.LittleEndian.AppendUint16(b, uint16(id))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
	}
	w.buf = b
	if _, err := w.tokens.buf.Write(b); err != nil {
		return fmt.Errorf("tokenstore: writing %s%s: %w", w.prefix, extTokens, err)
	}
	w.meta.Tokens += int64(len(tokens))
	w.meta.Documents++
	return w.mark()
}

// Commit completes the store.
func (w *Writer) Commit() error {
	if w.done {
		return fmt.Errorf("tokenstore: %s is already complete or given up", w.prefix)
	}
	if err := w.commit(); err != nil {
		w.Abort()
		return fmt.Errorf("tokenstore: completing %s: %w", w.prefix, err)
	}
	w.done = true
	return nil
}

func (w *Writer) commit() error {
	for _, p := range []*part{w.tokens, w.index} {
		if err := p.finish(); err != nil {
			return err
		}
	}
	w.meta.TokensSHA256 = hex.EncodeToString(w.tokens.sum.Sum(nil))
	w.meta.IndexSHA256 = hex.EncodeToString(w.index.sum.Sum(nil))
	data, err := json.MarshalIndent(w.meta, "", "  ")
	if err != nil {
		return err
	}
	p, err := newPart(w.prefix + extMeta + extTemp)
	if err != nil {
		return err
	}
	if _, err := p.buf.Write(append(data, '\n')); err != nil {
		return err
	}
	if err := p.finish(); err != nil {
		return err
	}
	// An old description must not meet new tokens.
	dir := filepath.Dir(w.prefix)
	if err := os.Remove(w.prefix + extMeta); err == nil {
		if err := syncDir(dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, ext := range []string{extTokens, extIndex} {
		if err := os.Rename(w.prefix+ext+extTemp, w.prefix+ext); err != nil {
			return err
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	if err := os.Rename(w.prefix+extMeta+extTemp, w.prefix+extMeta); err != nil {
		return err
	}
	return syncDir(dir)
}

// Abort gives up a store that is not complete and removes its temporary files.
// After [Writer.Commit] it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	for _, p := range []*part{w.tokens, w.index} {
		if p != nil {
			p.file.Close()
		}
	}
	for _, ext := range []string{extTokens, extIndex, extMeta} {
		os.Remove(w.prefix + ext + extTemp)
	}
}

// syncDir makes renames in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
