package merges

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	VocabSize    int   // largest number of tokens, those given included
	MinFrequency int64 // least number of occurrences of a pair that is merged; 0 means 1

	// Join returns the name of the token that two become; nil appends the
	// second one's name to the first one's.
	Join func(left, right string) string

	// Progress, where set, is called now and then with the number of tokens
	// made so far and VocabSize.
	Progress func(done, total int64)
}

// Learn merges the most frequent pair of adjacent tokens again and again, until
// there are VocabSize tokens or no pair occurs MinFrequency times. Of pairs that
// are equally frequent, the one with the lower ids is merged, the left ids
// compared first.
//
// The ids of words are indices of tokens. Learn returns the tokens given,
// followed by those made, in their order, and all merges in their order. A pair
// occurs more than once among the merges if its tokens can be made in several
// ways, and a merge's result is an earlier token if it has the name of one. The
// outcome does not depend on the order of words. Learn changes words, which
// cannot be used afterwards.
func Learn(ctx context.Context, tokens []string, words *Words, opts Options) ([]string, []Merge, error) {
	if err := check(tokens, words, opts); err != nil {
		return nil, nil, err
	}
	l := newLearner(tokens, words, opts)
	l.start()
	for round := int32(1); len(l.tokens) < opts.VocabSize && len(l.queue) > 0; round++ {
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
	case opts.VocabSize > 1<<30:
		return fmt.Errorf("merges: a vocabulary of %d tokens is too large: the limit is %d", opts.VocabSize, 1<<30)
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

// keepList is the capacity up to which a token's list of words is kept for the
// next merge.
const keepList = 4096

type learner struct {
	opts   Options
	tokens []string
	ids    map[string]int32
	merges []Merge

	words  []word
	pieces []int32 // the words' token ids
	counts *pairCounts
	queue  queue

	lists [][]int32 // words of the candidates in the queue
	free  []int32   // lists that are not in use

	left, right neighbours // of the pair that is merged
}

// neighbours are the tokens beside a pair that is merged: how often each
// occurs there and in which words. Counting them by token first costs one
// look at the hash table for each neighbour, not for each occurrence.
type neighbours struct {
	tokens []int32
	count  []int64   // by token
	words  [][]int32 // by token
}

func (n *neighbours) note(token, word int32, count int64) {
	list := n.words[token]
	if len(list) == 0 {
		n.tokens = append(n.tokens, token)
	}
	n.count[token] += count
	if len(list) == 0 || list[len(list)-1] != word {
		n.words[token] = append(list, word)
	}
}

func (n *neighbours) clear() {
	for _, t := range n.tokens {
		n.count[t] = 0
		if cap(n.words[t]) > keepList {
			n.words[t] = nil
			continue
		}
		n.words[t] = n.words[t][:0]
	}
	n.tokens = n.tokens[:0]
}

func newLearner(tokens []string, words *Words, opts Options) *learner {
	opts.MinFrequency = max(opts.MinFrequency, 1)
	if opts.Join == nil {
		opts.Join = func(left, right string) string { return left + right }
	}
	l := &learner{
		opts:   opts,
		tokens: append(make([]string, 0, opts.VocabSize), tokens...),
		ids:    make(map[string]int32, opts.VocabSize),
		words:  words.words,
		pieces: words.ids,
		counts: newPairCounts(),
	}
	for i, t := range tokens {
		l.ids[t] = int32(i)
	}
	for _, n := range []*neighbours{&l.left, &l.right} {
		n.count = make([]int64, opts.VocabSize)
		n.words = make([][]int32, opts.VocabSize)
	}
	return l
}

func (l *learner) progress() {
	if l.opts.Progress != nil {
		l.opts.Progress(int64(len(l.tokens)), int64(l.opts.VocabSize))
	}
}

// start counts the pairs of all words and makes each a candidate.
func (l *learner) start() {
	var sizes, last []int32 // by pair: words that hold it, plus one the last of them
	for i, w := range l.words {
		ids := l.pieces[w.start : w.start+w.length]
		for j := 1; j < len(ids); j++ {
			n := l.counts.number(makePair(ids[j-1], ids[j]))
			l.counts.counts[n] += w.count
			if int(n) == len(sizes) {
				sizes, last = append(sizes, 0), append(last, 0)
			}
			if last[n] != int32(i)+1 {
				last[n] = int32(i) + 1
				sizes[n]++
			}
		}
	}
	l.lists = make([][]int32, len(sizes))
	for n, size := range sizes {
		l.lists[n] = make([]int32, 0, size)
	}
	clear(last)
	for i, w := range l.words {
		ids := l.pieces[w.start : w.start+w.length]
		for j := 1; j < len(ids); j++ {
			n := l.counts.number(makePair(ids[j-1], ids[j]))
			if last[n] != int32(i)+1 {
				last[n] = int32(i) + 1
				l.lists[n] = append(l.lists[n], int32(i))
			}
		}
	}
	for n, p := range l.counts.pairs() {
		if count := l.counts.counts[n]; count > 0 {
			l.queue.push(candidate{count: count, pair: p, list: int32(n)})
		}
	}
}

// step makes the next merge. It returns false if no pair is frequent enough.
func (l *learner) step(round int32) bool {
	top := l.queue[0]
	for count := l.counts.get(top.pair); count != top.count; count = l.counts.get(top.pair) {
		// A neighbouring merge has changed the count since.
		top.count = count
		l.queue.replace(top)
		top = l.queue[0]
	}
	if top.count < l.opts.MinFrequency {
		return false
	}
	l.queue.pop()
	a, b := top.pair.tokens()
	merged := l.token(l.opts.Join(l.tokens[a], l.tokens[b]))
	l.merges = append(l.merges, Merge{a, b, merged})
	for _, i := range l.lists[top.list] {
		l.merge(i, a, b, merged)
	}
	l.lists[top.list] = nil
	l.free = append(l.free, top.list)

	for _, t := range l.left.tokens {
		n := l.left.count[t]
		l.counts.add(makePair(t, a), -n)
		l.counts.add(makePair(t, merged), n)
	}
	for _, t := range l.right.tokens {
		n := l.right.count[t]
		l.counts.add(makePair(b, t), -n)
		l.counts.add(makePair(merged, t), n)
	}
	for _, t := range l.left.tokens {
		words := l.left.words[t]
		if t == merged {
			words = append(words, l.right.words[t]...)
		}
		l.enqueue(makePair(t, merged), words, round)
	}
	for _, t := range l.right.tokens {
		if t == merged && len(l.left.words[t]) > 0 {
			continue // the same pair as on the left
		}
		l.enqueue(makePair(merged, t), l.right.words[t], round)
	}
	l.left.clear()
	l.right.clear()
	return true
}

// token returns the id of the token of that name, which it adds where it is new.
func (l *learner) token(name string) int32 {
	if id, ok := l.ids[name]; ok {
		return id
	}
	id := int32(len(l.tokens))
	l.tokens = append(l.tokens, name)
	l.ids[name] = id
	return id
}

func (l *learner) enqueue(p pair, words []int32, round int32) {
	count := l.counts.get(p)
	if count <= 0 {
		return
	}
	list := int32(len(l.lists))
	if k := len(l.free); k > 0 {
		list, l.free = l.free[k-1], l.free[:k-1]
	} else {
		l.lists = append(l.lists, nil)
	}
	l.lists[list] = append(make([]int32, 0, len(words)), words...)
	l.queue.push(candidate{count, p, round, list})
}

// merge replaces every a followed by b in word i by merged, and notes the
// tokens before and after it.
func (l *learner) merge(i, a, b, merged int32) {
	w := &l.words[i]
	ids := l.pieces[w.start : w.start+w.length]
	out := 0
	for j := 0; j < len(ids); out++ {
		if ids[j] != a || j+1 >= len(ids) || ids[j+1] != b {
			ids[out] = ids[j]
			j++
			continue
		}
		if out > 0 {
			l.left.note(ids[out-1], i, w.count)
		}
		if j+2 < len(ids) {
			l.right.note(ids[j+2], i, w.count)
		}
		ids[out] = merged
		j += 2
	}
	w.length = uint32(out)
}
