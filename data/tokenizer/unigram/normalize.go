package unigram

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// space is how sentencepiece writes a space in its pieces (U+2581).
const space = "▁"

const replacementChar = "\uFFFD"

// maxProtected is how many user-defined pieces that are prefixes of each other
// sentencepiece considers at one place.
const maxProtected = 64

// normalizer brings text into the form that pieces are matched with, as
// sentencepiece's Normalizer does.
type normalizer struct {
	charsmap    *charsmap // nil: no rules
	dummyPrefix bool      // a space is put before the text
	removeExtra bool      // leading, trailing and repeated spaces are removed
	escape      bool      // spaces become U+2581
	suffix      bool      // the dummy prefix is put after the text instead
	protected   trie      // user-defined pieces, which no rule changes; nil if there are none
	plain       [utf8.RuneSelf]bool
}

// prepare sets what is derived from the other fields.
func (n *normalizer) prepare() {
	if n.charsmap != nil {
		n.plain = n.charsmap.plainASCII()
	} else {
		for i := range n.plain {
			n.plain[i] = true
		}
	}
	if n.protected != nil {
		for i := range n.plain {
			if _, _, ok := n.protected.step(n.protected.root(), byte(i)); ok {
				n.plain[i] = false
			}
		}
	}
	n.plain[' '] = false
}

// prefix returns the normalized beginning of text and how many bytes of text
// it stands for.
func (n *normalizer) prefix(text string) (string, int) {
	if n.protected != nil {
		if length, _ := longest(n.protected, text, maxProtected); length > 0 {
			return text[:length], length
		}
	}
	if n.charsmap != nil {
		if length, to := n.charsmap.match(text); length > 0 {
			return to, length
		}
	}
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return replacementChar, 1
	}
	return text[:size], size
}

// text appends the normalized text to dst.
func (n *normalizer) text(dst []byte, text string) []byte {
	if n.removeExtra {
		for len(text) > 0 {
			to, size := n.prefix(text)
			if to != " " {
				break
			}
			text = text[size:]
		}
	}
	if text == "" {
		return dst
	}
	start := len(dst)
	symbol := space
	if !n.escape {
		symbol = " "
	}
	if n.dummyPrefix && !n.suffix {
		dst = append(dst, symbol...)
	}
	dst = n.body(dst, text, symbol)
	if n.removeExtra {
		for bytes.HasSuffix(dst[start:], []byte(symbol)) {
			dst = dst[:len(dst)-len(symbol)]
		}
	}
	if n.dummyPrefix && n.suffix {
		dst = append(dst, symbol...)
	}
	return dst
}

// body appends text by its rules, with symbol for a space. At the beginning,
// spaces are dropped if extra ones are to be removed.
func (n *normalizer) body(dst []byte, text, symbol string) []byte {
	dropping := n.removeExtra // the last character was a space
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && n.plain[c] && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			dst = append(dst, c)
			dropping = false
			i++
			continue
		}
		to, size := n.prefix(text[i:])
		i += size
		if dropping {
			to = strings.TrimLeft(to, " ")
		}
		if to == "" {
			continue
		}
		for j := 0; j < len(to); j++ {
			if to[j] == ' ' {
				dst = append(dst, symbol...)
			} else {
				dst = append(dst, to[j])
			}
		}
		dropping = n.removeExtra && to[len(to)-1] == ' '
	}
	return dst
}
