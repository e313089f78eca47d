package merges

// pair is two adjacent tokens, the left one in the upper half.
type pair uint64

func makePair(a, b int32) pair      { return pair(a)<<32 | pair(b) }
func (p pair) tokens() (a, b int32) { return int32(p >> 32), int32(p) }

// pairCounts counts pairs, in a hash table with open addressing. Pairs whose
// count has fallen to 0 give their place back when the table is full.
type pairCounts struct {
	slots []pairCount // a power of two
	shift int         // 64 - log2(len(slots))
	used  int
}

// pairCount is a pair plus one, 0 where the slot is free, and its count.
type pairCount struct {
	key   pair
	count int64
}

func newPairCounts() *pairCounts {
	const log = 12
	return &pairCounts{slots: make([]pairCount, 1<<log), shift: 64 - log}
}

// slot returns the slot of p, or the free one where it belongs.
func (t *pairCounts) slot(p pair) *pairCount {
	mask := len(t.slots) - 1
	// Knuth's multiplicative hashing, with 2^64 over the golden ratio.
	at := int(uint64(p) * 0x9E3779B97F4A7C15 >> t.shift)
	for {
		s := &t.slots[at&mask]
		if s.key == p+1 || s.key == 0 {
			return s
		}
		at++
	}
}

// add changes the count of p by n and returns it.
func (t *pairCounts) add(p pair, n int64) int64 {
	s := t.slot(p)
	if s.key == 0 {
		if t.used*4 >= len(t.slots)*3 {
			t.rebuild()
			s = t.slot(p)
		}
		s.key = p + 1
		t.used++
	}
	s.count += n
	return s.count
}

// get returns the count of p.
func (t *pairCounts) get(p pair) int64 { return t.slot(p).count }

// rebuild drops pairs that do not occur, and doubles the table unless that
// frees half of it.
func (t *pairCounts) rebuild() {
	old := t.slots
	t.used = 0
	for _, s := range old {
		if s.count != 0 {
			t.used++
		}
	}
	size := len(old)
	if t.used*8 > size*3 {
		size *= 2
		t.shift--
	}
	t.slots = make([]pairCount, size)
	for _, s := range old {
		if s.count != 0 {
			*t.slot(s.key - 1) = s
		}
	}
}
