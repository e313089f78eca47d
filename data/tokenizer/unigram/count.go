package unigram

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxWord       = 1024     // bytes of a word of the training text; longer ones are cut
	maxWords      = 1 << 20  // distinct words that are counted at once
	maxWordsBytes = 24 << 20 // of the text of these words

	// rare stands for characters outside the alphabet; no piece holds it.
	rare = "▅"
)

// counter counts words. Its words lie in one array, so that millions of them
// need little more memory than their text.
type counter struct {
	slots  []uint32 // index of a word plus 1; open hashing
	text   []byte
	ends   []uint32 // of the words in text
	counts []int64
}

func (c *counter) len() int { return len(c.counts) }

func (c *counter) word(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = c.ends[i-1]
	}
	return c.text[start:c.ends[i]:c.ends[i]]
}

// hashWord hashes a word of any length.
func hashWord[T string | []byte](word T) uint64 {
	hash := uint64(len(word))
	i := 0
	for ; i+8 <= len(word); i += 8 {
		hash = mix(hash ^ load8(word, i))
	}
	tail := uint64(0)
	for j := i; j < len(word); j++ {
		tail |= uint64(word[j]) << (8 * (j - i))
	}
	return mix(hash ^ tail)
}

// addWord counts a word n times more.
func addWord[T string | []byte](c *counter, word T, n int64) {
	if 2*len(c.counts) >= len(c.slots) {
		c.slots = make([]uint32, max(1<<12, 2*len(c.slots)))
		mask := uint64(len(c.slots) - 1)
		for i := range c.counts {
			at := hashWord(c.word(i)) & mask
			for c.slots[at] != 0 {
				at = (at + 1) & mask
			}
			c.slots[at] = uint32(i + 1)
		}
	}
	mask := uint64(len(c.slots) - 1)
	at := hashWord(word) & mask
	for ; c.slots[at] != 0; at = (at + 1) & mask {
		i := int(c.slots[at] - 1)
		if string(c.word(i)) == string(word) {
			c.counts[i] += n
			return
		}
	}
	c.slots[at] = uint32(len(c.counts) + 1)
	c.text = append(c.text, word...)
	c.ends = append(c.ends, uint32(len(c.text)))
	c.counts = append(c.counts, n)
}

// above returns a counter of the words that occur more than least times.
func (c *counter) above(least int64) *counter {
	kept := &counter{}
	for i, n := range c.counts {
		if n > least {
			addWord(kept, c.word(i), n)
		}
	}
	return kept
}

// sorted returns the indices of the words in the order of their bytes.
func (c *counter) sorted() []int32 {
	order := make([]int32, c.len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return bytes.Compare(c.word(int(a)), c.word(int(b))) })
	return order
}

// asciiSeparator marks the characters that the normalization of trained models
// makes a space.
var asciiSeparator = [256]bool{' ': true, '\t': true, '\n': true, '\f': true, '\r': true}

// countRaw counts the words of documents as they are written.
//
// When there are more distinct words than fit, those that occurred least often
// so far are forgotten: all with one occurrence, the next time all with up to
// two, and so on. What is kept thus depends on nothing but the documents.
func countRaw(ctx context.Context, documents iter.Seq2[string, error], limit int) (*counter, error) {
	c, least := &counter{}, int64(0)
	n := 0
	for document, err := range documents {
		if err != nil {
			return nil, err
		}
		if n++; n%64 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		for i := 0; i < len(document); {
			if asciiSeparator[document[i]] {
				i++
				continue
			}
			start := i
			for i < len(document) && !asciiSeparator[document[i]] {
				i++
			}
			for word := document[start:i]; word != ""; {
				size := len(word)
				if size > maxWord {
					size = maxWord
					for size > maxWord-utf8.UTFMax && !utf8.RuneStart(word[size]) {
						size--
					}
				}
				addWord(c, word[:size], 1)
				word = word[size:]
			}
			if c.len() > limit || len(c.text) > maxWordsBytes {
				for c.len() > limit/2 || len(c.text) > maxWordsBytes/2 {
					least++
					c = c.above(least)
				}
			}
		}
	}
	return c, ctx.Err()
}

// normalizeWords returns the words of a normalized text, of which raw are the
// words, each with the space before it. Names of special tokens and sequences
// that no piece may cross become the rare character.
func normalizeWords(raw *counter, n *normalizer, special []string) *counter {
	out := &counter{}
	var buf []byte
	pairs := make([]string, 0, 2*len(special))
	for _, name := range special {
		pairs = append(pairs, name, rare)
	}
	names := strings.NewReplacer(pairs...)
	for i, count := range raw.counts {
		buf = n.text(buf[:0], string(raw.word(i)))
		for _, name := range special {
			if bytes.Contains(buf, []byte(name)) {
				buf = []byte(names.Replace(string(buf)))
				break
			}
		}
		for rest := buf; len(rest) > 0; {
			size := nextWord(rest)
			addWord(out, rest[:size], count)
			rest = rest[size:]
		}
	}
	return out
}

// alphabet returns the most frequent characters of the words, as many as cover
// the share coverage of the text, with their counts, the most frequent first.
func alphabet(words *counter, coverage float64) ([]rune, []int64) {
	occurrences := make(map[rune]int64)
	total := int64(0)
	for i, count := range words.counts {
		for _, r := range string(words.word(i)) {
			if r != 0 {
				occurrences[r] += count
				total += count
			}
		}
	}
	chars := make([]rune, 0, len(occurrences))
	for r := range occurrences {
		chars = append(chars, r)
	}
	slices.SortFunc(chars, func(a, b rune) int {
		if d := occurrences[b] - occurrences[a]; d != 0 {
			if d > 0 {
				return 1
			}
			return -1
		}
		return int(a - b)
	})
	var counts []int64
	covered := int64(0)
	kept := chars[:0]
	for _, r := range chars {
		if float64(covered) >= coverage*float64(total) {
			break
		}
		covered += occurrences[r]
		if string(r) != rare {
			kept = append(kept, r)
			counts = append(counts, occurrences[r])
		}
	}
	return kept, counts
}

// replaceRare returns the words with the rare character for those outside the
// alphabet.
func replaceRare(words *counter, chars []rune) *counter {
	known := make(map[rune]bool, len(chars))
	for _, r := range chars {
		known[r] = true
	}
	out := &counter{}
	var buf []byte
	for i, count := range words.counts {
		buf = buf[:0]
		for _, r := range string(words.word(i)) {
			if known[r] {
				buf = utf8.AppendRune(buf, r)
			} else {
				buf = append(buf, rare...)
			}
		}
		addWord(out, buf, count)
	}
	return out
}

// errVocabulary explains that the alphabet alone is too large.
func errVocabulary(size, special, chars int) error {
	return fmt.Errorf("unigram: %d special pieces and %d characters exceed a vocabulary of %d: raise it, or lower the character coverage", special, chars, size)
}
