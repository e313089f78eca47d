package bpe

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// Model is a byte-level BPE tokenizer. It does not change and may be used by
// several goroutines.
type Model struct {
	tokens []string // by id; "" where there is none
	ids    map[string]int32
	merges [][2]int32 // in the order in which they were learned
	flags  modelFlags

	bytes [256]int32       // ids of single bytes
	ranks *ranks           // of merges
	whole map[string]int32 // with IgnoreMerges: ids by the bytes of tokens

	normalize normalizer // nil: none
	cut       *preTokenizer
	joined    bool // the decoder is ByteLevel; without, tokens are separated by spaces

	sections struct{ normalizer, preTokenizer, decoder json.RawMessage } // as given
}

// modelFlags are the members of the model section that have no effect on the
// ids of a byte-level model, but for IgnoreMerges.
type modelFlags struct {
	Dropout                 *float64 `json:"dropout"`
	UnkToken                *string  `json:"unk_token"`
	ContinuingSubwordPrefix *string  `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string  `json:"end_of_word_suffix"`
	FuseUnk                 bool     `json:"fuse_unk"`
	ByteFallback            bool     `json:"byte_fallback"`

	// IgnoreMerges makes a piece of text that is a token this token, whether
	// merges lead to it or not.
	IgnoreMerges bool `json:"ignore_merges"`
}

func (f modelFlags) validate() error {
	switch {
	case f.Dropout != nil && *f.Dropout != 0:
		return fmt.Errorf("bpe: model: dropout %g is not supported: encoding would be random", *f.Dropout)
	case f.ContinuingSubwordPrefix != nil && *f.ContinuingSubwordPrefix != "":
		return fmt.Errorf("bpe: model: continuing_subword_prefix %q is not supported: byte-level BPE has none", *f.ContinuingSubwordPrefix)
	case f.EndOfWordSuffix != nil && *f.EndOfWordSuffix != "":
		return fmt.Errorf("bpe: model: end_of_word_suffix %q is not supported: byte-level BPE has none", *f.EndOfWordSuffix)
	}
	return nil
}

// newModel makes a model of a vocabulary; tokens and merges are not copied.
func newModel(tokens []string, merges [][2]int32, flags modelFlags) (*Model, error) {
	if err := flags.validate(); err != nil {
		return nil, err
	}
	m := &Model{tokens: tokens, merges: merges, flags: flags, ids: make(map[string]int32, len(tokens))}
	for id, token := range tokens {
		if token != "" {
			m.ids[token] = int32(id)
		}
	}
	for b, r := range byteRunes {
		id, ok := m.ids[string(r)]
		if !ok {
			return nil, fmt.Errorf("bpe: the vocabulary lacks the token %q of the byte %#02x: only byte-level BPE, with all 256 bytes, is supported", r, b)
		}
		m.bytes[b] = id
	}
	m.ranks = newRanks(len(merges))
	for rank, pair := range merges {
		joined, ok := m.ids[tokens[pair[0]]+tokens[pair[1]]]
		if !ok {
			return nil, fmt.Errorf("bpe: the vocabulary lacks %q, which merge %d makes", tokens[pair[0]]+tokens[pair[1]], rank)
		}
		m.ranks.set(pair[0], pair[1], int32(rank), joined)
	}
	if flags.IgnoreMerges {
		m.whole = make(map[string]int32, len(tokens))
		for id, token := range tokens {
			if b, ok := appendBytes(nil, token); ok && len(b) > 0 {
				m.whole[string(b)] = int32(id)
			}
		}
	}
	return m, nil
}

// Size returns the number of ids, which are 0 to Size()-1. Some may be without
// a token.
func (m *Model) Size() int { return len(m.tokens) }

// Token returns the token of an id as the vocabulary writes it, or "".
func (m *Model) Token(id int32) string {
	if id < 0 || int(id) >= len(m.tokens) {
		return ""
	}
	return m.tokens[id]
}

// ID returns the id of a token as the vocabulary writes it.
func (m *Model) ID(token string) (int32, bool) {
	id, ok := m.ids[token]
	return id, ok
}

// Normalize returns text, mended by [utf8text.Repair], as the normalizer section
// changes it before it is cut.
func (m *Model) Normalize(text string) string {
	text = utf8text.Repair(text)
	if m.normalize != nil {
		text = m.normalize(text)
	}
	return text
}

// Normalized returns the model for text that [Model.Normalize] has changed: it is
// the same, but does not change it again.
func (m *Model) Normalized() *Model {
	n := *m
	n.normalize = nil
	return &n
}

// Decode returns the text of tokens, given as the vocabulary writes them. Tokens
// with characters that stand for no byte, as those of special tokens often do,
// are taken literally. Bytes that are no valid UTF-8 become U+FFFD, as in
// [utf8text.Repair]. A model read without a decoder separates tokens by spaces,
// as Hugging Face's tokenizers do.
func (m *Model) Decode(tokens []string) string {
	if !m.joined {
		return strings.Join(tokens, " ")
	}
	var text []byte
	for _, token := range tokens {
		var ok bool
		if text, ok = appendBytes(text, token); !ok {
			text = append(text, token...)
		}
	}
	return utf8text.Repair(string(text))
}
