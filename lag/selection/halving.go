package selection

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
)

func init() {
	Register(Kind{"halving:ETA,FIRST", "successive halving: one in ETA candidates continues, first after FIRST steps", Integers(func(n [2]int) Rule { return Halving{n[0], n[1]} })})
}

// Halving is successive halving (Jamieson and Talwalkar 2016, Non-stochastic
// Best Arm Identification and Hyperparameter Optimization, AISTATS) with a
// budget that grows geometrically. After rung r[i] = First Eta^(i-1) below the
// end T, i = 1, 2, ..., the best n[i] = ceil(n[i-1] / Eta) candidates continue,
// with n[0] = S. The last one left wins. If several are left after the last
// rung, all of them continue to the end and the lowest final loss wins.
//
// Extra cost, where m is the rung after which one candidate is left, or the
// last rung:
//
//	sum over i = 1..m of (n[i-1] - n[i]) r[i]  +  (n[m] - 1) T
//
// because candidates dropped at a rung were trained to that rung, and the
// winner's own training is not extra.
type Halving struct {
	Eta   int // one in Eta candidates continues; at least 2
	First int // steps before the first rung, at least 1
}

func (r Halving) String() string { return fmt.Sprintf("halving:%d,%d", r.Eta, r.First) }

// Validate implements [Rule].
func (r Halving) Validate(steps int) error {
	if r.Eta < 2 {
		return invalid(r, "one in %s continues; use 2 or more", plain.Count(r.Eta, "candidate"))
	}
	return beforeEnd(r, r.First, 1, steps)
}

// Evaluations implements [Rule]. It returns all rungs before the end; small
// pools need only the first ones.
func (r Halving) Evaluations(steps int) []int {
	var rungs []int
	if r.Eta < 2 || r.First < 1 {
		return nil
	}
	for rung := r.First; rung < steps; rung *= r.Eta {
		rungs = append(rungs, rung)
		if rung > steps/r.Eta { // the next rung is after the end, and may overflow
			break
		}
	}
	return rungs
}

// Branches implements [Rule].
func (r Halving) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r Halving) Pick(ctx context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	left := everyIndex(m.Len())
	for _, rung := range r.Evaluations(m.Steps()) {
		if len(left) <= 1 {
			break
		}
		losses, err := m.Losses(ctx, left, rung)
		if err != nil {
			return Choice{}, fmt.Errorf("rule %q: %w", r, err)
		}
		left = best(left, losses, (len(left)+r.Eta-1)/r.Eta)
	}
	return finish(ctx, r, m, left)
}
