package tokenstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/landscape-aware/growing/data/strictjson"
)

const (
	formatVersion = 2
	smallVocab    = 1 << 16 // largest vocabulary whose ids fit into a uint16
	largestVocab  = 1 << 31 // ids are int32
)

// Extensions of the files of a store.
const (
	extTokens = ".bin"
	extIndex  = ".idx"
	extMeta   = ".json"
)

// Meta describes a store. It is the contents of the .json file. The creator of
// a store sets the fields up to EndToken; the [Writer] sets the others.
type Meta struct {
	Vocabulary string `json:"vocabulary"` // sha256 of the tokenizer that made the tokens
	VocabSize  int    `json:"vocabulary_size"`
	Split      string `json:"split"`     // "train" or "validation"
	Source     string `json:"source"`    // name of the corpus
	License    string `json:"license"`   // licence of the text
	EndToken   int32  `json:"end_token"` // id of the token that ends each document

	Version      int    `json:"version"`
	DType        string `json:"dtype"` // "uint16" or "uint32"
	Tokens       int64  `json:"tokens"`
	Documents    int    `json:"documents"`
	TextBytes    int64  `json:"text_bytes"` // size of the original text; 0 if unknown
	TokensSHA256 string `json:"bin_sha256"`
	IndexSHA256  string `json:"idx_sha256"`
	TokensSample string `json:"bin_sample_sha256"` // of the blocks that Open reads
	IndexSample  string `json:"idx_sample_sha256"`
	SHA256       string `json:"sha256"` // of Meta with this field empty
}

// checksum computes the field SHA256.
func (m Meta) checksum() string {
	m.SHA256 = ""
	text, err := json.Marshal(m)
	if err != nil {
		return "" // impossible: Meta has only numbers and strings
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// width returns the size of a token in bytes.
func (m Meta) width() int64 {
	if m.DType == "uint32" {
		return 4
	}
	return 2
}

func dtype(vocabSize int) string {
	if vocabSize <= smallVocab {
		return "uint16"
	}
	return "uint32"
}

// ErrDamaged is wrapped by errors about stores that are incomplete, changed or
// inconsistent.
var ErrDamaged = errors.New("the token store is damaged; delete it and prepare the data again")

func readMeta(prefix string) (Meta, error) {
	var m Meta
	path := prefix + extMeta
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("tokenstore: there is no %s, so the store %s does not exist or is incomplete: prepare the data first: %w", path, prefix, fs.ErrNotExist)
	}
	if err != nil {
		return m, fmt.Errorf("tokenstore: %w", err)
	}
	if err := strictjson.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("tokenstore: reading %s: %v: %w", path, err, ErrDamaged)
	}
	switch {
	case m.Version != formatVersion:
		return m, fmt.Errorf("tokenstore: %s has format version %d, this program reads %d: prepare the data again", path, m.Version, formatVersion)
	case m.VocabSize < 1 || m.VocabSize > largestVocab || m.DType != dtype(m.VocabSize):
		return m, fmt.Errorf("tokenstore: %s says type %q for a vocabulary of %d tokens: %w", path, m.DType, m.VocabSize, ErrDamaged)
	case m.Tokens < 0 || m.Documents < 0 || m.Tokens > 1<<56 || m.Documents > 1<<40 || m.TextBytes < 0:
		return m, fmt.Errorf("tokenstore: %s says %d tokens in %d documents of %d bytes: %w", path, m.Tokens, m.Documents, m.TextBytes, ErrDamaged)
	case m.EndToken < 0 || int(m.EndToken) >= m.VocabSize:
		return m, fmt.Errorf("tokenstore: %s says that token %d of %d ends a document: %w", path, m.EndToken, m.VocabSize, ErrDamaged)
	case m.SHA256 != m.checksum():
		return m, fmt.Errorf("tokenstore: %s was changed after it was written (its sha256 is %s, not %s): %w", path, m.checksum(), m.SHA256, ErrDamaged)
	}
	return m, nil
}

const (
	sampleBlocks = 64
	blockSize    = 4096
)

// sample returns the sha256 of 64 blocks of 4 KiB of r, evenly spaced from the
// beginning to the end, or of all of r if it is not larger than these blocks.
func sample(r io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	if size <= sampleBlocks*blockSize {
		if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
			return "", err
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	// Divide before multiplying, to avoid overflow.
	step, rest := (size-blockSize)/(sampleBlocks-1), (size-blockSize)%(sampleBlocks-1)
	for i := range int64(sampleBlocks) {
		at := i*step + i*rest/(sampleBlocks-1)
		if _, err := io.Copy(h, io.NewSectionReader(r, at, blockSize)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sampleFile returns the [sample] of a file.
func sampleFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	return sample(f, info.Size())
}
