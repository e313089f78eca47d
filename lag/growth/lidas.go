package growth

import "fmt"

// LIDAS repeats the block in the exact middle of the source, counted in layers.
//
//	Map = [0 .. a+b-1] + (D-L)/b copies of [a .. a+b-1] + [a+b .. L-1]
//	a = floor((L-b)/2)
//
// with L layers before, D after, and blocks of b layers. MIDAS ([RepeatMiddle])
// takes the middle one of the source's consecutive blocks, which is below the
// middle if their number is even. Kapl et al. 2025, Do Depth-Grown Models Overcome
// the Curse of Depth? (arXiv 2512.08819), proposes LIDAS as a light change to
// MIDAS with weights that are symmetric about the middle. We only read its
// abstract; the formula is this project's own. It is [InPlaceBlock] at a, so a pool
// with that block has it under that name.

const lidasSource = "after Kapl et al. 2025, arXiv 2512.08819 (LIDAS; definition ours)"

// LIDAS repeats the block in the middle in place until there are to layers. Block
// must divide to-from.
func LIDAS(from, to, block int) (Strategy, error) {
	if err := checkBlock(from, to, block); err != nil {
		return Strategy{}, err
	}
	start := (from - block) / 2
	m, err := insertion(from, to, block, start, start+block)
	if err != nil {
		return Strategy{}, err
	}
	return named(fmt.Sprintf("lidas-%d", block), m, lidasSource), nil
}
