package selection

import (
	"context"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/growth"
)

// Candidate describes a candidate before training.
type Candidate struct {
	Name    string     // name of the strategy
	Map     growth.Map // for an encoder-decoder, the decoder's
	Encoder growth.Map // for an encoder-decoder, the encoder's; otherwise nil
	Summary string     // description of the strategy without its maps, see [growth.Strategy.Summary]

	LearnSteps int // steps in which coefficients are learned before growing; each costs a training step
}

// NewCandidate describes the candidate that a strategy grows.
func NewCandidate(s growth.Strategy) Candidate {
	c := Candidate{Name: s.Name, Map: s.Map, Encoder: s.Encoder, Summary: s.Summary()}
	if s.Learn != nil {
		c.LearnSteps = s.Learn.Steps
	}
	return c
}

// Grown describes a pool of candidates: the depths from which and to which they
// are grown, the encoder's first, and each candidate.
type Grown struct {
	From, To   growth.Depths
	Candidates []Candidate
}

// NewGrown describes the candidates of a pool.
func NewGrown(from, to growth.Depths, pool growth.Pool) Grown {
	g := Grown{From: from, To: to}
	for _, s := range pool {
		g.Candidates = append(g.Candidates, NewCandidate(s))
	}
	return g
}

// Named describes candidates by their names only.
func Named(names ...string) Grown {
	var g Grown
	for _, name := range names {
		g.Candidates = append(g.Candidates, Candidate{Name: name})
	}
	return g
}

// find returns the index of the candidate that uses a published strategy, or
// -1. That candidate has the strategy's maps and copies duplicated layers. find
// prefers a candidate that also copies the optimizer's moments.
func (g Grown) find(published growth.Strategy) int {
	for _, also := range []string{"", "moments "} {
		for i, c := range g.Candidates {
			summary := c.Summary == string(growth.Copy)
			if also != "" {
				rest, ok := strings.CutPrefix(c.Summary, also)
				summary = ok && growth.Moments(rest).Validate() == nil
			}
			if summary && slices.Equal(c.Map, published.Map) && slices.Equal(c.Encoder, published.Encoder) {
				return i
			}
		}
	}
	return -1
}

// Candidates are the candidates from which a rule picks, by index. A live
// implementation trains them; a [Recording] replays complete curves.
type Candidates interface {
	Grown() Grown // describes the candidates
	Steps() int   // T, the number of training steps

	// Losses trains the candidates to the step, if necessary, and returns their
	// validation losses there in nats per predicted token, in the order of
	// indices. The loss of a candidate that has diverged is +Inf. Rules ask for
	// ascending steps. It is an error if a recording has no loss at that step.
	Losses(ctx context.Context, indices []int, step int) ([]float64, error)

	// Decayed returns the final validation losses of decay branches, in the
	// order of indices. Each candidate is first trained to step. In its branch,
	// the learning rate falls linearly to zero over decay steps. The branch
	// does not change the candidate.
	Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error)
}

// Finder is a rule that always picks the same strategy. Find returns the index
// of its candidate, or an error if there is none.
type Finder interface {
	Find(g Grown) (int, error)
}

// Check returns an error if a rule cannot pick among candidates that are
// trained for that many steps, because it does not fit the training or does not
// find its strategy.
func Check(r Rule, g Grown, steps int) error {
	if err := r.Validate(steps); err != nil {
		return err
	}
	if f, ok := r.(Finder); ok {
		_, err := f.Find(g)
		return err
	}
	return nil
}

// Branches returns the decay branches that rules need, without duplicates.
func Branches(rules ...Rule) []Branch {
	var branches []Branch
	for _, rule := range rules {
		for _, b := range rule.Branches() {
			if !slices.Contains(branches, b) {
				branches = append(branches, b)
			}
		}
	}
	return branches
}

// Pick lets a rule choose. It also returns the extra steps of each candidate:
// [Choice.ExtraSteps], and the learning steps of the losers whose losses the
// rule asked for.
func Pick(ctx context.Context, r Rule, c Candidates) (choice Choice, extra []int, err error) {
	candidates := c.Grown().Candidates
	w := watched{c, make([]bool, len(candidates))}
	if choice, err = r.Pick(ctx, w); err != nil {
		return choice, nil, err
	}
	extra = choice.ExtraSteps()
	for i, looked := range w.looked {
		if looked && i != choice.Index {
			extra[i] += candidates[i].LearnSteps
		}
	}
	return choice, extra, nil
}

// watched records which candidates a rule asked for.
type watched struct {
	Candidates
	looked []bool
}

func (w watched) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	w.look(indices)
	return w.Candidates.Losses(ctx, indices, step)
}

func (w watched) Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error) {
	w.look(indices)
	return w.Candidates.Decayed(ctx, indices, step, decay)
}

func (w watched) look(indices []int) {
	for _, i := range indices {
		if i >= 0 && i < len(w.looked) {
			w.looked[i] = true
		}
	}
}

// errNotFound returns the error of a rule whose strategy is not among the
// candidates.
func errNotFound(r Rule, what string) error {
	return invalid(r, "no candidate %s; add that strategy to the pool, or remove the rule", what)
}
