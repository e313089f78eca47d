package selection

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/lag/stats"
)

func init() {
	Register(Kind{"power-law:K", "the lowest extrapolation from K steps to the end", Integers(func(n [1]int) Rule { return PowerLaw{n[0]} })})
}

// PowerLaw trains every candidate for Probe steps, fits a + b t^-c to the
// losses from step Probe/10 on, and picks the lowest value of the fit at the
// end T: [stats.FitPowerLaw]. The fit uses three or four points. Three points
// determine it exactly, so the extrapolation contains their noise in full.
//
// It is a rule that was published for other choices, and is here to be compared. In
// the studies of notebooks/results it picks far worse than the loss at Probe itself:
// strategies that fall fastest at the lag are those that growing set back most, and
// they do not overtake. A learning rate that falls to 0 makes it worse, because that
// fall is no power law either. So a study does not compare it by default.
//
// Extra cost: (S-1) Probe steps.
type PowerLaw struct {
	Probe int // steps, at least 3
}

func (r PowerLaw) String() string { return fmt.Sprintf("power-law:%d", r.Probe) }

// Validate implements [Rule].
func (r PowerLaw) Validate(steps int) error { return beforeEnd(r, r.Probe, 3, steps) }

// Evaluations implements [Rule]. It returns the steps of the series 1, 2, 5,
// 10, 20, 50, ... from Probe/10 to Probe, and Probe. These are three or four
// steps, at which losses are usually evaluated. Earlier losses are not used,
// because a candidate first recovers from the growing, which follows no power
// law.
func (r PowerLaw) Evaluations(int) []int {
	var steps []int
	for decade := 1; decade < r.Probe; decade *= 10 {
		for _, step := range []int{decade, 2 * decade, 5 * decade} {
			if step < r.Probe && step >= (r.Probe+9)/10 {
				steps = append(steps, step)
			}
		}
		if decade > r.Probe/10 { // the next would be after it
			break
		}
	}
	return append(steps, r.Probe)
}

// Branches implements [Rule].
func (r PowerLaw) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r PowerLaw) Pick(ctx context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	left := everyIndex(m.Len())
	curves := make([][]float64, m.Len())
	var times []float64
	for _, step := range r.Evaluations(m.Steps()) {
		losses, err := m.Losses(ctx, left, step)
		if err != nil {
			return Choice{}, fmt.Errorf("rule %q: %w", r, err)
		}
		times = append(times, float64(step))
		for j, i := range left {
			curves[i] = append(curves[i], losses[j])
		}
		left = best(left, losses, len(left))
	}
	predicted := make([]float64, len(left))
	for j, i := range left {
		predicted[j] = stats.FitPowerLaw(times, curves[i]).At(float64(m.Steps()))
	}
	return m.Choice(winner(left, predicted)), nil
}
