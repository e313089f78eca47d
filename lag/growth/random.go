package growth

import (
	"fmt"
	"slices"
)

// New layers with the model's own random initialization are added to the source
// at one gap p.
//
//	Map = [0 .. p-1] + (D-L) New + [p .. L-1]
//
// with L layers before and D after. They are the usual control in studies of
// stacking (among others Gong et al. 2019 and Du et al. 2024, arXiv
// 2405.15319): they show the value of added depth without copying.

const randomSource = "random new layers, the usual control (Gong et al. 2019; Du et al. 2024, arXiv 2405.15319)"

// RandomAt puts to-from new layers at a gap of the source: gap 0 is at the
// bottom, gap from on top.
func RandomAt(from, to, gap int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if gap < 0 || gap > from {
		return Strategy{}, fmt.Errorf("a stack of %s has no gap %d: choose one from 0 (bottom) to %d (top)", Depths{from}.Layers(), gap, from)
	}
	m := slices.Concat(span(0, gap), slices.Repeat(Map{New}, to-from), span(gap, from))
	return named(fmt.Sprintf("random-gap-%d", gap), m, randomSource), nil
}

// RandomLayers returns [RandomAt] for the bottom, the middle (gap from/2) and
// the top, with corresponding names. A source of one layer has no middle.
func RandomLayers(from, to int) (Pool, error) {
	var pool Pool
	for _, place := range []struct {
		name string
		gap  int
	}{{"random-bottom", 0}, {"random-middle", from / 2}, {"random-top", from}} {
		s, err := RandomAt(from, to, place.gap)
		if err != nil {
			return nil, err
		}
		s.Name = place.name
		pool = append(pool, s)
	}
	return pool.Dedupe(), nil
}
