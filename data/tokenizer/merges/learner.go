package merges

import (
	"cmp"
	"slices"
)

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
	counts *Table[int64]
	queue  queue

	lists [][]int32 // words of the candidates in the queue
	free  []int32   // lists that are not in use
	rare  []rare

	left, right neighbors // of the pair that is merged
}

// rare is a candidate that is not frequent enough, in one of its words. Most
// candidates are; with them, the queue would be several times larger.
type rare struct {
	pair  Pair
	count int64 // of the pair, as of candidates
	round int32
	word  int32
}

// neighbors are the tokens next to a pair that is merged: how often each occurs
// there and in which words. Counting them by token first costs one look at the hash
// table for each neighbor, not for each occurrence.
type neighbors struct {
	tokens []int32
	count  []int64   // by token
	words  [][]int32 // by token
}

func (n *neighbors) note(token, word int32, count int64) {
	list := n.words[token]
	if len(list) == 0 {
		n.tokens = append(n.tokens, token)
	}
	n.count[token] += count
	if len(list) == 0 || list[len(list)-1] != word {
		n.words[token] = append(list, word)
	}
}

func (n *neighbors) clear() {
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
	// A merge makes at most one token and shortens a word.
	most := min(opts.VocabSize, len(tokens)+len(words.ids))
	l := &learner{
		opts:   opts,
		tokens: append(make([]string, 0, most), tokens...),
		ids:    make(map[string]int32, most),
		words:  words.words,
		pieces: words.ids,
		counts: NewTable[int64](1 << 11),
	}
	for i, t := range tokens {
		l.ids[t] = int32(i)
	}
	for _, n := range []*neighbors{&l.left, &l.right} {
		n.count = make([]int64, most)
		n.words = make([][]int32, most)
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
	numbers := make(map[Pair]int32) // by the order in which the pairs occur first
	var pairs []Pair
	var lists [][]int32 // words of each pair
	for i, w := range l.words {
		ids := l.pieces[w.start : w.start+w.length]
		for j := 1; j < len(ids); j++ {
			p := MakePair(ids[j-1], ids[j])
			*l.counts.At(p) += w.count
			n, ok := numbers[p]
			if !ok {
				n = int32(len(pairs))
				numbers[p] = n
				pairs, lists = append(pairs, p), append(lists, nil)
			}
			if k := len(lists[n]); k == 0 || lists[n][k-1] != int32(i) {
				lists[n] = append(lists[n], int32(i))
			}
		}
	}
	for n, p := range pairs {
		l.enqueue(p, lists[n], 0)
	}
}

// next brings the next pair to merge to the front of the queue. It returns false if
// no pair is frequent enough.
func (l *learner) next() bool {
	for {
		if len(l.queue) == 0 || l.queue[0].count < l.opts.MinFrequency {
			if len(l.rare) == 0 && len(l.queue) == 0 {
				return false
			}
			l.revive()
		}
		top := l.queue[0]
		if count := l.counts.Get(top.pair); count != top.count {
			// A neighboring merge has changed the count since.
			top.count = count
			l.queue.replace(top)
			continue
		}
		return top.count >= l.opts.MinFrequency
	}
}

// step makes the next merge. It returns false if no pair is frequent enough.
func (l *learner) step(round int32) bool {
	if !l.next() {
		return false
	}
	top := l.queue[0]
	l.queue.pop()
	a, b := top.pair.Tokens()
	merged := l.token(l.opts.Join(l.tokens[a], l.tokens[b]))
	l.merges = append(l.merges, Merge{a, b, merged})
	for _, i := range l.lists[top.list] {
		l.merge(i, a, b, merged)
	}
	l.lists[top.list] = nil
	l.free = append(l.free, top.list)

	for _, t := range l.left.tokens {
		n := l.left.count[t]
		*l.counts.At(MakePair(t, a)) += -n
		*l.counts.At(MakePair(t, merged)) += n
	}
	for _, t := range l.right.tokens {
		n := l.right.count[t]
		*l.counts.At(MakePair(b, t)) += -n
		*l.counts.At(MakePair(merged, t)) += n
	}
	for _, t := range l.left.tokens {
		words := l.left.words[t]
		if t == merged {
			words = append(words, l.right.words[t]...)
		}
		l.enqueue(MakePair(t, merged), words, round)
	}
	for _, t := range l.right.tokens {
		if t == merged && len(l.left.words[t]) > 0 {
			continue // the same pair as on the left
		}
		l.enqueue(MakePair(merged, t), l.right.words[t], round)
	}
	l.left.clear()
	l.right.clear()
	return true
}

// token returns the id of the token with a name, which it adds if it is new.
func (l *learner) token(name string) int32 {
	if id, ok := l.ids[name]; ok {
		return id
	}
	id := int32(len(l.tokens))
	l.tokens = append(l.tokens, name)
	l.ids[name] = id
	return id
}

// enqueue makes a pair a candidate in the given words.
func (l *learner) enqueue(p Pair, words []int32, round int32) {
	count := l.counts.Get(p)
	switch {
	case count <= 0:
	case count < l.opts.MinFrequency:
		for _, w := range words {
			l.rare = append(l.rare, rare{p, count, round, w})
		}
	default:
		if round > 0 {
			words = slices.Clone(words) // they are a buffer
		}
		l.push(candidate{count: count, pair: p, round: round}, words)
	}
}

func (l *learner) push(c candidate, words []int32) {
	c.list = int32(len(l.lists))
	if k := len(l.free); k > 0 {
		c.list, l.free = l.free[k-1], l.free[:k-1]
	} else {
		l.lists = append(l.lists, nil)
	}
	l.lists[c.list] = words
	l.queue.push(c)
}

// revive puts the rare candidates into the queue when it holds no others. A pair may
// have become frequent since, if its tokens can be made in several ways.
func (l *learner) revive() {
	slices.SortStableFunc(l.rare, func(a, b rare) int {
		return cmp.Or(cmp.Compare(a.pair, b.pair), cmp.Compare(a.round, b.round))
	})
	for from := 0; from < len(l.rare); {
		r := l.rare[from]
		var words []int32
		for ; from < len(l.rare) && l.rare[from].pair == r.pair && l.rare[from].round == r.round; from++ {
			words = append(words, l.rare[from].word)
		}
		l.push(candidate{count: r.count, pair: r.pair, round: r.round}, words)
	}
	l.rare = nil
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
