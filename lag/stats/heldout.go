package stats

import "math"

// HeldOutRegret returns what the candidate that the early losses pick costs with a
// seed that the choice has not seen. For each seed r
//
//	pick[r]   = argmin over s of the mean over the other seeds of early[.][s]
//	best[r]   = argmin over s of the mean over the other seeds of final[.][s]
//	regret[r] = final[r][pick[r]] - final[r][best[r]]
//
// so it is what is lost on a new seed by choosing early instead of at the end. It is 0
// where early is final. Unlike [Regret] it does not compare with the lowest of noisy
// losses; it may be negative, when the seeds disagree by more than the early losses
// cost. early and final are indexed [seed][strategy].
//
// A seed with which the pick diverged and the best did not has +Inf. One for which the
// best diverged, or for which nothing can be picked, has NaN. The result is nil for fewer
// than two seeds and if the tables differ in shape.
func HeldOutRegret(early, final [][]float64) []float64 {
	if _, ok := shape(early, final); !ok || len(early) < 2 {
		return nil
	}
	regret := make([]float64, len(early))
	for r := range early {
		pick, best := ArgMin(MeanLosses(without(early, r))), ArgMin(MeanLosses(without(final, r)))
		regret[r] = math.NaN()
		if pick >= 0 && best >= 0 && isFinite(final[r][best]) {
			regret[r] = final[r][pick] - final[r][best]
		}
	}
	return regret
}
