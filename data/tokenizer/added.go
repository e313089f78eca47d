package tokenizer

import (
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
	Normalized bool   `json:"normalized"`  // is looked for in what the others leave
	Special    bool   `json:"special"`
}

// matcher finds added tokens in text.
type matcher struct {
	byFirst [256][]addedToken // by first byte, the longest first
	only    byte              // the first byte of all, if single
	single  bool
}

// newMatchers returns a matcher of the tokens that are not normalized and then
// one of those that are, each only if there are any.
func newMatchers(added []addedToken) []matcher {
	var out []matcher
	for _, normalized := range []bool{false, true} {
		var m matcher
		n := 0
		for _, a := range added {
			if a.Normalized != normalized {
				continue
			}
			first := a.Content[0]
			m.byFirst[first] = append(m.byFirst[first], a)
			m.single = n == 0 || m.single && first == m.only
			m.only = first
			n++
		}
		for _, list := range m.byFirst {
			slices.SortStableFunc(list, func(a, b addedToken) int { return len(b.Content) - len(a.Content) })
		}
		if n > 0 {
			out = append(out, m)
		}
	}
	return out
}

// next returns where the first token at or after from begins: the longest of
// those that do there.
func (m *matcher) next(text string, from int) (int, addedToken, bool) {
	for at := from; at < len(text); at++ {
		if m.single {
			i := strings.IndexByte(text[at:], m.only)
			if i < 0 {
				break
			}
			at += i
		}
		for _, a := range m.byFirst[text[at]] {
			if strings.HasPrefix(text[at:], a.Content) {
				return at, a, true
			}
		}
	}
	return 0, addedToken{}, false
}

// matches yields the parts of text that are added tokens, with their ids, as
// Hugging Face's AddedVocabulary finds them: leftmost and longest, those that
// must be words of their own only where they are, with the whitespace that they
// take.
func (m *matcher) matches(text string) iter.Seq2[[2]int, int32] {
	return func(yield func([2]int, int32) bool) {
		done := 0
		for from := 0; ; {
			at, a, ok := m.next(text, from)
			if !ok {
				return
			}
			start, end := at, at+len(a.Content)
			from = end
			if a.SingleWord && (endsWithWord(text[:start]) || beginsWithWord(text[end:])) {
				continue
			}
			if a.LStrip {
				start = max(done, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
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

// isWord tells whether r is of the class \w of Unicode's regular expressions
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
