package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Names of BERT's special tokens, in the order in which training numbers them.
const (
	Pad  = "[PAD]"
	Unk  = "[UNK]"
	Cls  = "[CLS]"
	Sep  = "[SEP]"
	Mask = "[MASK]"
)

var bertSpecials = []string{Pad, Unk, Cls, Sep, Mask}

// Special holds the ids of BERT's special tokens.
type Special struct {
	Pad, Unk, Cls, Sep, Mask int32
}

// normalization holds the switches of Hugging Face's BertNormalizer.
type normalization struct {
	CleanText    bool // drop control characters, make all whitespace a space
	ChineseChars bool // set CJK ideographs apart
	StripAccents bool
	Lowercase    bool
}

// Tokenizer is a WordPiece vocabulary together with BERT's rules of splitting
// text. It does not change once made and may be used by several goroutines.
type Tokenizer struct {
	tokens       []string // by id
	ids          map[string]int32
	continuation map[string]int32 // tokens that continue a word, without their prefix
	specials     []int32          // ids of all special tokens, ascending
	isSpecial    []bool           // by id
	special      Special
	norm         normalization
	prefix       string
	cleanup      bool // Decode undoes the spaces around punctuation
	maxChars     int  // longest word that is split, in characters
	maxPiece     int  // longest token, in bytes
	encoders     sync.Pool
}

// newTokenizer returns a tokenizer of the given tokens, whose ids are their
// indices.
func newTokenizer(tokens, specials []string, norm normalization) (*Tokenizer, error) {
	t := &Tokenizer{
		tokens:       tokens,
		ids:          make(map[string]int32, len(tokens)),
		continuation: make(map[string]int32, len(tokens)),
		isSpecial:    make([]bool, len(tokens)),
		norm:         norm,
		prefix:       "##",
		cleanup:      true,
		maxChars:     100,
	}
	for i, token := range tokens {
		if other, ok := t.ids[token]; ok {
			return nil, fmt.Errorf("token %q has two ids, %d and %d", token, other, i)
		}
		t.ids[token] = int32(i)
		t.maxPiece = max(t.maxPiece, len(token))
		if rest, ok := strings.CutPrefix(token, t.prefix); ok && rest != "" {
			t.continuation[rest] = int32(i)
		}
	}
	for _, s := range []struct {
		name string
		id   *int32
	}{{Pad, &t.special.Pad}, {Unk, &t.special.Unk}, {Cls, &t.special.Cls}, {Sep, &t.special.Sep}, {Mask, &t.special.Mask}} {
		id, ok := t.ids[s.name]
		if !ok {
			return nil, fmt.Errorf("the vocabulary lacks the special token %s, which BERT needs", s.name)
		}
		*s.id = id
	}
	for _, s := range slices.Concat(bertSpecials, specials) {
		id, ok := t.ids[s]
		if !ok {
			return nil, fmt.Errorf("the special token %q is not in the vocabulary", s)
		}
		if !t.isSpecial[id] {
			t.isSpecial[id] = true
			t.specials = append(t.specials, id)
		}
	}
	slices.Sort(t.specials)
	t.encoders.New = func() any { return t.NewEncoder() }
	return t, nil
}

// VocabSize returns the number of tokens, the special ones included. Ids go
// from 0 to VocabSize()-1.
func (t *Tokenizer) VocabSize() int { return len(t.tokens) }

// Token returns the token with the given id, "" if there is none.
func (t *Tokenizer) Token(id int32) string {
	if id < 0 || int(id) >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// ID returns the id of a token, and whether there is such a token.
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Special returns the ids of BERT's special tokens.
func (t *Tokenizer) Special() Special { return t.special }

// Specials returns the ids of all special tokens in ascending order.
func (t *Tokenizer) Specials() []int32 { return slices.Clone(t.specials) }

// IsSpecial tells whether id is that of a special token.
func (t *Tokenizer) IsSpecial(id int32) bool {
	return id >= 0 && int(id) < len(t.isSpecial) && t.isSpecial[id]
}

// Fingerprint returns the sha256, in hexadecimal, of all that determines how
// text is encoded: the tokens in the order of their ids, which of them are
// special, and the switches of the normalizer.
func (t *Tokenizer) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "wordpiece 1\n%+v\n%q %d %v\n", t.norm, t.prefix, t.maxChars, t.specials)
	var size [8]byte
	for _, token := range t.tokens {
		binary.LittleEndian.PutUint64(size[:], uint64(len(token)))
		h.Write(size[:])
		h.Write([]byte(token))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// cleanups are the replacements that Hugging Face's WordPiece decoder makes, in
// its order.
var cleanups = []string{" .", ".", " ?", "?", " !", "!", " ,", ",", " ' ", "'", " n't", "n't", " 'm", "'m", " do not", " don't", " 's", "'s", " 've", "'ve", " 're", "'re"}

// Decode returns readable text for ids, as Hugging Face's WordPiece decoder
// does: tokens are separated by spaces, continuations joined to their word, and
// the space before common punctuation dropped. Special tokens show by their
// names, unknown ids as [UNK]. Case, accents and exact spacing are lost.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for i, id := range ids {
		token := t.Token(id)
		if token == "" {
			token = Unk
		}
		if i > 0 {
			if rest, ok := strings.CutPrefix(token, t.prefix); ok {
				token = rest
			} else {
				token = " " + token
			}
		}
		if t.cleanup {
			for j := 0; j < len(cleanups); j += 2 {
				token = strings.ReplaceAll(token, cleanups[j], cleanups[j+1])
			}
		}
		b.WriteString(token)
	}
	return b.String()
}
