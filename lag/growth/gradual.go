package growth

import (
	"fmt"
	"slices"
)

// Gradual stacking repeats one block of the source in place, the last or the
// middle one.
//
//	last:   Map = [0 .. L-1] + (D-L)/b copies of [L-b .. L-1]
//	middle: Map = [0 .. a+b-1] + (D-L)/b copies of [a .. a+b-1] + [a+b .. L-1]
//
// with L layers before, D after, and blocks of b layers. Reddi et al. 2023,
// Efficient Training of Language Models using Few-Shot Learning (ICML), repeats
// the last block stage by stage; each stage adds one copy (D = L+b). Saunshi et
// al. 2024, On the Inductive Bias of Stacking Towards Improving Reasoning
// (arXiv 2409.19044), repeats the middle block and calls it MIDAS. If no block
// is exactly in the middle, our choice is the ceil(n/2)-th of the n = L/b
// blocks, so a = b floor((n-1)/2); if b does not divide L, a = floor((L-b)/2).

const (
	lastSource   = "Reddi et al. 2023 (gradual stacking)"
	middleSource = "Saunshi et al. 2024, arXiv 2409.19044 (MIDAS)"
)

// GradualStacking applies [RepeatLast] to each stack that grows. The block is
// the largest that divides the added depth and is smaller than the source, or
// the whole source if it has one layer.
func GradualStacking(from, to Depths) (Strategy, error) { return eachStack(from, to, 0, RepeatLast) }

// MIDAS applies [RepeatMiddle] to each stack that grows, with the block size of
// [GradualStacking].
func MIDAS(from, to Depths) (Strategy, error) { return eachStack(from, to, 0, RepeatMiddle) }

// GradualStackings returns [GradualStacking], then RepeatLast of every smaller
// block that fits all stacks, the largest first; none where nothing grows.
func GradualStackings(from, to Depths) []Strategy { return everyBlock(from, to, RepeatLast) }

// MIDASes returns the same of [MIDAS].
func MIDASes(from, to Depths) []Strategy { return everyBlock(from, to, RepeatMiddle) }

func everyBlock(from, to Depths, repeat func(from, to, block int) (Strategy, error)) []Strategy {
	largest, err := eachStack(from, to, 0, repeat)
	if err != nil {
		return nil
	}
	list := []Strategy{largest}
	for block := slices.Max(from); block > 0; block-- {
		if s, err := eachStack(from, to, block, repeat); err == nil {
			list = append(list, s)
		}
	}
	return list
}

// eachStack repeats a block in each stack that grows, the largest that fits
// where block is 0.
func eachStack(from, to Depths, block int, repeat func(from, to, block int) (Strategy, error)) (s Strategy, err error) {
	if err := from.check(to); err != nil {
		return s, err
	}
	var maps []Map
	for i := range from {
		if from[i] == to[i] {
			maps = append(maps, span(0, from[i]))
			continue
		}
		n := block
		if n == 0 {
			n = max(largestBlock(from[i]-1, to[i]-from[i]), 1)
		}
		if s, err = repeat(from[i], to[i], n); err != nil {
			return s, err
		}
		maps = append(maps, s.Map)
	}
	if s.Map = maps[len(maps)-1]; len(maps) == 2 {
		s.Encoder = maps[0]
	}
	return s, nil
}

// RepeatLast is gradual stacking: it repeats the last block of the source on
// top until there are to layers. Block must divide to-from.
func RepeatLast(from, to, block int) (Strategy, error) {
	m, err := insertion(from, to, block, from-block, from)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("repeat-last-%d", block), m, lastSource), nil
}

// RepeatMiddle is MIDAS: it repeats the middle block of the source in place
// until there are to layers. Block must divide to-from.
func RepeatMiddle(from, to, block int) (Strategy, error) {
	if err := checkBlock(from, to, block); err != nil {
		return Strategy{}, err
	}
	start := (from - block) / 2
	if from%block == 0 {
		start = (from/block - 1) / 2 * block
	}
	m, err := insertion(from, to, block, start, start+block)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("repeat-middle-%d", block), m, middleSource), nil
}
