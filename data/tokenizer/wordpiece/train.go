package wordpiece

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	VocabSize     int      // number of tokens, the special ones included
	Special       []string // tokens with the first ids, [UNK] among them
	MinFrequency  int      // least number of occurrences of a pair that is merged; 0 means 2
	LimitAlphabet int      // number of different characters kept, the most frequent first; 0 means 1000

	// Progress, where set, is called now and then with the number of tokens
	// made so far and VocabSize.
	Progress func(done, total int64)
}

// Validate reports what is wrong with the options.
func (o TrainOptions) Validate() error {
	switch {
	case o.VocabSize < len(o.Special)+2:
		return fmt.Errorf("wordpiece: a vocabulary of %d tokens is too small: there are %d special tokens alone", o.VocabSize, len(o.Special))
	case !slices.Contains(o.Special, unknown):
		return fmt.Errorf("wordpiece: the special tokens %q lack %s", o.Special, unknown)
	case o.VocabSize > 1<<30:
		return fmt.Errorf("wordpiece: a vocabulary of %d tokens is too large", o.VocabSize)
	case o.MinFrequency < 0:
		return fmt.Errorf("wordpiece: minimum frequency %d is negative", o.MinFrequency)
	case o.LimitAlphabet < 0:
		return fmt.Errorf("wordpiece: alphabet limit %d is negative", o.LimitAlphabet)
	}
	return nil
}

// ErrNoText means that there was nothing to train a vocabulary on.
var ErrNoText = errors.New("wordpiece: the training text holds no words")

// Train makes a WordPiece vocabulary of lowercased, unaccented text from
// documents. The result depends only on how often each word occurs. Words are
// counted on all processors; documents is drained on the caller's goroutine.
//
// The vocabulary holds fewer than VocabSize tokens if the text gives no more
// pairs that are frequent enough. It is an error if the characters of the text
// alone are more than VocabSize.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Model, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if opts.MinFrequency == 0 {
		opts.MinFrequency = 2
	}
	if opts.LimitAlphabet == 0 {
		opts.LimitAlphabet = 1000
	}
	counts, err := countWords(ctx, documents, Uncased)
	if err != nil {
		return nil, err
	}
	if len(counts) == 0 {
		return nil, ErrNoText
	}
	tokens, err := mergePairs(ctx, counts, opts)
	if err != nil {
		return nil, err
	}
	return New(tokens, Uncased)
}

// alphabet returns the most frequent characters of the words, at most limit, in
// the order of their code points. Of equally frequent ones the lower code
// points are kept.
func alphabet(counts map[string]int64, limit int) []rune {
	occurrences := make(map[rune]int64)
	for word, count := range counts {
		for _, r := range word {
			occurrences[r] += count
		}
	}
	kept := make([]rune, 0, len(occurrences))
	for r := range occurrences {
		kept = append(kept, r)
	}
	slices.SortFunc(kept, func(a, b rune) int {
		if d := occurrences[b] - occurrences[a]; d != 0 {
			if d > 0 {
				return 1
			}
			return -1
		}
		return int(a) - int(b)
	})
	kept = kept[:min(len(kept), limit)]
	slices.Sort(kept)
	return kept
}

// pieces is a word as a sequence of token ids, and how often it occurs.
type pieces struct {
	ids   []int32
	count int64
}

// pair is two adjacent tokens, the left one in the upper half.
type pair uint64

func makePair(a, b int32) pair      { return pair(a)<<32 | pair(b) }
func (p pair) tokens() (a, b int32) { return int32(p >> 32), int32(p) }

// candidate is a pair that may be merged in the given words. A pair can have
// more than one candidate when a token can be made in more than one way.
type candidate struct {
	pair  pair
	count int64 // of the pair when the candidate was last looked at
	words []int32
	round int // the merge that made the candidate
}

// before orders candidates by falling count, then by rising pair, then by age.
func (c *candidate) before(d *candidate) bool {
	if c.count != d.count {
		return c.count > d.count
	}
	if c.pair != d.pair {
		return c.pair < d.pair
	}
	return c.round < d.round
}

// vocabulary is a growing list of tokens.
type vocabulary struct {
	tokens []string
	ids    map[string]int32
}

func (v *vocabulary) add(token string) int32 {
	if id, ok := v.ids[token]; ok {
		return id
	}
	id := int32(len(v.tokens))
	v.tokens = append(v.tokens, token)
	v.ids[token] = id
	return id
}

// mergePairs makes a vocabulary from word counts.
func mergePairs(ctx context.Context, counts map[string]int64, opts TrainOptions) ([]string, error) {
	v := &vocabulary{ids: make(map[string]int32)}
	for _, s := range opts.Special {
		v.add(s)
	}
	words, err := splitWords(v, counts, opts)
	if err != nil {
		return nil, err
	}

	// where collects the words of pairs that have yet to become candidates.
	pairCounts := make(map[pair]int64)
	where := make(map[pair][]int32)
	note := func(p pair, word int32) {
		list := where[p]
		if len(list) == 0 || list[len(list)-1] != word {
			where[p] = append(list, word)
		}
	}
	for i, w := range words {
		for j := 1; j < len(w.ids); j++ {
			p := makePair(w.ids[j-1], w.ids[j])
			pairCounts[p] += w.count
			note(p, int32(i))
		}
	}
	queue := make(candidates, 0, len(where))
	enqueue := func(round int) {
		for p, list := range where {
			if n := pairCounts[p]; n > 0 {
				queue.push(&candidate{p, n, list, round})
			}
		}
		clear(where)
	}
	enqueue(0)

	for merges := 1; len(v.tokens) < opts.VocabSize && len(queue) > 0; merges++ {
		if merges%256 == 1 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if opts.Progress != nil {
				opts.Progress(int64(len(v.tokens)), int64(opts.VocabSize))
			}
		}
		top := queue.pop()
		if n := pairCounts[top.pair]; n != top.count {
			top.count = n
			queue.push(top)
			continue
		}
		if top.count < 1 || top.count < int64(opts.MinFrequency) {
			break
		}
		a, b := top.pair.tokens()
		merged := v.add(v.tokens[a] + strings.TrimPrefix(v.tokens[b], "##"))
		for _, i := range top.words {
			w := &words[i]
			w.ids = merge(w.ids, a, b, merged, func(p pair, change int64) {
				pairCounts[p] += change * w.count
				if change > 0 {
					note(p, i)
				}
			})
		}
		enqueue(merges)
	}
	if opts.Progress != nil {
		opts.Progress(int64(len(v.tokens)), int64(opts.VocabSize))
	}
	return v.tokens, nil
}

// splitWords splits every word into its characters, adding them to v: first the
// alphabet, then the characters that occur in the inside of a word, with their
// prefix, in the order of their code points. Characters that are not in the
// alphabet are left out of their words, as Hugging Face does.
func splitWords(v *vocabulary, counts map[string]int64, opts TrainOptions) ([]pieces, error) {
	letters := alphabet(counts, opts.LimitAlphabet)
	first := make(map[rune]int32, len(letters))
	inside := make(map[rune]int32, len(letters))
	for _, r := range letters {
		first[r] = v.add(string(r))
	}
	for word := range counts {
		_, skip := utf8.DecodeRuneInString(word)
		for _, r := range word[skip:] {
			if _, ok := first[r]; ok {
				inside[r] = 0
			}
		}
	}
	for _, r := range letters {
		if _, ok := inside[r]; ok {
			inside[r] = v.add("##" + string(r))
		}
	}
	if len(v.tokens) > opts.VocabSize {
		return nil, fmt.Errorf("wordpiece: a vocabulary of %d tokens cannot hold the %d special tokens and the %d characters of the text (%d tokens): raise the vocabulary size to more than %d or lower the alphabet limit",
			opts.VocabSize, len(opts.Special), len(letters), len(v.tokens), len(v.tokens))
	}
	words := make([]pieces, 0, len(counts))
	for word, count := range counts {
		ids := make([]int32, 0, len(word))
		for i, r := range word {
			id, ok := first[r]
			if ok && i > 0 {
				id = inside[r]
			}
			if ok {
				ids = append(ids, id)
			}
		}
		if len(ids) > 1 {
			words = append(words, pieces{ids, count})
		}
	}
	return words, nil
}

// merge replaces every a followed by b by merged, in place, and reports how the
// counts of the neighbouring pairs change.
func merge(ids []int32, a, b, merged int32, changed func(p pair, change int64)) []int32 {
	out := 0
	for i := 0; i < len(ids); out++ {
		if i+1 >= len(ids) || ids[i] != a || ids[i+1] != b {
			ids[out] = ids[i]
			i++
			continue
		}
		if out > 0 {
			changed(makePair(ids[out-1], a), -1)
			changed(makePair(ids[out-1], merged), +1)
		}
		if i+2 < len(ids) {
			changed(makePair(b, ids[i+2]), -1)
			changed(makePair(merged, ids[i+2]), +1)
		}
		ids[out] = merged
		i += 2
	}
	return ids[:out]
}

// candidates is a binary heap whose first element comes before all others.
type candidates []*candidate

func (q *candidates) push(c *candidate) {
	*q = append(*q, c)
	h := *q
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *candidates) pop() *candidate {
	h := *q
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h[last] = nil
	h = h[:last]
	*q = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	return top
}
