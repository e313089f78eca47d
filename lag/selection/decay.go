package selection

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
)

func init() {
	Register(Kind{"decay:K,D", "the lowest loss after K steps and a decay branch of D steps", Integers(func(n [2]int) Rule { return Decay{n[0], n[1]} })})
}

// Decay trains every candidate for some steps and then a branch of each, in
// which the learning rate falls to zero. It picks the lowest loss at the end of
// the branches, because a high learning rate hides differences that appear
// after the decay. The winner continues from the state before its branch. Extra
// cost: (S-1) Probe + S Length steps.
type Decay struct {
	Probe  int // steps before the branch, at least 0
	Length int // steps of the branch, at least 1
}

func (r Decay) String() string { return fmt.Sprintf("decay:%d,%d", r.Probe, r.Length) }

// Validate implements [Rule].
func (r Decay) Validate(steps int) error {
	if r.Length < 1 {
		return invalid(r, "its branch has %s; use at least 1", plain.Count(r.Length, "step"))
	}
	if err := beforeEnd(r, r.Probe, 0, steps); err != nil {
		return err
	}
	if r.Length > steps-r.Probe {
		return invalid(r, "its branch ends after the training, which has %s; shorten the branch or start it earlier", plain.Count(steps, "step"))
	}
	return nil
}

// Evaluations implements [Rule]. The rule needs only the branches.
func (r Decay) Evaluations(int) []int { return nil }

// Branches implements [Rule].
func (r Decay) Branches() []Branch { return []Branch{{Step: r.Probe, Decay: r.Length}} }

// Pick implements [Rule].
func (r Decay) Pick(ctx context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	all := everyIndex(m.Len())
	losses, err := m.Decayed(ctx, all, r.Probe, r.Length)
	if err != nil {
		return Choice{}, fmt.Errorf("rule %q: %w", r, err)
	}
	return m.Choice(winner(all, losses)), nil
}
