package merges

// pair is two adjacent tokens, the left one in the upper half.
type pair uint64

func makePair(a, b int32) pair      { return pair(a)<<32 | pair(b) }
func (p pair) tokens() (a, b int32) { return int32(p >> 32), int32(p) }

// pairCounts counts pairs: a hash table with open addressing that gives each
// pair a number, in the order in which they are first met, and their counts.
type pairCounts struct {
	slots  []pairSlot // a power of two
	shift  int        // 64 - log2(len(slots))
	counts []int64    // by number
}

// pairSlot holds a pair and its number plus one; 0 is a free slot.
type pairSlot struct {
	pair pair
	next int32
}

func newPairCounts() *pairCounts {
	const log = 12
	return &pairCounts{slots: make([]pairSlot, 1<<log), shift: 64 - log}
}

// home returns the slot at which the search for p begins (Knuth's
// multiplicative hashing, with 2^64 over the golden ratio).
func (t *pairCounts) home(p pair) int {
	return int(uint64(p) * 0x9E3779B97F4A7C15 >> t.shift)
}

// number returns the number of p, which it adds where it is new.
func (t *pairCounts) number(p pair) int32 {
	mask := len(t.slots) - 1
	at := t.home(p)
	for ; t.slots[at].next != 0; at = (at + 1) & mask {
		if t.slots[at].pair == p {
			return t.slots[at].next - 1
		}
	}
	t.counts = append(t.counts, 0)
	t.slots[at] = pairSlot{p, int32(len(t.counts))}
	if len(t.counts)*4 > len(t.slots)*3 {
		t.grow()
	}
	return int32(len(t.counts)) - 1
}

// add changes the count of p.
func (t *pairCounts) add(p pair, n int64) { t.counts[t.number(p)] += n }

// get returns the count of p.
func (t *pairCounts) get(p pair) int64 {
	mask := len(t.slots) - 1
	for at := t.home(p); t.slots[at].next != 0; at = (at + 1) & mask {
		if t.slots[at].pair == p {
			return t.counts[t.slots[at].next-1]
		}
	}
	return 0
}

// pairs returns all pairs in the order of their numbers.
func (t *pairCounts) pairs() []pair {
	pairs := make([]pair, len(t.counts))
	for _, s := range t.slots {
		if s.next > 0 {
			pairs[s.next-1] = s.pair
		}
	}
	return pairs
}

func (t *pairCounts) grow() {
	old := t.slots
	t.slots = make([]pairSlot, 2*len(old))
	t.shift--
	mask := len(t.slots) - 1
	for _, s := range old {
		if s.next == 0 {
			continue
		}
		at := t.home(s.pair)
		for t.slots[at].next != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = s
	}
}
