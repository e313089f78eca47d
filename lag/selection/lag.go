package selection

import (
	"context"
	"fmt"
)

func init() {
	Register(Kind{"lag:K", "LAG: the lowest loss after K steps", Integers(func(n [1]int) Rule { return LAG{n[0]} })})
	Register(Plain(LossAtInit{}, "the lowest loss right after growing"))
	Register(Plain(Oracle{}, "the lowest final loss"))
}

// LAG trains every candidate for a lag and picks the one with the lowest
// validation loss then. Extra cost: (S-1) Lag steps.
//
// Landscape-Aware Growing: The Power of a Little LAG (arXiv 2406.02469,
// abstract) claims that the loss after a lag predicts the final loss, and the
// loss at initialization does not.
type LAG struct {
	Lag int // training steps, at least 1
}

func (r LAG) String() string { return fmt.Sprintf("lag:%d", r.Lag) }

// Validate implements [Rule].
func (r LAG) Validate(steps int) error { return beforeEnd(r, r.Lag, 1, steps) }

// Evaluations implements [Rule].
func (r LAG) Evaluations(int) []int { return []int{r.Lag} }

// Branches implements [Rule].
func (r LAG) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r LAG) Pick(ctx context.Context, c Candidates) (Choice, error) {
	return pickAt(ctx, r, c, r.Lag)
}

// LossAtInit picks the candidate with the lowest validation loss right after
// growing. No extra cost.
type LossAtInit struct{}

func (LossAtInit) String() string { return "loss-at-init" }

// Validate implements [Rule].
func (LossAtInit) Validate(int) error { return nil }

// Evaluations implements [Rule].
func (LossAtInit) Evaluations(int) []int { return nil }

// Branches implements [Rule].
func (LossAtInit) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r LossAtInit) Pick(ctx context.Context, c Candidates) (Choice, error) {
	return pickAt(ctx, r, c, 0)
}

// Oracle trains every candidate to the end and picks the lowest final loss: no
// rule can do better. Extra cost: (S-1) T steps.
type Oracle struct{}

func (Oracle) String() string { return "oracle" }

// Validate implements [Rule].
func (Oracle) Validate(int) error { return nil }

// Evaluations implements [Rule].
func (Oracle) Evaluations(int) []int { return nil }

// Branches implements [Rule].
func (Oracle) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r Oracle) Pick(ctx context.Context, c Candidates) (Choice, error) {
	return pickAt(ctx, r, c, c.Steps())
}

// pickAt picks the lowest loss of all candidates at one step.
func pickAt(ctx context.Context, r Rule, c Candidates, step int) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	all := everyIndex(m.Len())
	losses, err := m.Losses(ctx, all, step)
	if err != nil {
		return Choice{}, fmt.Errorf("rule %q: %w", r, err)
	}
	return m.Choice(winner(all, losses)), nil
}
