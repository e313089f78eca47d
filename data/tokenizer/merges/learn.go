package merges

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/landscape-aware/growing/data/tokenizer/vocab"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// Words holds words as sequences of token ids, and how often each occurs. The
// zero value is empty and ready for use.
type Words struct {
	ids   []int32 // of all words, one after the other
	words []word
}

type word struct {
	start, length uint32 // in ids
	count         int64
}

// Add adds a word that occurs count times. Words of fewer than two tokens have
// nothing to merge and are not kept.
func (w *Words) Add(ids []int32, count int64) {
	if len(ids) < 2 {
		return
	}
	w.words = append(w.words, word{uint32(len(w.ids)), uint32(len(ids)), count})
	w.ids = append(w.ids, ids...)
}

// Grow makes room for the given numbers of words and of ids in all of them.
func (w *Words) Grow(words, ids int) {
	w.words = append(make([]word, 0, len(w.words)+words), w.words...)
	w.ids = append(make([]int32, 0, len(w.ids)+ids), w.ids...)
}

// Merge is a pair of adjacent tokens and the token that they become.
type Merge struct{ Left, Right, Result int32 }

// Options configures [Learn].
type Options struct {
	VocabSize    int   // largest number of tokens, those given included; at most 2^24
	MinFrequency int64 // least number of occurrences of a pair that is merged; 0 means 1

	// Join returns the name of the token that two become; nil appends the
	// second one's name to the first one's.
	Join func(left, right string) string

	// Progress, if set, is called now and then with the number of tokens so far
	// and VocabSize.
	Progress func(done, total int64)
}

// Train counts the words of documents, and learns merges as [Learn] does. begin
// returns the tokens to begin with, and the words as sequences of them.
func Train(ctx context.Context, documents iter.Seq2[string, error], newSplitter func() wordcount.Splitter,
	begin func(counts *wordcount.Counts) ([]string, *Words, error), opts Options) ([]string, []Merge, error) {
	counts, err := wordcount.Count(ctx, documents, newSplitter)
	if err != nil {
		return nil, nil, err
	}
	tokens, words, err := begin(counts)
	if err != nil {
		return nil, nil, err
	}
	return Learn(ctx, tokens, words, opts)
}

// Learn merges the most frequent pair of adjacent tokens again and again, until
// there are VocabSize tokens or no pair occurs MinFrequency times. Of equally
// frequent pairs, it merges the one with the lower left id, then the lower right id.
//
// The ids of words are indices of tokens. Learn returns the given tokens followed by
// the new ones, and all merges, both in order. A pair occurs more than once among the
// merges if its tokens can be made in several ways. The result of a merge is an
// earlier token if that has the same name. The order of words has no effect. Learn
// changes words, which cannot be used afterwards.
func Learn(ctx context.Context, tokens []string, words *Words, opts Options) ([]string, []Merge, error) {
	if err := check(tokens, words, opts); err != nil {
		return nil, nil, err
	}
	l := newLearner(tokens, words, opts)
	l.start()
	for round := int32(1); len(l.tokens) < opts.VocabSize; round++ {
		if round%256 == 1 {
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			l.progress()
		}
		if !l.step(round) {
			break
		}
	}
	l.progress()
	return l.tokens, l.merges, nil
}

func check(tokens []string, words *Words, opts Options) error {
	switch {
	case opts.VocabSize < len(tokens):
		return fmt.Errorf("merges: a vocabulary of %d tokens cannot hold the %d that it begins with", opts.VocabSize, len(tokens))
	case opts.VocabSize > vocab.MaxSize:
		return fmt.Errorf("merges: a vocabulary of %d tokens is too large: the limit is %d", opts.VocabSize, vocab.MaxSize)
	case opts.MinFrequency < 0:
		return fmt.Errorf("merges: minimum frequency %d is negative", opts.MinFrequency)
	case len(words.ids) > math.MaxUint32 || len(words.words) > math.MaxInt32:
		return errors.New("merges: the different words have more than 2^32 characters together: take a smaller sample of the text")
	}
	for _, w := range words.words {
		for _, id := range words.ids[w.start : w.start+w.length] {
			if id < 0 || int(id) >= len(tokens) {
				return fmt.Errorf("merges: a word holds the id %d, but there are %d tokens", id, len(tokens))
			}
		}
	}
	return nil
}
