package aggregate_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestSweeps: rules in sweeps say what the same rules say in the study, costs
// ascend, and the ends are what they are by definition.
func TestSweeps(t *testing.T) {
	for seeds := 1; seeds <= 3; seeds += 2 {
		r := synthetic.Result(6, 12, seeds)
		sweeps, err := aggregate.Sweeps(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]aggregate.Rule)
		var names []string
		for _, s := range sweeps {
			names = append(names, s.Name)
			for i, one := range s.Rules {
				found[one.Rule] = one
				if i > 0 && one.Extra < s.Rules[i-1].Extra {
					t.Errorf("%s costs %v, after %v", one.Rule, one.Extra, s.Rules[i-1].Extra)
				}
			}
		}
		if want := []string{"lag", "top:2", "top:3", "halving:2", "halving:3", "halving:4", "race:2", "power-law", "decay", aggregate.BestOf}; !slices.Equal(names, want) {
			t.Errorf("the sweeps are %v, want %v", names, want)
		}
		compared := 0
		for _, want := range aggregate.Rules(r) {
			if got, ok := found[want.Rule]; ok && want.Rule != result.RuleRandom {
				compared++
				if got.Regret != want.Regret || got.Extra != want.Extra || got.Choices != want.Choices || !slices.Equal(got.Regrets, want.Regrets) || got.Hit1 != want.Hit1 {
					t.Errorf("%s is %+v in a sweep, %+v in the study", want.Rule, got, want)
				}
			}
		}
		if compared < 5 {
			t.Errorf("only %d rules are in both", compared)
		}
		lag, best := sweeps[0], sweeps[len(sweeps)-1]
		if first, last := lag.Rules[0], lag.Rules[len(lag.Rules)-1]; first.Rule != result.RuleLossAtInit || first.Extra != 0 || last.Rule != result.RuleOracle || last.Regret != 0 {
			t.Errorf("the sweep of LAG is from %+v to %+v", first, last)
		}
		n := len(best.Rules)
		if n != r.PoolSize() || best.Rules[n-1].Regret != 0 || best.Rules[n-1].Extra != float64(n-1) || best.Rules[0].Rule != result.RuleRandom {
			t.Errorf("the best of n random: %+v", best.Rules)
		}
		random := slices.IndexFunc(aggregate.Rules(r), func(one aggregate.Rule) bool { return one.Rule == result.RuleRandom })
		if want := aggregate.Rules(r)[random].Regret; best.Rules[0].Regret != want && !(math.IsInf(float64(want), 1) && math.IsInf(float64(best.Rules[0].Regret), 1)) {
			t.Errorf("one random strategy has a regret of %v, the rule random of %v", best.Rules[0].Regret, want)
		}
	}
}

// TestReplay: a rule without what it needs is an error.
func TestReplay(t *testing.T) {
	if _, err := aggregate.Replay(context.Background(), synthetic.Result(6, 6, 1), selection.LAG{Lag: 3}); err == nil {
		t.Error("a rule was replayed at a step without losses")
	}
}

// TestWithin: a budget buys the rule that costs most within it, whatever its
// regret.
func TestWithin(t *testing.T) {
	s := aggregate.Sweep{Name: "lag"}
	for _, one := range []aggregate.Rule{{Extra: 0.5}, {Extra: 1}, {Extra: 3}} {
		one.Regret = result.Number(one.Extra) // rises
		s.Rules = append(s.Rules, one)
	}
	for budget, want := range map[float64]float64{0.5: 0.5, 0.99: 0.5, 1: 1, 2.9: 1, 100: 3} {
		if got, ok := s.Within(budget); !ok || got.Extra != want {
			t.Errorf("for %v: %v, %v, want the rule for %v", budget, got.Extra, ok, want)
		}
	}
	if one, ok := s.Within(0.4); ok {
		t.Errorf("for 0.4 there is %+v", one)
	}
}

// TestFront checks that rules on the front are better than all rules that cost
// no more.
func TestFront(t *testing.T) {
	var names []string
	rule := func(name string, extra, regret float64) aggregate.Rule {
		return aggregate.Rule{RuleSummary: result.RuleSummary{Rule: name, Regret: result.Number(regret)}, Extra: extra}
	}
	for _, p := range aggregate.Front([]aggregate.Rule{
		rule("oracle", 40, 0), rule("dear", 9, 0.02), rule("lag", 7, 0.01), rule("init", 0, 0.2), rule("random", 0, 0.1),
	}) {
		names = append(names, p.Rule)
	}
	if want := []string{"random", "lag", "oracle"}; !slices.Equal(names, want) {
		t.Errorf("the front is %v, want %v", names, want)
	}
}
