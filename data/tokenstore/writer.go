package tokenstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Writer writes a store. The store cannot be opened before [Writer.Commit] has
// returned, even after a crash.
type Writer struct {
	prefix        string
	meta          Meta
	tokens, index *part
	buf           []byte
	done          bool
}

// part is a file that is being written, and its sha256 so far.
type part struct {
	*atomicfile.File
	sum hash.Hash
}

func (p *part) Write(b []byte) (int, error) {
	p.sum.Write(b)
	return p.File.Write(b)
}

// newPart creates a part. It first removes temporary files of killed processes,
// which may be large.
func newPart(path string) (*part, error) {
	if err := atomicfile.RemoveLeftovers(filepath.Dir(path), filepath.Base(path)+"."); err != nil {
		return nil, fmt.Errorf("tokenstore: %w", err)
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: %w", err)
	}
	return &part{f, sha256.New()}, nil
}

// Create starts writing a store with the given prefix. [Writer.Commit] replaces
// an existing store of that name. There must be only one writer of a prefix at
// a time.
func Create(prefix string, meta Meta) (*Writer, error) {
	if meta.VocabSize < 1 || meta.VocabSize > largestVocab {
		return nil, fmt.Errorf("tokenstore: %s: the vocabulary size is %d; it must lie between 1 and %d", prefix, meta.VocabSize, int64(largestVocab))
	}
	if meta.EndToken < 0 || int(meta.EndToken) >= meta.VocabSize {
		return nil, fmt.Errorf("tokenstore: %s: the end token %d is outside the vocabulary of %d: give the token that ends each document", prefix, meta.EndToken, meta.VocabSize)
	}
	meta.Version, meta.DType, meta.Tokens, meta.Documents, meta.TextBytes = formatVersion, dtype(meta.VocabSize), 0, 0, 0
	for _, text := range []*string{&meta.Vocabulary, &meta.Split, &meta.Source, &meta.License} {
		*text = strings.ToValidUTF8(*text, "\uFFFD") // JSON cannot hold other strings
	}
	w := &Writer{prefix: prefix, meta: meta}
	var err error
	if w.tokens, err = newPart(prefix + extTokens); err != nil {
		return nil, err
	}
	if w.index, err = newPart(prefix + extIndex); err != nil {
		w.Abort()
		return nil, err
	}
	if err := w.mark(); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// mark appends the current offset to the index.
func (w *Writer) mark() error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(w.meta.Tokens))
	if _, err := w.index.Write(b[:]); err != nil {
		return fmt.Errorf("tokenstore: %w", err)
	}
	return nil
}

// Append adds a document. Its tokens should end with the end token.
func (w *Writer) Append(tokens []int32) error {
	if w.done {
		return fmt.Errorf("tokenstore: %s is already committed or aborted", w.prefix)
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
	if _, err := w.tokens.Write(b); err != nil {
		return fmt.Errorf("tokenstore: %w", err)
	}
	w.meta.Tokens += int64(len(tokens))
	w.meta.Documents++
	return w.mark()
}

// AppendText adds a document as [Writer.Append] does, and counts the bytes of
// its original text.
func (w *Writer) AppendText(tokens []int32, textBytes int) error {
	if err := w.Append(tokens); err != nil {
		return err
	}
	w.meta.TextBytes += int64(textBytes)
	return nil
}

// Commit completes the store and makes it visible.
func (w *Writer) Commit() error {
	if w.done {
		return fmt.Errorf("tokenstore: %s is already committed or aborted", w.prefix)
	}
	defer w.Abort()
	if err := w.commit(); err != nil {
		return fmt.Errorf("tokenstore: completing %s: %w", w.prefix, err)
	}
	w.done = true
	return nil
}

func (w *Writer) commit() error {
	m := &w.meta
	for _, p := range []struct {
		*part
		sum, sample *string
	}{{w.tokens, &m.TokensSHA256, &m.TokensSample}, {w.index, &m.IndexSHA256, &m.IndexSample}} {
		if err := p.Finish(); err != nil {
			return err
		}
		*p.sum = hex.EncodeToString(p.part.sum.Sum(nil))
		var err error
		if *p.sample, err = sampleFile(p.TempName()); err != nil {
			return err
		}
	}
	m.SHA256 = m.checksum()
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	description, err := newPart(w.prefix + extMeta)
	if err != nil {
		return err
	}
	defer description.Abort()
	if _, err := description.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := description.Finish(); err != nil {
		return err
	}
	// Remove the old description first: it must never appear with new tokens.
	if err := os.Remove(w.prefix + extMeta); err == nil {
		if err := atomicfile.SyncDir(filepath.Dir(w.prefix)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, p := range []*part{w.tokens, w.index, description} {
		if err := p.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// Abort removes the temporary files of an incomplete store. After
// [Writer.Commit] it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	for _, p := range []*part{w.tokens, w.index} {
		if p != nil {
			p.File.Abort()
		}
	}
}
