package selection

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
)

func init() {
	Register(Kind{"top:J,K", "the best J after K steps continue to the end; the lowest final loss wins", Integers(func(n [2]int) Rule { return Top{n[0], n[1]} })})
}

// Top trains every candidate for some steps and the best few of them to the
// end, and picks the lowest final loss. Extra cost, if Keep <= S: (S-Keep)
// Probe + (Keep-1) T steps.
//
// With Keep 1 it is the same as [LAG].
type Top struct {
	Keep  int // candidates that continue to the end, at least 1
	Probe int // steps after which they are chosen, at least 0
}

func (r Top) String() string { return fmt.Sprintf("top:%d,%d", r.Keep, r.Probe) }

// Validate implements [Rule].
func (r Top) Validate(steps int) error {
	if r.Keep < 1 {
		return invalid(r, "it keeps %s; keep at least 1", plain.Count(r.Keep, "candidate"))
	}
	return beforeEnd(r, r.Probe, 0, steps)
}

// Evaluations implements [Rule].
func (r Top) Evaluations(int) []int {
	if r.Probe == 0 {
		return nil
	}
	return []int{r.Probe}
}

// Branches implements [Rule].
func (r Top) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r Top) Pick(ctx context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	all := everyIndex(m.Len())
	losses, err := m.Losses(ctx, all, r.Probe)
	if err != nil {
		return Choice{}, fmt.Errorf("rule %q: %w", r, err)
	}
	return finish(ctx, r, m, best(all, losses, r.Keep))
}

// finish trains the remaining candidates to the end and picks the lowest final
// loss. A single remaining candidate wins without further training.
func finish(ctx context.Context, r Rule, m *Meter, left []int) (Choice, error) {
	switch len(left) {
	case 0:
		return m.Choice(-1), nil
	case 1:
		return m.Choice(left[0]), nil
	}
	final, err := m.Losses(ctx, left, m.Steps())
	if err != nil {
		return Choice{}, fmt.Errorf("rule %q: %w", r, err)
	}
	return m.Choice(winner(left, final)), nil
}
