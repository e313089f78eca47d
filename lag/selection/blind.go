package selection

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/landscape-aware/growing/lag/growth"
)

func init() {
	Register(Kind{"random:SEED", "any candidate, drawn with the seed", func(argument string) (Rule, error) {
		seed, err := strconv.ParseUint(argument, 10, 64)
		if err != nil {
			err = fmt.Errorf("%q is not a seed; use a whole number of at least 0", argument)
		}
		return Random{Seed: seed}, err
	}})
	Register(Kind{"strategy:NAME", "the candidate with that name", func(argument string) (Rule, error) { return Strategy{Name: argument}, nil }})
	Register(Plain(StackLast{}, "gradual stacking"))
	Register(Plain(MIDAS{}, "MIDAS"))
}

// blind is embedded by rules that need no losses.
type blind struct{}

func (blind) Evaluations(int) []int { return nil }
func (blind) Branches() []Branch    { return nil }

// Random picks any candidate with equal probability. The seed and the number of
// candidates determine which. No extra cost.
type Random struct {
	blind
	Seed uint64
}

func (r Random) String() string { return fmt.Sprintf("random:%d", r.Seed) }

// Validate implements [Rule].
func (Random) Validate(int) error { return nil }

// Pick implements [Rule].
func (r Random) Pick(_ context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	random := rand.New(rand.NewPCG(r.Seed, 0x7069636b)) // the stream number spells "pick"
	return m.Choice(random.IntN(m.Len())), nil
}

// Strategy picks the candidate with a name. No extra cost.
type Strategy struct {
	blind
	Name string
}

func (r Strategy) String() string { return "strategy:" + r.Name }

// Validate implements [Rule].
func (r Strategy) Validate(int) error {
	if r.Name == "" {
		return invalid(r, "the name of the strategy is missing; write strategy:NAME")
	}
	return nil
}

// Find implements [Finder].
func (r Strategy) Find(g Grown) (int, error) {
	i := slices.IndexFunc(g.Candidates, func(c Candidate) bool { return c.Name == r.Name })
	if i < 0 {
		return i, invalid(r, "no candidate has this name; add the strategy to the pool, or name one in the pool")
	}
	return i, nil
}

// Pick implements [Rule]. It returns an error if no candidate has the name.
func (r Strategy) Pick(_ context.Context, c Candidates) (Choice, error) { return pickFound(r, c) }

// StackLast picks gradual stacking (Reddi et al. 2023, Efficient Training of
// Language Models using Few-Shot Learning): the candidate that repeats the
// largest possible last block of the source and copies its layers. It is
// recognized by its layer maps. No extra cost.
type StackLast struct{ blind }

func (StackLast) String() string { return "stack-last" }

// Validate implements [Rule].
func (StackLast) Validate(int) error { return nil }

// Find implements [Finder].
func (r StackLast) Find(g Grown) (int, error) {
	return findFirst(r, g, growth.GradualStackings(g.From, g.To), "repeats the source's last block, with duplicates copied")
}

// Pick implements [Rule]. It returns an error if there is no such candidate.
func (r StackLast) Pick(_ context.Context, c Candidates) (Choice, error) { return pickFound(r, c) }

// MIDAS picks the strategy with that name (Saunshi et al. 2024, arXiv
// 2409.19044): the candidate that repeats the largest possible middle block of
// the source and copies its layers. It is recognized by its layer maps. No
// extra cost.
type MIDAS struct{ blind }

func (MIDAS) String() string { return "midas" }

// Validate implements [Rule].
func (MIDAS) Validate(int) error { return nil }

// Find implements [Finder].
func (r MIDAS) Find(g Grown) (int, error) {
	return findFirst(r, g, growth.MIDASes(g.From, g.To), "repeats the source's middle block, with duplicates copied")
}

// Pick implements [Rule]. It returns an error if there is no such candidate.
func (r MIDAS) Pick(_ context.Context, c Candidates) (Choice, error) { return pickFound(r, c) }

// findFirst returns the index of the candidate for the first published strategy
// that has one.
func findFirst(r Rule, g Grown, published []growth.Strategy, what string) (int, error) {
	for _, s := range published {
		if i := g.find(s); i >= 0 {
			return i, nil
		}
	}
	return -1, errNotFound(r, what)
}

// pickFound picks the candidate that a rule finds without losses.
func pickFound[R interface {
	Rule
	Finder
}](r R, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	i, err := r.Find(m.grown)
	if err != nil {
		return Choice{}, err
	}
	return m.Choice(i), nil
}
