package wordpiece

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer/merges"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	VocabSize     int      // number of tokens, the special ones included; at most 2^24
	Special       []string // tokens with the first ids, [UNK] among them
	MinFrequency  int      // least number of occurrences of a pair that is merged; 0 means 2
	LimitAlphabet int      // number of different characters kept, the most frequent first; 0 means 1000

	// Progress, if set, is called now and then with the number of tokens so far
	// and VocabSize.
	Progress func(done, total int64)
}

// Validate reports what is wrong with the options, other than what [merges.Learn] does.
func (o TrainOptions) Validate() error {
	switch {
	case o.VocabSize < len(o.Special)+2:
		return fmt.Errorf("wordpiece: a vocabulary of %s is too small: there are %s alone", plain.Count(o.VocabSize, "token"), plain.Count(len(o.Special), "special token"))
	case !slices.Contains(o.Special, unknown):
		return fmt.Errorf("wordpiece: the special tokens %q lack %s", o.Special, unknown)
	case o.LimitAlphabet < 0:
		return fmt.Errorf("wordpiece: alphabet limit %d is negative", o.LimitAlphabet)
	}
	return nil
}

// Train makes a WordPiece vocabulary of lowercased, unaccented text from
// documents. The result depends only on how often each word occurs. Words are
// counted on all processors; documents is drained on the caller's goroutine.
//
// The vocabulary has fewer than VocabSize tokens if the text gives no more pairs
// that are frequent enough. It is an error if the special tokens and the characters
// of the text are more than VocabSize.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Model, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	tokens, _, err := merges.Train(ctx, documents, func() wordcount.Splitter { return &splitter{norm: Uncased} },
		func(counts *wordcount.Counts) ([]string, *merges.Words, error) { return characters(counts, opts) },
		merges.Options{
			VocabSize: opts.VocabSize, MinFrequency: cmp.Or(int64(opts.MinFrequency), 2), Progress: opts.Progress,
			Join: func(left, right string) string { return left + strings.TrimPrefix(right, prefix) },
		})
	if err != nil {
		return nil, err
	}
	return New(tokens, Uncased)
}

// splitter is a [wordcount.Splitter].
type splitter struct {
	norm    Normalization
	scratch []byte
}

func (s *splitter) Split(text string, yield func(word string)) { fields(text, yield) }

func (s *splitter) Normalize(word []byte, yield func(normalized []byte)) {
	s.scratch = s.norm.words(string(word), s.scratch, yield)
}

// alphabet returns the most frequent characters of the words, at most limit, in
// the order of their code points.
func alphabet(counts *wordcount.Counts, limit int) []rune {
	all := counts.Characters()
	kept := make([]rune, min(len(all), limit))
	for i := range kept {
		kept[i] = all[i].Rune
	}
	slices.Sort(kept)
	return kept
}

// characters returns the tokens that training begins with, and the words as
// sequences of them. The tokens are the special ones, the alphabet, and then, with
// their prefix, the characters that occur inside a word, in the order of their code
// points. Characters that are not in the alphabet are left out of words, as by
// Hugging Face.
func characters(counts *wordcount.Counts, opts TrainOptions) ([]string, *merges.Words, error) {
	tokens := slices.Clone(opts.Special)
	letters := alphabet(counts, cmp.Or(opts.LimitAlphabet, 1000))
	first := make(map[rune]int32, len(letters))
	inside := make(map[rune]int32, len(letters))
	for _, r := range letters {
		first[r] = int32(len(tokens))
		tokens = append(tokens, string(r))
	}
	for word := range counts.All() {
		_, skip := utf8.DecodeRuneInString(word)
		for _, r := range word[skip:] {
			if _, ok := first[r]; ok {
				inside[r] = 0
			}
		}
	}
	for _, r := range letters {
		if _, ok := inside[r]; ok {
			inside[r] = int32(len(tokens))
			tokens = append(tokens, prefix+string(r))
		}
	}
	if len(tokens) > opts.VocabSize {
		return nil, nil, fmt.Errorf("wordpiece: the %d special tokens and %d characters of the text take %d tokens, more than %d: raise the vocabulary size or lower the alphabet limit",
			len(opts.Special), len(letters), len(tokens), opts.VocabSize)
	}
	words := new(merges.Words)
	var ids []int32
	for word, count := range counts.All() {
		ids = ids[:0]
		for i, r := range word {
			id, ok := first[r]
			if ok && i > 0 {
				id = inside[r]
			}
			if ok {
				ids = append(ids, id)
			}
		}
		words.Add(ids, count)
	}
	return tokens, words, nil
}
