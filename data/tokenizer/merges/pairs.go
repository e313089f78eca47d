package merges

// Pair is two adjacent tokens, the left one in the upper half.
type Pair uint64

// MakePair returns the pair of two tokens.
func MakePair(left, right int32) Pair { return Pair(left)<<32 | Pair(right) }

// Tokens returns the tokens of a pair.
func (p Pair) Tokens() (left, right int32) { return int32(p >> 32), int32(p) }

// Table maps pairs to values, in a hash table with open addressing. Pairs whose
// value is the zero value give their place back when the table is full.
type Table[V comparable] struct {
	slots []slot[V] // a power of two
	shift int       // 64 - log2(len(slots))
	used  int
}

// slot is a pair plus one, 0 where the slot is free, and its value.
type slot[V comparable] struct {
	key   Pair
	value V
}

// NewTable returns an empty table with room for n pairs.
func NewTable[V comparable](n int) *Table[V] {
	log := 4
	for 1<<log < 2*n {
		log++
	}
	return &Table[V]{slots: make([]slot[V], 1<<log), shift: 64 - log}
}

// slot returns the slot of p, or the free one where it belongs.
func (t *Table[V]) slot(p Pair) *slot[V] {
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

// Get returns the value of p, the zero value if it has none.
func (t *Table[V]) Get(p Pair) V { return t.slot(p).value }

// At returns where the value of p is, which is valid until the next call of At.
func (t *Table[V]) At(p Pair) *V {
	s := t.slot(p)
	if s.key == 0 {
		if t.used*4 >= len(t.slots)*3 {
			t.rebuild()
			s = t.slot(p)
		}
		s.key = p + 1
		t.used++
	}
	return &s.value
}

// rebuild drops pairs with the zero value, and doubles the table unless that
// frees half of it.
func (t *Table[V]) rebuild() {
	old := t.slots
	var zero V
	t.used = 0
	for _, s := range old {
		if s.value != zero {
			t.used++
		}
	}
	size := len(old)
	if t.used*8 > size*3 {
		size *= 2
		t.shift--
	}
	t.slots = make([]slot[V], size)
	for _, s := range old {
		if s.value != zero {
			*t.slot(s.key - 1) = s
		}
	}
}
