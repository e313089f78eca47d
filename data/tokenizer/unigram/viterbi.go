package unigram

import (
	"math"
	"slices"
)

// resetAt is the magnitude of a score beyond which sentencepiece subtracts it
// from all scores, so that long texts keep their precision.
const resetAt = 100000

// node is the best path that ends at a byte of the text.
type node struct {
	score float32
	start int32 // of its last piece; -1 if no path ends here
	id    int32 // of its last piece
}

// step is a piece of a path.
type step struct {
	id   int32 // the unknown piece's may be -1
	size int32 // in bytes
}

// charLen returns the length of the character that begins at text[0] as far as
// its first byte tells.
func charLen(text []byte) int {
	n := 1
	switch c := text[0]; {
	case c >= 0xF0:
		n = 4
	case c >= 0xE0:
		n = 3
	case c >= 0xC0:
		n = 2
	}
	return min(n, len(text))
}

// userScore is the score of a user-defined piece of size bytes. It is above
// that of any ordinary piece, and prefers long pieces.
func userScore(size int) float32 { return float32(0.1 * float64(size-1)) }

// viterbi appends to path the best segmentation of text, which is not empty,
// given the score of the path that leads to it, and returns the score at its
// end. Scores are added up in float32 in the order in which sentencepiece's
// EncodeOptimized adds them, so that near ties are decided as there.
func (e *Encoder) viterbi(path []step, text []byte, before float32) ([]step, float32) {
	m := e.m
	if cap(e.nodes) <= len(text) {
		e.nodes = make([]node, len(text)+len(text)/4+64)
	}
	nodes := e.nodes[:len(text)+1]
	for i := range nodes {
		nodes[i] = node{start: -1}
	}
	nodes[0].score = before
	frontier := 0
	root := m.trie.root()
	for start := 0; start < len(text); {
		score := nodes[start].score
		if score < -resetAt || score > resetAt {
			for i := start; i <= frontier; i++ {
				if i == start || nodes[i].start != -1 {
					nodes[i].score -= score
				}
			}
			score = 0
		}
		char := charLen(text[start:])
		single := false // a piece is the one character here
		base := root
		for i := start; i < len(text); i++ {
			next, unit, ok := m.trie.step(base, text[i])
			if !ok {
				break
			}
			base = next
			if unit&trieEnds == 0 {
				continue
			}
			id := m.trie.value(base)
			size := i + 1 - start
			s := m.scores[id]
			single = single || size == char
			frontier = max(frontier, i+1)
			if n := &nodes[i+1]; n.start < 0 || s+score > n.score {
				*n = node{s + score, int32(start), id}
			}
		}
		if !single {
			frontier = max(frontier, start+char)
			if n := &nodes[start+char]; n.start < 0 || m.unkScore+score > n.score {
				*n = node{m.unkScore + score, int32(start), m.unk}
			}
		}
		start += char
	}
	first := len(path)
	for end := len(text); end > 0; {
		n := nodes[end]
		path = append(path, step{n.id, int32(end) - n.start})
		end = int(n.start)
	}
	slices.Reverse(path[first:])
	return path, nodes[len(text)].score
}

// exactNode is a node of [Encoder.safe].
type exactNode struct {
	best, second float64
	start, id    int32
}

func (n *exactNode) offer(score float64, start int, id int32) {
	switch {
	case score > n.best:
		n.second = n.best
		n.best, n.start, n.id = score, int32(start), id
	case score > n.second:
		n.second = score
	}
}

// safe appends to path the best segmentation of text, and returns the magnitude
// of the score before text up to which rounding cannot change it: while the
// score is below that, [Encoder.viterbi] gives the same path. It is negative if
// there is no such bound.
//
// Let V be the exact best score of a place in text. viterbi computes it by at
// most n float32 additions, n being the characters of text, on sums of
// magnitude at most S+W, where S is the score before text and W the largest of
// any candidate within; each rounds by at most (S+W)/2^24. So a computed
// candidate is off by at most n(S+W)/2^24, and the best one wins if it is
// ahead of the second by more than twice that, at every place on its path.
func (e *Encoder) safe(path []step, text []byte) ([]step, float64) {
	m := e.m
	if cap(e.exact) <= len(text) {
		e.exact = make([]exactNode, len(text)+len(text)/4+64)
	}
	nodes := e.exact[:len(text)+1]
	for i := range nodes {
		nodes[i] = exactNode{best: math.Inf(-1), second: math.Inf(-1), start: -1}
	}
	nodes[0].best = 0
	lowest, highest, chars := 0.0, 0.0, 0
	root := m.trie.root()
	for start := 0; start < len(text); chars++ {
		score := nodes[start].best
		char := charLen(text[start:])
		single := false
		base := root
		for i := start; i < len(text); i++ {
			next, unit, ok := m.trie.step(base, text[i])
			if !ok {
				break
			}
			base = next
			if unit&trieEnds == 0 {
				continue
			}
			id := m.trie.value(base)
			single = single || i+1-start == char
			s := score + float64(m.scores[id])
			lowest, highest = min(lowest, s), max(highest, s)
			nodes[i+1].offer(s, start, id)
		}
		if !single {
			s := score + float64(m.unkScore)
			lowest, highest = min(lowest, s), max(highest, s)
			nodes[start+char].offer(s, start, m.unk)
		}
		start += char
	}
	margin := math.Inf(1)
	first := len(path)
	for end := len(text); end > 0; {
		n := &nodes[end]
		margin = min(margin, n.best-n.second)
		path = append(path, step{n.id, int32(end) - n.start})
		end = int(n.start)
	}
	slices.Reverse(path[first:])
	n, widest := float64(chars), max(-lowest, highest)
	margin -= 1e-14 * n * widest // this function's own rounding
	const ulp = 1.01 / (1 << 24) // the hundredth is for the sums' own growth by rounding
	limit := margin/(2*n*ulp) - widest
	return path, min(limit, resetAt/2-widest)
}
