package unigram

import (
	"math"
	"slices"
)

// resetAt is the magnitude of a score beyond which sentencepiece subtracts it
// from all scores, so that long texts keep their precision.
const resetAt = 100000

// node is the best path that ends at a byte of the text.
type node[F float32 | float64] struct {
	score  F
	second F     // score of the second best path
	start  int32 // of the last piece; -1 if no path ends here
	id     int32 // of the last piece
}

func (n *node[F]) offer(score F, start, id int32) {
	switch {
	case n.start < 0:
		n.score, n.start, n.id = score, start, id
	case score > n.score:
		n.second = n.score
		n.score, n.start, n.id = score, start, id
	case score > n.second:
		n.second = score
	}
}

// step is a piece of a path.
type step struct {
	id   int32 // the unknown piece's may be -1
	size int32 // in bytes
}

// charLen returns the length of the character that begins at text[0], as its first
// byte gives it, at most that of text.
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

// search finds the best paths from the beginning of text to each of its bytes.
// scores are those of the pieces, unk that of an unknown character, and before that
// of the path that leads to text. With reset, scores are reduced beyond resetAt. The
// memory of nodes is used if it suffices.
//
// Scores are added in the order in which sentencepiece's EncodeOptimized (float32)
// and Hugging Face's tokenizers (float64) add them, so that near ties are decided as
// there. search also returns the number of characters, and the largest magnitude of
// any score.
func search[F float32 | float64](t trie, nodes []node[F], text []byte, scores []F, unk F, unkID int32, before F, reset bool) (_ []node[F], chars int, widest F) {
	if cap(nodes) <= len(text) {
		nodes = make([]node[F], len(text)+len(text)/4+64)
	}
	nodes = nodes[:len(text)+1]
	for i := range nodes {
		nodes[i] = node[F]{second: F(math.Inf(-1)), start: -1}
	}
	nodes[0].score = before
	for start := 0; start < len(text); chars++ {
		score := nodes[start].score
		if reset && (score < -resetAt || score > resetAt) {
			// No path that is open ends further on than the longest piece.
			for i := range nodes[start:min(start+maxPiece, len(nodes))] {
				nodes[start+i].score -= score
			}
			score = 0
		}
		char := charLen(text[start:])
		single := false // a piece is the one character here
		for size, id := range prefixes(t, text[start:]) {
			single = single || size == char
			s := scores[id] + score
			widest = max(widest, s, -s)
			nodes[start+size].offer(s, int32(start), id)
		}
		if !single {
			s := unk + score
			widest = max(widest, s, -s)
			nodes[start+char].offer(s, int32(start), unkID)
		}
		start += char
	}
	return nodes, chars, widest
}

// appendPath appends the best path to the last of nodes.
func appendPath[F float32 | float64](path []step, nodes []node[F]) []step {
	first := len(path)
	for end := int32(len(nodes) - 1); end > 0; {
		n := nodes[end]
		path = append(path, step{n.id, end - n.start})
		end = n.start
	}
	slices.Reverse(path[first:])
	return path
}

// viterbi appends to path the best segmentation of text, which is not empty, as
// sentencepiece finds it after text whose score is before. It returns the score at
// the end.
func (e *Encoder) viterbi(path []step, text []byte, before float32) ([]step, float32) {
	m := e.m
	e.nodes, _, _ = search(m.trie, e.nodes, text, m.scores, m.unkScore, m.unk, before, true)
	return appendPath(path, e.nodes), e.nodes[len(text)].score
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
	nodes, chars, widest := search(m.trie, e.exact, text, m.exact, m.exactUnk, m.unk, 0, false)
	e.exact = nodes
	margin := math.Inf(1)
	for end := int32(len(text)); end > 0; end = nodes[end].start {
		margin = min(margin, nodes[end].score-nodes[end].second)
	}
	n := float64(chars)
	margin -= 1e-14 * n * widest // this function's own rounding
	const ulp = 1.01 / (1 << 24) // the hundredth is for the sums' own growth by rounding
	limit := margin/(2*n*ulp) - widest
	return appendPath(path, nodes), min(limit, resetAt/2-widest)
}
