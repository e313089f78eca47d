package wordpiece

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
)

const (
	unknown  = "[UNK]" // of vocabularies whose files name no other
	prefix   = "##"    // of pieces that continue a word
	maxChars = 100     // of a word that is split; Hugging Face's default
)

// Normalization holds the switches of Hugging Face's BertNormalizer.
type Normalization struct {
	CleanText    bool // drop control characters, make all whitespace a space
	ChineseChars bool // set CJK ideographs apart
	StripAccents bool
	Lowercase    bool
}

// Uncased is the normalization of BERT's lowercased vocabularies.
var Uncased = Normalization{CleanText: true, ChineseChars: true, StripAccents: true, Lowercase: true}

// Cased is the normalization of BERT's cased vocabularies.
var Cased = Normalization{CleanText: true, ChineseChars: true}

// decoding is how tokens become text.
type decoding struct {
	none    bool // tokens are joined by spaces
	cleanup bool // the spaces around punctuation are removed
}

// Model is a WordPiece vocabulary together with BERT's rules of splitting text.
// It does not change once made and may be used by several goroutines.
type Model struct {
	vocab.Vocabulary
	continuation map[string]int32 // tokens that continue a word, without their prefix
	unk          int32            // stands for words that cannot be spelled
	norm         Normalization
	maxChars     int // longest word that is split, in characters
	maxPiece     int // longest token, in bytes
	decoding     decoding
}

// New returns the model of the given tokens, whose ids are their indices. [UNK]
// must be among them. The model keeps the slice.
func New(tokens []string, norm Normalization) (*Model, error) {
	v, err := unique(tokens)
	if err != nil {
		return nil, err
	}
	return newModel(v, norm, unknown)
}

// unique returns the vocabulary of tokens, none of which may be there twice.
func unique(tokens []string) (vocab.Vocabulary, error) {
	v := vocab.New(tokens)
	for i, token := range tokens {
		if token == "" {
			return v, fmt.Errorf("the token with id %d is empty", i)
		}
		if last, _ := v.ID(token); last != int32(i) {
			return v, fmt.Errorf("token %q has two ids, %d and %d", token, i, last)
		}
	}
	return v, nil
}

func newModel(v vocab.Vocabulary, norm Normalization, unk string) (*Model, error) {
	m := &Model{
		Vocabulary:   v,
		continuation: make(map[string]int32, v.Size()),
		norm:         norm,
		decoding:     decoding{cleanup: true},
		maxChars:     maxChars,
	}
	for i, token := range v.Tokens() {
		m.maxPiece = max(m.maxPiece, len(token))
		if rest, ok := strings.CutPrefix(token, prefix); ok && rest != "" {
			m.continuation[rest] = int32(i)
		}
	}
	return m, m.setUnknown(unk)
}

func (m *Model) setUnknown(token string) error {
	id, ok := m.ID(token)
	if !ok {
		return fmt.Errorf("the vocabulary lacks the token %s, which stands for words that it cannot spell", token)
	}
	m.unk = id
	return nil
}

// WithUnknown returns the same model with another token of its vocabulary for the words
// that it cannot spell.
func (m *Model) WithUnknown(token string) (*Model, error) {
	n := *m
	return &n, n.setUnknown(token)
}

// Unknown returns the token that stands for words that the model cannot spell.
func (m *Model) Unknown() string { return m.Token(m.unk) }

// Normalization returns the switches with which text is normalized.
func (m *Model) Normalization() Normalization { return m.norm }

// WithNormalization returns the same model with other switches.
func (m *Model) WithNormalization(n Normalization) *Model {
	other := *m
	other.norm = n
	return &other
}

// ParseVocabulary reads a vocab.txt: a token a line, whose id is the number of its
// line from 0. It ignores a byte order mark, whitespace at the end of a line (as
// Hugging Face's WordPiece does) and empty lines at the end.
//
// The file does not say whether text is to be lowercased. A vocabulary with a token
// outside of brackets that lower case changes is taken to be cased, since lowercased
// text could never use that token.
func ParseVocabulary(text string) (*Model, error) { return ParseVocabularyWith(text, unknown) }

// ParseVocabularyWith is [ParseVocabulary] of a vocabulary in which another token than
// [UNK] stands for words that cannot be spelled.
func ParseVocabularyWith(text, unk string) (*Model, error) {
	lines := strings.Split(strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), " \t\r\n"), "\n")
	norm := Uncased
	for i, line := range lines {
		line = strings.TrimRight(line, " \t\r")
		// A line that holds only an unusual space is a token, though no text gives it.
		if trimmed := strings.TrimRightFunc(line, unicode.IsSpace); trimmed != "" {
			line = trimmed
		}
		lines[i] = line
		switch {
		case line == "":
			return nil, fmt.Errorf("not a vocab.txt: line %d is empty", i+1)
		case !utf8.ValidString(line):
			return nil, fmt.Errorf("not a vocab.txt: line %d is not valid UTF-8: %.20q", i+1, line)
		}
		if line[0] != '[' && line[0] != '<' && utf8text.Lower(line) != line {
			norm = Cased
		}
	}
	v, err := unique(lines)
	if err != nil {
		return nil, err
	}
	return newModel(v, norm, unk)
}

// Normalize returns text as BERT's normalizer leaves it, before it is split.
func (m *Model) Normalize(text string) string {
	if m.norm == (Normalization{}) {
		return text
	}
	return string(m.norm.text(nil, text))
}

// Normalized returns the same model without a normalizer, for text that
// [Model.Normalize] has changed already.
func (m *Model) Normalized() *Model {
	n := *m
	n.norm = Normalization{}
	return &n
}

// cleanups are the replacements that Hugging Face's WordPiece decoder makes, in
// its order.
var cleanups = []string{" .", ".", " ?", "?", " !", "!", " ,", ",", " ' ", "'", " n't", "n't", " 'm", "'m", " do not", " don't", " 's", "'s", " 've", "'ve", " 're", "'re"}

// Decode returns readable text for tokens, as Hugging Face's WordPiece decoder
// does: tokens are separated by spaces, continuations joined to their word, and
// the space before common punctuation dropped. Case, accents and exact spacing
// are lost. If the tokenizer.json had no decoder, all tokens are separated by
// spaces.
func (m *Model) Decode(tokens []string) string {
	if m.decoding.none {
		return strings.Join(tokens, " ")
	}
	var b strings.Builder
	for i, token := range tokens {
		if i > 0 {
			if rest, ok := strings.CutPrefix(token, prefix); ok {
				token = rest
			} else {
				token = " " + token
			}
		}
		if m.decoding.cleanup {
			for j := 0; j < len(cleanups); j += 2 {
				token = strings.ReplaceAll(token, cleanups[j], cleanups[j+1])
			}
		}
		b.WriteString(token)
	}
	return b.String()
}
