package growth

// Lossless growing does not change the source's function: duplicates are
// interleaved with their sources, and gated or zeroed.
//
//	Map[i] = floor(i L / D), see [Interleave]
//
// Masked structural growth (Yao et al. 2024, Masked Structural Growth for 2x
// Faster Language Model Pre-training, arXiv 2305.02869) multiplies added parts
// by a mask that goes from 0 to 1 in the first steps after growing. This
// preserves the function for any new weights, in pre-norm and post-norm stacks.
// The places of the new layers, and that they are copies, are our choice.
//
// Lossless expansion (Wang et al. 2023, LEMON: Lossless model expansion, arXiv
// 2310.07999) widens and deepens without changing the function. It continues
// training with a new schedule that begins at the full learning rate and decays
// faster. Here only the depth grows, by layers whose branches end in zeros,
// which is lossless only in pre-norm stacks. The schedule restarts and is as
// long as the training after growing. We only had the abstract and summaries.

const (
	msgSource   = "after Yao et al. 2024, arXiv 2305.02869 (masked structural growth), depth only"
	lemonSource = "after Wang et al. 2023, arXiv 2310.07999 (LEMON), depth only"
)

// MSG is masked structural growth in depth: it repeats each layer in place and
// gates the duplicates for gateSteps training steps.
func MSG(from, to, gateSteps int) (Strategy, error) {
	s, err := Interleave(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "msg", msgSource
	s.Init = Init{Kind: Gated, GateSteps: gateSteps}
	return s, s.Validate(Depths{from})
}

// LEMON is lossless expansion in depth: it repeats each layer in place, zeroes
// the output projections of the duplicates, and restarts the schedule.
func LEMON(from, to int) (Strategy, error) {
	s, err := Interleave(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "lemon", lemonSource
	s.Init, s.Restart = Init{Kind: Zero}, true
	return s, nil
}
