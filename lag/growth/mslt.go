package growth

import (
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
)

// Multi-stage layerwise training adds copies of the top layers on top and first
// trains only these.
//
//	Map = [0 .. L-1], then the last D-L terms of L layers repeated:
//	Map[i] = (i - D) mod L for i >= L        [0 1 2] -> [0 1 2 1 2] for 5
//
// with L layers before and D after. Yang et al. 2020, Progressively Stacking
// 2.0: A Multi-stage Layerwise Training Method for BERT Training Speedup (arXiv
// 2011.13635), grows in stages. Each stage trains only the new layers at the
// top, so the backward pass ends below them; at the end all layers are trained.
// Freezing the embeddings and the head too is our simplification, and so is
// copying the source's top layers if more than L are added.

const msltSource = "after Yang et al. 2020, arXiv 2011.13635 (multi-stage layerwise training)"

// MSLT appends copies of the top layers and trains only these for newFirst
// steps, at least 1; see [Strategy.Frozen].
func MSLT(from, to, newFirst int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if newFirst < 1 {
		return Strategy{}, fmt.Errorf("MSLT trains only new layers for %s: give at least 1", plain.Count(newFirst, "step"))
	}
	m := span(0, from)
	for i := from; i < to; i++ {
		m = append(m, ((i-to)%from+from)%from)
	}
	s := named("mslt", m, msltSource)
	s.NewFirst = newFirst
	return s, nil
}
