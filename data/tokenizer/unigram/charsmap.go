package unigram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// maxRules is how many rules that are prefixes of each other sentencepiece considers
// at one place.
const maxRules = 32

// charsmap is a set of replacement rules. At each place of a text, from left to
// right, the longest rule applies.
type charsmap struct {
	trie   trie
	blob   string // the replacements, each ended by NUL; values of trie point into it
	source []byte // as in the model
}

// parseCharsmap reads a precompiled_charsmap: the size of the trie in bytes,
// the trie, the replacements.
func parseCharsmap(data []byte) (*charsmap, error) {
	if len(data) <= 4 {
		return nil, errors.New("it is shorter than its header")
	}
	size := uint64(binary.LittleEndian.Uint32(data))
	rest := data[4:]
	if size >= uint64(len(rest)) {
		return nil, fmt.Errorf("its trie of %d bytes is longer than the whole", size)
	}
	if size < 1024 || size%1024 != 0 {
		return nil, fmt.Errorf("its trie of %d bytes is not a multiple of 1024", size)
	}
	blob := rest[size:]
	if blob[len(blob)-1] != 0 {
		return nil, errors.New("its replacements do not end in NUL")
	}
	units := make(trie, size/4)
	for i := range units {
		units[i] = binary.LittleEndian.Uint32(rest[4*i:])
	}
	if err := units.validate(len(blob)); err != nil {
		return nil, err
	}
	c := &charsmap{trie: units, blob: string(blob), source: data}
	if n := c.longest(); n > component.MaxGrowth {
		return nil, fmt.Errorf("it replaces text by %d bytes: the limit is %d", n, component.MaxGrowth)
	}
	return c, nil
}

// longest returns the length of the longest replacement in bytes.
func (c *charsmap) longest() int {
	n := 0
	for text := c.blob; text != ""; {
		end := strings.IndexByte(text, 0)
		n = max(n, end)
		text = text[end+1:]
	}
	return n
}

// match returns the length of the longest rule that is a prefix of text, and
// its replacement. The length is 0 if there is none.
func (c *charsmap) match(text string) (length int, replacement string) {
	length, value := longest(c.trie, text, maxRules)
	if length == 0 {
		return 0, ""
	}
	return length, c.replacement(value)
}

// replacement returns the replacement of a rule with a value of the trie.
func (c *charsmap) replacement(value int32) string {
	text := c.blob[value:]
	return text[:strings.IndexByte(text, 0)]
}

// crosses reports whether a rule may hold a space.
func (c *charsmap) crosses() bool {
	single := c.trie.root() ^ ' '
	for i, u := range c.trie {
		if u&trieLabel == ' ' && uint32(i) != single {
			return true
		}
	}
	if length, _ := c.match(" "); length != 0 {
		return true
	}
	base, _, ok := c.trie.step(c.trie.root(), ' ')
	if !ok {
		return false
	}
	for b := 1; b < 256; b++ {
		if _, _, ok := c.trie.step(base, byte(b)); ok {
			return true
		}
	}
	return false
}

// plainASCII returns for which ASCII characters no rule applies if another
// ASCII character or the end follows.
func (c *charsmap) plainASCII() (plain [utf8.RuneSelf]bool) {
	for b := range plain {
		base, unit, ok := c.trie.step(c.trie.root(), byte(b))
		plain[b] = !ok || unit&trieEnds == 0
		if ok {
			for next := 1; next < utf8.RuneSelf; next++ {
				if _, _, ok := c.trie.step(base, byte(next)); ok {
					plain[b] = false
				}
			}
		}
	}
	return plain
}
