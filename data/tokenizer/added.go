package tokenizer

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in text before the model sees it: an entry
// of a tokenizer.json's "added_tokens".
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // not within a word
	LStrip     bool   `json:"lstrip"`      // takes the whitespace before it
	RStrip     bool   `json:"rstrip"`      // takes the whitespace after it
	Normalized bool   `json:"normalized"`  // is looked for in normalized text, after the others
	Special    bool   `json:"special"`
}

// matcher finds added tokens in text.
type matcher struct {
	normalized bool // in normalized text
	special    bool // all tokens are
	tokens     map[string]*addedToken
	lengths    [256][]int // of the tokens that begin with a byte, the longest first
	only       []byte     // the first byte of all tokens if it is the same, else nil
}

// newMatchers returns a matcher of the tokens that are not normalized, then one of
// those that are, each only if there are any. normalize is applied to the latter.
func newMatchers(added []addedToken, normalize func(string) string) ([]*matcher, error) {
	var out []*matcher
	for _, normalized := range []bool{false, true} {
		m := &matcher{normalized: normalized, special: true, tokens: make(map[string]*addedToken)}
		for i := range added {
			a := &added[i]
			if a.Normalized != normalized {
				continue
			}
			content := a.Content
			if normalized {
				content = normalize(content)
			}
			if content == "" {
				return nil, fmt.Errorf("nothing is left of the added token %q when it is normalized: set \"normalized\" to false", a.Content)
			}
			m.special = m.special && a.Special
			if m.tokens[content] == nil { // of several the first counts
				m.tokens[content] = a
			}
		}
		if len(m.tokens) > 0 {
			m.index()
			out = append(out, m)
		}
	}
	return out, nil
}

// index sets what is derived from the tokens.
func (m *matcher) index() {
	for content := range m.tokens {
		lengths := &m.lengths[content[0]]
		if at, found := slices.BinarySearchFunc(*lengths, len(content), func(a, b int) int { return b - a }); !found {
			*lengths = slices.Insert(*lengths, at, len(content))
		}
	}
	for b, lengths := range m.lengths {
		if lengths != nil {
			m.only = append(m.only, byte(b))
		}
	}
	if len(m.only) > 1 {
		m.only = nil
	}
}

// next returns the place of the first token at or after from. Of several that begin
// there, it is the longest.
func (m *matcher) next(text string, from int) (start, end int, a *addedToken) {
	for start = from; start < len(text); start++ {
		if m.only != nil {
			i := strings.IndexByte(text[start:], m.only[0])
			if i < 0 {
				break
			}
			start += i
		}
		for _, n := range m.lengths[text[start]] {
			if end = start + n; end <= len(text) {
				if a := m.tokens[text[start:end]]; a != nil {
					return start, end, a
				}
			}
		}
	}
	return 0, 0, nil
}

// matches yields the parts of text that are added tokens, with their ids, as
// Hugging Face's AddedVocabulary finds them: leftmost and longest, with the
// whitespace that they take. Tokens that must be words of their own are left out
// where they are not. With literal, special tokens are left out, but no other token
// is found within them.
func (m *matcher) matches(text string, literal bool) iter.Seq2[[2]int, int32] {
	return func(yield func([2]int, int32) bool) {
		done := 0
		for from := 0; ; {
			start, end, a := m.next(text, from)
			if a == nil {
				return
			}
			from = end
			if literal && a.Special {
				continue
			}
			if a.SingleWord && (endsWithWord(text[:start]) || beginsWithWord(text[end:])) {
				continue
			}
			if a.LStrip {
				start = done + len(strings.TrimRightFunc(text[done:max(start, done)], unicode.IsSpace))
			}
			if a.RStrip {
				end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
			}
			if !yield([2]int{start, end}, a.ID) {
				return
			}
			done = end
		}
	}
}

// isWord reports whether r is of the class \w of Unicode's regular expressions
// (UTS 18, annex C).
func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.In(r, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

func endsWithWord(s string) bool {
	r, size := utf8.DecodeLastRuneInString(s)
	return size > 0 && isWord(r)
}

func beginsWithWord(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size > 0 && isWord(r)
}
