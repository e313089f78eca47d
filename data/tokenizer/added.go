package tokenizer

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
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

// maxAddedToken bounds an added token in bytes, far above those in use: the time to find
// tokens is proportional to it.
const maxAddedToken = 1024

// matcher finds added tokens in text.
type matcher struct {
	normalized bool // in normalized text
	special    bool // all tokens are
	tokens     []addedToken
	names      []string // what is looked for, ascending: of tokens[i], names[i]
	starts     [257]int // of the names that begin with a byte b, from starts[b] to starts[b+1]
	only       []byte   // the first byte of all tokens if it is the same, else nil
}

// newMatchers returns a matcher of the tokens that are not normalized, then one of
// those that are, each only if there are any. normalize is applied to the latter.
func newMatchers(added []addedToken, normalize func(string) string) ([]*matcher, error) {
	var out []*matcher
	for _, normalized := range []bool{false, true} {
		m := &matcher{normalized: normalized, special: true}
		byName := make(map[string]addedToken)
		for _, a := range added {
			if a.Normalized != normalized {
				continue
			}
			content := a.Content
			if normalized {
				content = normalize(content)
			}
			switch {
			case content == "":
				return nil, fmt.Errorf("nothing is left of the added token %q when it is normalized: set \"normalized\" to false", a.Content)
			case len(content) > maxAddedToken:
				return nil, fmt.Errorf("the added token %.40q... has %d bytes: the limit is %d", content, len(content), maxAddedToken)
			}
			m.special = m.special && a.Special
			if _, ok := byName[content]; !ok { // of several the first counts
				byName[content] = a
			}
		}
		if len(byName) > 0 {
			m.index(byName)
			out = append(out, m)
		}
	}
	return out, nil
}

// index sets the tokens, and what is derived from them.
func (m *matcher) index(byName map[string]addedToken) {
	m.names = slices.Sorted(maps.Keys(byName))
	for _, name := range m.names {
		m.tokens = append(m.tokens, byName[name])
		m.starts[int(name[0])+1]++
	}
	for b := range 256 {
		m.starts[b+1] += m.starts[b]
	}
	if first := m.names[0][0]; first == m.names[len(m.names)-1][0] {
		m.only = []byte{first}
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
		if size, at := m.longest(text[start:]); size > 0 {
			return start, start + size, &m.tokens[at]
		}
	}
	return 0, 0, nil
}

// longest returns the length of the longest name that text begins with, 0 if there is
// none, and its place.
func (m *matcher) longest(text string) (size, at int) {
	low, high := m.starts[text[0]], m.starts[int(text[0])+1]
	for depth := 1; low < high; depth++ {
		// All names from low to high have the first depth bytes of the text.
		if len(m.names[low]) == depth {
			size, at = depth, low
			low++
		}
		if depth == len(text) {
			break
		}
		if high-low == 1 {
			if strings.HasPrefix(text, m.names[low]) {
				return len(m.names[low]), low
			}
			break
		}
		b := text[depth]
		names := m.names[low:high]
		first := sort.Search(len(names), func(i int) bool { return names[i][depth] >= b })
		last := first + sort.Search(len(names)-first, func(i int) bool { return names[first+i][depth] > b })
		low, high = low+first, low+last
	}
	return size, at
}

// matches yields the parts of text that are added tokens, with their ids, as
// Hugging Face's AddedVocabulary finds them: leftmost and longest, with the
// whitespace that they take. Tokens that must be words of their own are left out
// where they are not. With literal, special tokens are left out, but no other token
// is found within them.
func (m *matcher) matches(text string, literal bool) iter.Seq2[[2]int, int32] {
	return func(yield func([2]int, int32) bool) {
		done, spaces := 0, 0 // spaces: where the whitespace ends that was looked at last
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
				if end >= spaces { // else within whitespace that has been looked at
					spaces = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
				}
				end = spaces
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
