package bpe

import (
	"math"

	"github.com/landscape-aware/growing/data/tokenizer/merges"
)

// maxScan is the length in bytes up to which a piece's pairs are searched one by one
// for each merge. For longer pieces there is a heap.
const maxScan = 64

// unranked is the rank of pairs that are not merged.
const unranked = math.MaxInt32

// merger is the memory for merging long pieces one after another.
type merger struct {
	links []link
	heap  []uint64
}

// append appends the ids of a piece of text to dst.
func (g *merger) append(dst []int32, m *Model, piece string) []int32 {
	if m.whole != nil {
		if id, ok := m.whole[piece]; ok {
			return append(dst, id)
		}
	}
	if len(piece) > maxScan {
		return g.appendLong(dst, m, piece)
	}
	var idStore, rankStore [maxScan]int32
	ids, ranks := idStore[:len(piece)], rankStore[:len(piece)]
	for i := range len(piece) {
		ids[i] = m.bytes[piece[i]]
	}
	for i := range ranks {
		ranks[i] = unranked
		if i+1 < len(ids) {
			ranks[i] = m.rank(ids[i], ids[i+1])
		}
	}
	for {
		at, least := 0, int32(unranked)
		for i, r := range ranks {
			if r < least {
				at, least = i, r
			}
		}
		if least == unranked {
			return append(dst, ids...)
		}
		ids[at] = m.ranks.Get(merges.MakePair(ids[at], ids[at+1])).joined - 1
		ids = append(ids[:at+1], ids[at+2:]...)
		ranks = append(ranks[:at+1], ranks[at+2:]...)
		ranks[at] = unranked
		if at+1 < len(ids) {
			ranks[at] = m.rank(ids[at], ids[at+1])
		}
		if at > 0 {
			ranks[at-1] = m.rank(ids[at-1], ids[at])
		}
	}
}

// rank returns the rank of a pair, unranked if it has none.
func (m *Model) rank(left, right int32) int32 {
	r := m.ranks.Get(merges.MakePair(left, right))
	if r.joined == 0 {
		return unranked
	}
	return r.place
}

// link is a token in a list: its id and the positions of its neighbors. The id is -1
// after the token was merged into the one before, a position -1 if there is none.
type link struct{ id, before, after int32 }

// appendLong is append for long pieces. Its time is proportional to n log n.
func (g *merger) appendLong(dst []int32, m *Model, piece string) []int32 {
	g.links, g.heap = g.links[:0], g.heap[:0]
	for i := range len(piece) {
		g.links = append(g.links, link{m.bytes[piece[i]], int32(i) - 1, int32(i) + 1})
	}
	links := g.links
	links[len(links)-1].after = -1
	for i := range len(links) - 1 {
		g.push(m, int32(i))
	}
	for len(g.heap) > 0 {
		rank, at := int32(g.heap[0]>>32), int32(g.heap[0]&math.MaxUint32)
		g.pop()
		l := &links[at]
		if l.id < 0 || l.after < 0 || m.rank(l.id, links[l.after].id) != rank {
			continue // a neighbor was merged since
		}
		right := &links[l.after]
		l.id = m.ranks.Get(merges.MakePair(l.id, right.id)).joined - 1
		right.id = -1
		l.after = right.after
		if l.after >= 0 {
			links[l.after].before = at
			g.push(m, at)
		}
		if l.before >= 0 {
			g.push(m, l.before)
		}
	}
	for at := int32(0); at >= 0; at = links[at].after {
		dst = append(dst, links[at].id)
	}
	return dst
}

// push puts the pair that begins at a position into the heap if it has a rank. The
// lowest rank comes first, then the first position.
func (g *merger) push(m *Model, at int32) {
	l := g.links[at]
	rank := m.rank(l.id, g.links[l.after].id)
	if rank == unranked {
		return
	}
	h := append(g.heap, 0)
	g.heap = h
	v := uint64(rank)<<32 | uint64(at)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if h[parent] <= v {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = v
}

// pop removes the first of the heap, in which every element has four children.
func (g *merger) pop() {
	last := len(g.heap) - 1
	v := g.heap[last]
	h := g.heap[:last]
	g.heap = h
	if last == 0 {
		return
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= len(h) {
			break
		}
		best := first
		for child := first + 1; child < min(first+4, len(h)); child++ {
			if h[child] < h[best] {
				best = child
			}
		}
		if v <= h[best] {
			break
		}
		h[i] = h[best]
		i = best
	}
	h[i] = v
}
