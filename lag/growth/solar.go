package growth

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// Depth up-scaling joins two overlapping copies of the source.
//
//	Map = [0 .. L-m-1] + [m .. L-1]        m = L - D/2
//
// with L layers before and D = 2(L-m) after. The last m layers of the lower
// copy and the first m of the upper copy are dropped, so that the layers at the
// seam are closer to each other. Kim et al. 2023, SOLAR 10.7B: Scaling Large
// Language Models with Simple yet Effective Depth Up-Scaling (arXiv
// 2312.15166), grows 32 layers to 48 with m = 8. The result is the same as
// repeating the middle block of L-2m layers once in place. With m = 0 it is
// stacking.

const solarSource = "Kim et al. 2023, arXiv 2312.15166 (SOLAR, depth up-scaling)"

// SOLAR joins two overlapping copies of the source. To must be even and at most
// twice from.
func SOLAR(from, to int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if to%2 != 0 || to > 2*from {
		return Strategy{}, fmt.Errorf("two overlapping copies of %s cannot have %s: choose an even depth of at most %d", Depths{from}.Layers(), plain.Count(to, "layer"), 2*from)
	}
	m := from - to/2
	return named("solar", slices.Concat(span(0, from-m), span(m, from)), solarSource), nil
}
