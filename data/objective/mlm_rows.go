package objective

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// mlmRows makes the rows of an [MLM]'s batches.
type mlmRows struct {
	MLM
	vocab     Vocabulary
	store     Tokens
	documents *documents // for sentence pairs
	special   []bool     // by id
	continues []bool     // by id: continues the previous token's word; nil without WholeWords
	ordinary  []int32    // all ids that are not special
}

func (m *mlmRows) window() int64 {
	if m.Pairs != nil {
		return int64(m.SequenceLength - 3)
	}
	return int64(m.SequenceLength - 2)
}

func (m *mlmRows) newBatch(size int) *MLMBatch {
	L, P := m.SequenceLength, m.Predictions(m.SequenceLength)
	b := &MLMBatch{
		Size: size, Length: L, Predictions: P,
		Tokens:    make([]int32, size*L),
		Positions: make([]int32, size*P),
		Labels:    make([]int32, size*P),
		Weights:   make([]float32, size*P),
		Lengths:   make([]int32, size),
	}
	if m.Pairs != nil {
		b.Segments, b.NextSentence = make([]int32, size*L), make([]int32, size)
	}
	return b
}

func (m *mlmRows) newScratch() *scratch {
	return &scratch{candidates: make([]int32, 0, m.SequenceLength), words: make([]int32, 0, m.SequenceLength)}
}

func (m *mlmRows) fill(b *MLMBatch, row int, at int64, r *rand.Rand, s *scratch) error {
	tokens := b.Tokens[row*b.Length : (row+1)*b.Length]
	if m.Pairs != nil {
		n, err := m.fillPair(b, row, at, r)
		if err != nil {
			return err
		}
		fill(tokens[n:], m.vocab.Pad)
		tokens = tokens[:n]
	} else {
		tokens[0], tokens[b.Length-1] = m.vocab.Cls, m.vocab.Sep
		if err := m.store.Read(tokens[1:b.Length-1], at); err != nil {
			return fmt.Errorf("objective: reading a window: %w", err)
		}
	}
	b.Lengths[row] = int32(len(tokens))
	s.candidates = s.candidates[:0]
	for i, id := range tokens {
		if id < 0 || int(id) >= m.vocab.Size {
			return m.vocab.errForeign(at, id)
		}
		if !m.special[id] {
			s.candidates = append(s.candidates, int32(i))
		}
	}
	var chosen []int32
	if n := m.Predictions(len(tokens)); m.continues == nil {
		chosen = choose(s.candidates, n, r)
	} else {
		chosen = m.chooseWords(tokens, n, r, s)
	}
	slices.Sort(chosen)

	first := row * b.Predictions
	for i, position := range chosen {
		b.Positions[first+i] = position
		b.Labels[first+i] = tokens[position]
		b.Weights[first+i] = 1
		switch u := r.Float64(); {
		case u < 0.8:
			tokens[position] = m.vocab.Mask
		case u < 0.9:
			tokens[position] = m.ordinary[r.IntN(len(m.ordinary))]
		}
	}
	return nil
}

// choose returns a uniformly random subset of n candidates, or all if there are
// fewer. It reorders the candidates.
func choose(candidates []int32, n int, r *rand.Rand) []int32 {
	// The first n items of a random permutation are a random subset.
	n = min(n, len(candidates))
	for i := range n {
		j := i + r.IntN(len(candidates)-i)
		candidates[i], candidates[j] = candidates[j], candidates[i]
	}
	return candidates[:n]
}

// chooseWords returns the positions of random words, at most n positions. A
// word is a candidate and the following candidates that continue it. The rest
// of a word that begins before the window counts as a word.
func (m *mlmRows) chooseWords(tokens []int32, n int, r *rand.Rand, s *scratch) []int32 {
	s.words = s.words[:0]
	for i, position := range s.candidates {
		if i == 0 || s.candidates[i-1] != position-1 || !m.continues[tokens[position]] {
			s.words = append(s.words, position)
		}
	}
	chosen := s.candidates[:0] // s.words suffices to find the positions again
	for i := 0; i < len(s.words) && len(chosen) < n; i++ {
		j := i + r.IntN(len(s.words)-i)
		s.words[i], s.words[j] = s.words[j], s.words[i]
		begin := int(s.words[i])
		end := begin + 1
		for end < len(tokens) && !m.special[tokens[end]] && m.continues[tokens[end]] {
			end++
		}
		if len(chosen)+end-begin > n {
			continue
		}
		for position := begin; position < end; position++ {
			chosen = append(chosen, int32(position))
		}
	}
	return chosen
}

// fill sets all elements of s to id.
func fill(s []int32, id int32) {
	for i := range s {
		s[i] = id
	}
}
