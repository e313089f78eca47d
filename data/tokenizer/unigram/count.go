package unigram

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

const (
	maxWord       = 1024     // bytes of a word of the training text; longer ones are cut
	maxWords      = 1 << 20  // distinct words that are counted at once
	maxWordsBytes = 24 << 20 // of the text of these words

	// rare stands for characters outside the alphabet; no piece holds it.
	rare = "▅"
)

// asciiSeparator marks the characters that the normalization of trained models
// makes a space.
var asciiSeparator = [256]bool{' ': true, '\t': true, '\n': true, '\f': true, '\r': true}

// countRaw counts the words of documents as they are written.
//
// When there are more distinct words than fit, those that occurred least often so
// far are forgotten: first all with one occurrence, the next time all with up to
// two, and so on. So the result depends only on the documents and their order.
func countRaw(ctx context.Context, documents iter.Seq2[string, error], limit int) (*wordcount.Counts, error) {
	c, least := new(wordcount.Counts), int64(0)
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
				c.Add(word[:size], 1)
				word = word[size:]
			}
			if c.Len() > limit || c.Size() > maxWordsBytes {
				for c.Len() > limit/2 || c.Size() > maxWordsBytes/2 {
					least++
					c = above(c, least)
				}
			}
		}
	}
	return c, ctx.Err()
}

// above returns the words that occur more than least times.
func above(words *wordcount.Counts, least int64) *wordcount.Counts {
	kept := new(wordcount.Counts)
	for word, n := range words.Bytes() {
		if n > least {
			kept.AddBytes(word, n)
		}
	}
	return kept
}

// normalizeWords returns the words of the normalized text whose words are raw, each
// with the space before it. Names of special tokens and sequences that no piece may
// cross become the rare character.
func normalizeWords(raw *wordcount.Counts, n *normalizer, special []string) *wordcount.Counts {
	out := new(wordcount.Counts)
	var buf []byte
	pairs := make([]string, 0, 2*len(special))
	for _, name := range special {
		pairs = append(pairs, name, rare)
	}
	names := strings.NewReplacer(pairs...)
	for word, count := range raw.Bytes() {
		buf = n.text(buf[:0], string(word))
		for _, name := range special {
			if bytes.Contains(buf, []byte(name)) {
				buf = []byte(names.Replace(string(buf)))
				break
			}
		}
		for rest := buf; len(rest) > 0; {
			size := nextWord(rest)
			out.AddBytes(rest[:size], count)
			rest = rest[size:]
		}
	}
	return out
}

// alphabet returns the most frequent characters of the words, as many as cover
// the share coverage of the text, the most frequent first.
func alphabet(words *wordcount.Counts, coverage float64) []wordcount.Character {
	all := slices.DeleteFunc(words.Characters(), func(c wordcount.Character) bool { return c.Rune == 0 })
	total, covered := int64(0), int64(0)
	for _, c := range all {
		total += c.Count
	}
	var kept []wordcount.Character
	for _, c := range all {
		if float64(covered) >= coverage*float64(total) {
			break
		}
		covered += c.Count
		if string(c.Rune) != rare {
			kept = append(kept, c)
		}
	}
	return kept
}

// replaceRare returns the words, sorted, with the rare character for those outside
// the alphabet.
func replaceRare(words *wordcount.Counts, chars []wordcount.Character) *wordcount.Counts {
	known := make(map[rune]bool, len(chars))
	for _, c := range chars {
		known[c.Rune] = true
	}
	out := new(wordcount.Counts)
	var buf []byte
	for word, count := range words.Bytes() {
		buf = buf[:0]
		for _, r := range string(word) {
			if known[r] {
				buf = utf8.AppendRune(buf, r)
			} else {
				buf = append(buf, rare...)
			}
		}
		out.AddBytes(buf, count)
	}
	return out.Sorted()
}
