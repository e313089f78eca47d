package selection

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// blind is what rules share that look at no losses.
type blind struct{}

func (blind) Evaluations(int) []int { return nil }
func (blind) Branches() []Branch    { return nil }

// Random picks any candidate, with equal chances. The seed and the number of
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

// Strategy picks the candidate of one name. No extra cost.
type Strategy struct {
	blind
	Name string
}

func (r Strategy) String() string { return "strategy:" + r.Name }

// Validate implements [Rule].
func (r Strategy) Validate(int) error {
	if r.Name == "" {
		return invalid(r, "it names no strategy; write strategy:NAME")
	}
	return nil
}

// Pick implements [Rule]. It is an error if no candidate has the name.
func (r Strategy) Pick(_ context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	for i := range m.Len() {
		if m.Name(i) == r.Name {
			return m.Choice(i), nil
		}
	}
	return Choice{}, invalid(r, "no candidate has this name; add the strategy to the pool, or name one of the pool")
}

// StackLast picks gradual stacking (Reddi et al. 2023, Efficient Training of
// Language Models using Few-Shot Learning): the candidate repeat-last-N with the
// largest block of N layers, duplicates copied. No extra cost.
type StackLast struct {
	blind
	As string // name that the strategy has among the candidates, where it is another
}

func (StackLast) String() string { return "stack-last" }

// Validate implements [Rule].
func (StackLast) Validate(int) error { return nil }

// Pick implements [Rule]. It is an error if there is no such candidate.
func (r StackLast) Pick(_ context.Context, c Candidates) (Choice, error) {
	return pickLargest(r, c, "repeat-last-", r.As)
}

// MIDAS picks the strategy of that name (Saunshi et al. 2024, arXiv 2409.19044):
// the candidate repeat-middle-N with the largest block of N layers, duplicates
// copied. No extra cost.
type MIDAS struct {
	blind
	As string // name that the strategy has among the candidates, where it is another
}

func (MIDAS) String() string { return "midas" }

// Validate implements [Rule].
func (MIDAS) Validate(int) error { return nil }

// Pick implements [Rule]. It is an error if there is no such candidate.
func (r MIDAS) Pick(_ context.Context, c Candidates) (Choice, error) {
	return pickLargest(r, c, "repeat-middle-", r.As)
}

// pickLargest picks the candidate whose name is the prefix and the largest
// number. Names that go on after the number have another init
// (repeat-last-1-zero), which the published strategies do not.
func pickLargest(r Rule, c Candidates, prefix, as string) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	found, largest := -1, 0
	for i := range m.Len() {
		if as != "" && m.Name(i) == as {
			return m.Choice(i), nil
		}
		digits, ok := strings.CutPrefix(m.Name(i), prefix)
		if block, err := strconv.Atoi(digits); ok && err == nil && block > largest {
			found, largest = i, block
		}
	}
	if found < 0 {
		return Choice{}, invalid(r, "no candidate is named %sN; add that strategy to the pool, or leave the rule out", prefix)
	}
	return m.Choice(found), nil
}
