package tokenizer

import (
	"fmt"
	"iter"
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
	Normalized bool   `json:"normalized"`  // is looked for in what the others leave, normalized
	Special    bool   `json:"special"`
}

// matcher finds added tokens in text.
type matcher struct {
	normalized bool // in normalized text
	tokens     []addedToken
	special    bool // all tokens are

	nodes  []node
	first  [256]int32 // the root's children by byte, 0 where there is none
	only   byte       // the first byte of all tokens, if single
	single bool
}

// node is a place in the tree of the tokens' bytes; the root is 0.
type node struct {
	token    int32 // the token that ends here, plus one
	children map[byte]int32
}

// newMatchers returns a matcher of the tokens that are not normalized and then
// one of those that are, each only if there are any. The latter are looked for as
// normalize spells them.
func newMatchers(added []addedToken, normalize func(string) string) ([]*matcher, error) {
	var out []*matcher
	for _, normalized := range []bool{false, true} {
		m := &matcher{normalized: normalized, special: true, nodes: make([]node, 1), single: true}
		for _, a := range added {
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
			m.insert(content, a)
		}
		for b, child := range m.nodes[0].children {
			m.first[b] = child
		}
		if len(m.tokens) > 0 {
			out = append(out, m)
		}
	}
	return out, nil
}

// insert makes content lead to a, unless it leads to an earlier token.
func (m *matcher) insert(content string, a addedToken) {
	m.single = m.single && (len(m.tokens) == 0 || content[0] == m.only)
	m.only = content[0]
	m.special = m.special && a.Special
	m.tokens = append(m.tokens, a)
	at := int32(0)
	for i := range len(content) {
		child, ok := m.nodes[at].children[content[i]]
		if !ok {
			child = int32(len(m.nodes))
			m.nodes = append(m.nodes, node{})
			if m.nodes[at].children == nil {
				m.nodes[at].children = make(map[byte]int32)
			}
			m.nodes[at].children[content[i]] = child
		}
		at = child
	}
	if m.nodes[at].token == 0 {
		m.nodes[at].token = int32(len(m.tokens))
	}
}

// next returns where the first token at or after from is: the longest of those
// that begin there.
func (m *matcher) next(text string, from int) (start, end int, a *addedToken) {
	for start = from; start < len(text); start++ {
		if m.single {
			i := strings.IndexByte(text[start:], m.only)
			if i < 0 {
				break
			}
			start += i
		}
		at := m.first[text[start]]
		for i := start + 1; at != 0; i++ {
			if token := m.nodes[at].token; token > 0 {
				a, end = &m.tokens[token-1], i
			}
			if i == len(text) {
				break
			}
			at = m.nodes[at].children[text[i]]
		}
		if a != nil {
			return start, end, a
		}
	}
	return 0, 0, nil
}

// matches yields the parts of text that are added tokens, with their ids, as
// Hugging Face's AddedVocabulary finds them: leftmost and longest, those that
// must be words of their own only where they are, with the whitespace that they
// take. With literal, special tokens are found, so that no other is within them,
// but not yielded.
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
