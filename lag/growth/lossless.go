package growth

// Growing that leaves the source's function as it is: duplicates interleaved
// with their sources, gated or zeroed.
//
//	Map[i] = floor(i L / D), see [Interleave]
//
// Masked structural growth: Yao et al. 2024, Masked Structural Growth for 2x
// Faster Language Model Pre-training (arXiv 2305.02869), multiplies what is new
// by a mask that goes from 0 to 1 in the first steps after growing, which
// preserves the function whatever the new weights are and wherever the norms
// stand. Where the new layers stand and that they are copies is our choice.
//
// Lossless expansion: Wang et al. 2023, LEMON: Lossless model expansion (arXiv
// 2310.07999), widens and deepens without changing the function, and trains on
// with a schedule of its own, which begins at the full learning rate again and
// decays faster. Of that, what is here is a depth that is expanded by layers
// whose branches end in zeros, which is lossless in pre-norm stacks alone, and
// the schedule begun anew, as long as the training after growing is. Only the
// abstract and summaries were at hand when this was written.

const (
	msgSource   = "after Yao et al. 2024, arXiv 2305.02869 (masked structural growth), depth only"
	lemonSource = "after Wang et al. 2023, arXiv 2310.07999 (LEMON), depth only"
)

// MSG is masked structural growth in depth: each layer repeated in its place,
// the duplicates gated for so many training steps.
func MSG(from, to, gateSteps int) (Strategy, error) {
	s, err := Interleave(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "msg", msgSource
	s.Init = Init{Kind: Gated, GateSteps: gateSteps}
	return s, s.Validate(Depths{from})
}

// LEMON is lossless expansion in depth: each layer repeated in its place, the
// duplicates with zeroed output projections, and the schedule begun anew.
func LEMON(from, to int) (Strategy, error) {
	s, err := Interleave(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "lemon", lemonSource
	s.Init, s.Restart = Init{Kind: Zero}, true
	return s, nil
}
