package tokenstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const (
	formatVersion = 1
	smallVocab    = 1 << 16 // largest vocabulary whose ids fit an uint16
)

// Extensions of the files of a store.
const (
	extTokens = ".bin"
	extIndex  = ".idx"
	extMeta   = ".json"
	extTemp   = ".tmp"
)

// Meta describes a store: the contents of its .json file. Whoever creates a
// store sets the fields up to License; the others are filled in by the [Writer].
type Meta struct {
	Vocabulary string `json:"vocabulary"` // sha256 of the tokenizer that made the tokens
	VocabSize  int    `json:"vocabulary_size"`
	Split      string `json:"split"`   // "train" or "validation"
	Source     string `json:"source"`  // what the text is
	License    string `json:"license"` // of the text

	Version      int    `json:"version"`
	DType        string `json:"dtype"` // "uint16" or "uint32"
	Tokens       int64  `json:"tokens"`
	Documents    int    `json:"documents"`
	TokensSHA256 string `json:"bin_sha256"`
	IndexSHA256  string `json:"idx_sha256"`
}

// width returns the bytes of a token.
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

// ErrDamaged is wrapped by the errors for a store that is incomplete, changed
// or contradicts itself.
var ErrDamaged = errors.New("the token store is damaged; delete it and prepare the data again")

func readMeta(prefix string) (Meta, error) {
	var m Meta
	path := prefix + extMeta
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("tokenstore: there is no %s, so no complete store %s: prepare the data first: %w", path, prefix, fs.ErrNotExist)
	}
	if err != nil {
		return m, fmt.Errorf("tokenstore: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("tokenstore: %s is not readable (%v): %w", path, err, ErrDamaged)
	}
	switch {
	case m.Version != formatVersion:
		return m, fmt.Errorf("tokenstore: %s has format version %d, this program reads %d: prepare the data again", path, m.Version, formatVersion)
	case m.VocabSize < 1 || m.DType != dtype(m.VocabSize):
		return m, fmt.Errorf("tokenstore: %s says type %q for a vocabulary of %d tokens: %w", path, m.DType, m.VocabSize, ErrDamaged)
	case m.Tokens < 0 || m.Documents < 0 || m.Tokens > 1<<56 || m.Documents > 1<<40:
		return m, fmt.Errorf("tokenstore: %s says %d tokens in %d documents: %w", path, m.Tokens, m.Documents, ErrDamaged)
	}
	return m, nil
}
