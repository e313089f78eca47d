package selection

import (
	"context"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/growth"
)

// Candidate is what is known of a candidate before it is trained.
type Candidate struct {
	Name    string     // of the strategy
	Map     growth.Map // of an encoder-decoder the decoder's
	Encoder growth.Map // of an encoder-decoder the encoder's; else nil
	Summary string     // what the strategy does beside its maps, see [growth.Strategy.Summary]

	LearnSteps int // in which coefficients are learned before growing; each costs a training step
}

// NewCandidate describes the candidate that a strategy grows.
func NewCandidate(s growth.Strategy) Candidate {
	c := Candidate{Name: s.Name, Map: s.Map, Encoder: s.Encoder, Summary: s.Summary()}
	if s.Learn != nil {
		c.LearnSteps = s.Learn.Steps
	}
	return c
}

// Grown is a pool of candidates: the depths that they were grown from and to, an
// encoder's first, and each of them.
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

// Named describes candidates of which only the names are known.
func Named(names ...string) Grown {
	var g Grown
	for _, name := range names {
		g.Candidates = append(g.Candidates, Candidate{Name: name})
	}
	return g
}

// find returns the index of the candidate that grows by a published strategy,
// -1 for none: it has its maps, and copies duplicates. One that also copies the
// optimizer's moments is preferred to one that does something else with them.
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

// Candidates are what a rule chooses among, addressed by index. A live
// implementation trains; a [Recording] replays full curves.
type Candidates interface {
	Grown() Grown // what they are
	Steps() int   // T, the end of training

	// Losses brings each of the candidates to the step, where it is not there
	// yet, and returns its validation loss there, in nats per predicted token and
	// in the order of indices: +Inf where it diverged before. Rules ask for
	// ascending steps. It is an error if a recording has no loss at that step.
	Losses(ctx context.Context, indices []int, step int) ([]float64, error)

	// Decayed returns validation losses of branches, in the order of indices: from
	// each candidate's state at step, to which it is brought first, the learning
	// rate falls linearly to zero over decay steps. The candidate itself is not
	// changed.
	Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error)
}

// Finder is a rule that picks one strategy, whatever the losses. Find returns
// its index; it is an error if it is not among the candidates.
type Finder interface {
	Find(g Grown) (int, error)
}

// Check reports why a rule cannot pick among candidates that are trained so many
// steps: it does not fit the training, or does not find its strategy.
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

// Branches returns the decay branches that rules look at, each once.
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

// Pick has a rule choose. With the choice it returns the steps of each candidate
// beyond training the winner alone: [Choice.ExtraSteps], and the steps in which
// the coefficients of losers were learned that the rule looked at.
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

// watched are candidates that record which of them a rule looked at.
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

// errNotFound is the error of a rule whose strategy is not among the candidates.
func errNotFound(r Rule, what string) error {
	return invalid(r, "no candidate %s; add that strategy to the pool, or leave the rule out", what)
}
