package growth

import (
	"fmt"
	"slices"
)

// Depth up-scaling: two copies of the source that overlap.
//
//	Map = [0 .. L-m-1] + [m .. L-1]        m = L - D/2
//
// with L layers before and D = 2(L-m) after: the last m layers of the lower
// copy and the first m of the upper one are dropped, so that the seam joins
// layers that are less far apart. Kim et al. 2023, SOLAR 10.7B: Scaling Large
// Language Models with Simple yet Effective Depth Up-Scaling (arXiv
// 2312.15166), makes 48 layers of 32 with m = 8. It is the same as the middle
// block of L-2m layers repeated once in place; m = 0 is stacking.

const solarSource = "Kim et al. 2023, arXiv 2312.15166 (SOLAR, depth up-scaling)"

// SOLAR overlaps two copies of the source. It is an error if to is odd or more
// than twice from.
func SOLAR(from, to int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if to%2 != 0 || to > 2*from {
		return Strategy{}, fmt.Errorf("two overlapping copies of %d layers do not make %d: choose an even depth of at most %d", from, to, 2*from)
	}
	m := from - to/2
	return named("solar", slices.Concat(span(0, from-m), span(m, from)), solarSource), nil
}
