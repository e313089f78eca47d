package lag_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/selection"
)

// worstAt is a rule of a user's own: the highest loss after some steps.
type worstAt struct{ step int }

func (r worstAt) String() string               { return fmt.Sprintf("worst:%d", r.step) }
func (r worstAt) Validate(int) error           { return nil }
func (r worstAt) Evaluations(int) []int        { return []int{r.step} }
func (r worstAt) Branches() []selection.Branch { return nil }

func (r worstAt) Pick(ctx context.Context, c selection.Candidates) (selection.Choice, error) {
	m := selection.NewMeter(c)
	all := make([]int, m.Len())
	for i := range all {
		all[i] = i
	}
	losses, err := m.Losses(ctx, all, r.step)
	if err != nil {
		return selection.Choice{}, err
	}
	return m.Choice(slices.Index(losses, slices.Max(losses))), nil
}

func init() {
	selection.Register(selection.Kind{Form: "worst:K", Help: "the highest loss after K steps", Parse: selection.Integers(func(n [1]int) selection.Rule { return worstAt{n[0]} })})
}

// TestOwnRule: a rule that is registered stands in a configuration, picks in the
// result and live, and decides where candidates are evaluated.
func TestOwnRule(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Rules = []string{"lag:5", "worst:3", "oracle"}
	study, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	pick, ok := study.Pick("worst:3")
	if !ok {
		t.Fatalf("the rule is not among %v", study.Rules)
	}
	worst := study.Under(0)[0]
	for _, o := range study.Under(0) {
		if o.At(3) > worst.At(3) {
			worst = o
		}
	}
	if pick.Strategy != worst.Name {
		t.Errorf("it picks %s, want %s", pick.Strategy, worst.Name)
	}
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	selected, err := s.Select(t.Context(), worstAt{3}, config.Seed)
	if err != nil || selected.Strategy != pick.Strategy {
		t.Errorf("live it picks %v, %v, want %s", selected, err, pick.Strategy)
	}
	config.Growth.Rules = []string{"worse:3"}
	if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "worst:K") {
		t.Errorf("an unknown rule: got error %v, want one that lists those there are", err)
	}
}
