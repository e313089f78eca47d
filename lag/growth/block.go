package growth

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// Block insertion adds copies of a block of b layers, [a, a+b), at a gap p.
//
//	Map = [0 .. p-1] + (D-L)/b copies of [a .. a+b-1] + [p .. L-1]
//
// with L layers before and D after. All strategies in this file are special
// cases: p = a+b repeats the block in place, p = L appends it on top. A block
// has L-b+1 possible starts and there are L+1 gaps, so there are (L-b+1)(L+1)
// insertions. Those at p = a and p = a+b have the same map, so (L-b+1)L are
// distinct.
//
// Karp et al. 2024, Landscape-Aware Growing: The Power of a Little LAG (arXiv
// 2406.02469), chooses among such strategies. We only read its abstract; the
// definitions here are ours. Depth up-scaling ([SOLAR], Kim et al. 2023, arXiv
// 2312.15166) repeats the middle b = D-L layers of the source in place, for D <
// 2L.

const blockSource = "block strategies in the sense of Karp et al. 2024, arXiv 2406.02469 (definition ours)"

// InsertBlock inserts copies of the block of layers [start, start+block) at a
// gap, until there are to layers. Gap p is below source layer p; gap from is on
// top. Block must divide to-from.
func InsertBlock(from, to, block, start, gap int) (Strategy, error) {
	m, err := insertion(from, to, block, start, gap)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("insert-%d@%d-gap-%d", block, start, gap), m, blockSource), nil
}

// Insertions returns [InsertBlock] for every start and every gap:
// (from-block+1)(from+1) strategies, (from-block+1)from of them distinct.
func Insertions(from, to, block int) (Pool, error) {
	var pool Pool
	err := eachStart(from, to, block, func(start int) error {
		for gap := range from + 1 {
			s, err := InsertBlock(from, to, block, start, gap)
			if err != nil {
				return err
			}
			pool = append(pool, s)
		}
		return nil
	})
	return pool, err
}

// InPlaceBlock repeats the block of layers [start, start+block) in place until
// there are to layers. For example, block 1 at 1 grows [0 1 2] to [0 1 1 1 1
// 2]. Block must divide to-from.
func InPlaceBlock(from, to, block, start int) (Strategy, error) {
	m, err := insertion(from, to, block, start, start+block)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("in-place-%d@%d", block, start), m, blockSource), nil
}

// InPlaceBlocks returns [InPlaceBlock] for every start: from-block+1 strategies.
func InPlaceBlocks(from, to, block int) (Pool, error) {
	return blocks(from, to, block, InPlaceBlock)
}

// AppendBlock repeats the block of layers [start, start+block) on top of the
// source until there are to layers. For example, block 1 at 1 grows [0 1 2] to
// [0 1 2 1 1 1]. Block must divide to-from.
func AppendBlock(from, to, block, start int) (Strategy, error) {
	m, err := insertion(from, to, block, start, from)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("append-%d@%d", block, start), m, blockSource), nil
}

// AppendBlocks returns [AppendBlock] for every start: from-block+1 strategies.
// The last of them is the same as repeating the last block in place.
func AppendBlocks(from, to, block int) (Pool, error) {
	return blocks(from, to, block, AppendBlock)
}

func blocks(from, to, block int, one func(from, to, block, start int) (Strategy, error)) (Pool, error) {
	var pool Pool
	err := eachStart(from, to, block, func(start int) error {
		s, err := one(from, to, block, start)
		pool = append(pool, s)
		return err
	})
	return pool, err
}

func eachStart(from, to, block int, visit func(start int) error) error {
	if err := checkBlock(from, to, block); err != nil {
		return err
	}
	for start := range from - block + 1 {
		if err := visit(start); err != nil {
			return err
		}
	}
	return nil
}

// insertion returns the map of the formula at the top of the file.
func insertion(from, to, block, start, gap int) (Map, error) {
	if err := checkBlock(from, to, block); err != nil {
		return nil, err
	}
	if start < 0 || start > from-block {
		return nil, fmt.Errorf("a block of %s cannot start at layer %d of %d: choose a start from 0 to %d", plain.Count(block, "layer"), start, from, from-block)
	}
	if gap < 0 || gap > from {
		return nil, fmt.Errorf("a stack of %s has no gap %d: choose one from 0 (bottom) to %d (top)", Depths{from}.Layers(), gap, from)
	}
	copies := slices.Repeat(span(start, start+block), (to-from)/block)
	return slices.Concat(span(0, gap), copies, span(gap, from)), nil
}

func checkBlock(from, to, block int) error {
	if err := checkDepths(from, to); err != nil {
		return err
	}
	if block < 1 || block > from {
		return fmt.Errorf("a stack of %s has no block of %d: choose a size from 1 to %d", Depths{from}.Layers(), block, from)
	}
	if added := to - from; added%block != 0 {
		return fmt.Errorf("copies of a block of %s cannot add the %s from %d to %d: choose a size that divides %d", plain.Count(block, "layer"), plain.Count(added, "layer"), from, to, added)
	}
	return nil
}

// named returns a strategy of this package that copies layers and their moments.
func named(name string, m Map, source string) Strategy {
	s := Custom(name, m, Copy)
	s.Source = source
	return s
}
