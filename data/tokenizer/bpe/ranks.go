package bpe

// ranks holds the merges: a hash table with open addressing, at most half full.
type ranks struct {
	slots []rankSlot
	shift int // 64 - log2(len(slots))
}

// rankSlot is a pair of tokens, the left one in the upper half, its rank, and the
// token that it becomes. A free slot has no token: -1.
type rankSlot struct {
	pair         uint64
	rank, joined int32
}

func newRanks(n int) *ranks {
	log := 4
	for 1<<log < 2*n {
		log++
	}
	r := &ranks{slots: make([]rankSlot, 1<<log), shift: 64 - log}
	for i := range r.slots {
		r.slots[i].joined = -1
	}
	return r
}

// slot returns where the pair is, or a free slot.
func (r *ranks) slot(left, right int32) *rankSlot {
	pair := uint64(left)<<32 | uint64(right)
	mask := len(r.slots) - 1
	at := int(pair * 0x9E3779B97F4A7C15 >> r.shift)
	for {
		s := &r.slots[at&mask]
		if s.pair == pair || s.joined < 0 {
			return s
		}
		at++
	}
}

// set sets the rank of a pair. Of several ranks of a pair the last counts, as in
// Hugging Face's tokenizers.
func (r *ranks) set(left, right, rank, joined int32) {
	*r.slot(left, right) = rankSlot{uint64(left)<<32 | uint64(right), rank, joined}
}

// get returns the rank of a pair and the token that it becomes, which is -1 if
// it has no rank.
func (r *ranks) get(left, right int32) (rank, joined int32) {
	s := r.slot(left, right)
	return s.rank, s.joined
}
