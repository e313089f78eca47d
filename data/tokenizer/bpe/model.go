package bpe

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/merges"
	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
)

// Model is a byte-level BPE tokenizer. It does not change and may be used by
// several goroutines.
type Model struct {
	vocab.Vocabulary
	merges [][2]int32 // in the order in which they were learned
	flags  modelFlags

	bytes [256]int32 // ids of single bytes
	ranks *merges.Table[rank]
	whole map[string]int32 // with IgnoreMerges: ids by the bytes of tokens

	normalizers []component.Normalizer
	cut         *preTokenizer
	joined      bool // the decoder is ByteLevel; without it, tokens are separated by spaces
	sections    component.Sections
}

// rank is the place of a pair among the merges, and one more than the token that
// the pair becomes, so that the zero value is that of pairs that are not merged.
type rank struct{ place, joined int32 }

// modelFlags are the other members of the model section. Only IgnoreMerges has an
// effect on the ids of a byte-level model.
type modelFlags struct {
	Dropout                 *float64 `json:"dropout"`
	UnkToken                *string  `json:"unk_token"`
	ContinuingSubwordPrefix *string  `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string  `json:"end_of_word_suffix"`
	FuseUnk                 bool     `json:"fuse_unk"`
	ByteFallback            bool     `json:"byte_fallback"`

	// IgnoreMerges encodes a piece of text that is a token as this token, whether
	// merges lead to it or not.
	IgnoreMerges bool `json:"ignore_merges"`
}

func (f modelFlags) validate() error {
	switch {
	case f.Dropout != nil && *f.Dropout != 0:
		return component.Unsupported("model: dropout %g is not supported: encoding would be random", *f.Dropout)
	case f.ContinuingSubwordPrefix != nil && *f.ContinuingSubwordPrefix != "":
		return component.Unsupported("model: continuing_subword_prefix %q is not supported: byte-level BPE has none", *f.ContinuingSubwordPrefix)
	case f.EndOfWordSuffix != nil && *f.EndOfWordSuffix != "":
		return component.Unsupported("model: end_of_word_suffix %q is not supported: byte-level BPE has none", *f.EndOfWordSuffix)
	}
	return nil
}

// newModel makes a model without sections; pairs, the merges, is not copied.
func newModel(v vocab.Vocabulary, pairs [][2]int32, flags modelFlags) (*Model, error) {
	if err := flags.validate(); err != nil {
		return nil, err
	}
	m := &Model{Vocabulary: v, merges: pairs, flags: flags}
	for b, r := range byteRunes {
		id, ok := m.ID(string(r))
		if !ok {
			return nil, component.Unsupported("the vocabulary lacks the token %q of the byte %#02x: only byte-level BPE, with all 256 bytes, is supported", r, b)
		}
		m.bytes[b] = id
	}
	m.ranks = merges.NewTable[rank](len(pairs))
	for i, pair := range pairs {
		name := m.Token(pair[0]) + m.Token(pair[1])
		joined, ok := m.ID(name)
		if !ok {
			return nil, fmt.Errorf("the vocabulary lacks %q, which merge %d makes", name, i)
		}
		// Of several merges of a pair the last counts, as in Hugging Face's tokenizers.
		*m.ranks.At(merges.MakePair(pair[0], pair[1])) = rank{int32(i), joined + 1}
	}
	if flags.IgnoreMerges {
		m.whole = make(map[string]int32, m.Size())
		for id, token := range m.Tokens() {
			if b, ok := appendBytes(nil, token); ok && len(b) > 0 {
				m.whole[string(b)] = int32(id)
			}
		}
	}
	return m, nil
}

// PrefixSpace reports whether a space is put before text that begins with none.
func (m *Model) PrefixSpace() bool { return m.cut.prefix }

// Normalize returns text, repaired by [utf8text.Repair], as the normalizer section
// changes it before it is cut.
func (m *Model) Normalize(text string) string { return component.Normalize(m.normalizers, text) }

// Normalized returns the same model without a normalizer, for text that
// [Model.Normalize] has changed already.
func (m *Model) Normalized() *Model {
	n := *m
	n.normalizers = nil
	return &n
}

// Decode returns the text of tokens, given as the vocabulary writes them. A token
// that holds a character which stands for no byte is taken literally, such as most
// special tokens. Bytes that are not valid UTF-8 become U+FFFD, as in
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
