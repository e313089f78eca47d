package aggregate_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestBudgets compares each point with the same rules replayed one by one.
func TestBudgets(t *testing.T) {
	named := []aggregate.Named{{Name: "a", Study: synthetic.Result(6, 12, 3)}, {Name: "b", Study: synthetic.Result(7, 16, 2)}, {Name: "none", Study: &result.Study{}}}
	c, err := aggregate.Compare(named...)
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Budgets(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is canceled gives the error %v", err)
	}
	b, err := c.Budgets(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Budgets(context.Background()); err != nil || again != b {
		t.Errorf("asked again, they are computed again, with error %v", err)
	}
	rules, lag, left := b.Rules, b.LAG, b.Left
	if !slices.Equal(left, []string{"none"}) || lag.Cost != 1 || lag.Difference != 0 || lag.Error != 0 {
		t.Errorf("left out %v; LAG itself is %+v", left, lag)
	}
	replay := func(study *result.Study, name string) aggregate.Rule {
		t.Helper()
		rule, err := selection.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		one, err := aggregate.Replay(context.Background(), study, rule)
		if err != nil {
			t.Fatal(err)
		}
		return one[0]
	}
	fixed := b.Fixed
	if len(fixed.Rules) != 2 || fixed.Rules[0] != fixed.Rules[1] || fixed.Cost != 0 || fixed.Regret != (float64(replay(named[0].Study, fixed.Rules[0]).Regret)+float64(replay(named[1].Study, fixed.Rules[1]).Regret))/2 {
		t.Errorf("the best fixed strategy is %+v", fixed)
	}
	for i := range named[0].Study.PoolSize() {
		name := "strategy:" + named[0].Study.Strategies[i].Name
		if !slices.ContainsFunc(named[1].Study.Strategies, func(o result.Outcome) bool { return "strategy:"+o.Name == name }) {
			continue
		}
		if mean := float64(replay(named[0].Study, name).Regret+replay(named[1].Study, name).Regret) / 2; mean < fixed.Regret {
			t.Errorf("%s loses %v, less than %+v", name, mean, fixed)
		}
	}
	var names []string
	for _, rule := range rules {
		names = append(names, rule.Name)
		for i, p := range rule.Points {
			var cost, regret, relative [2]float64
			for k, name := range p.Rules {
				study := named[k].Study
				if kind := strings.Trim(strings.TrimSuffix(name, name[strings.LastIndexAny(name, ":,")+1:]), ":,"); kind != rule.Name && name != result.RuleLossAtInit {
					t.Errorf("%s has the rule %s", rule.Name, name)
				}
				own := replay(study, selection.LAG{Lag: study.Lag}.String())
				one, random := replay(study, name), study.MeanBestOf(1)
				cost[k], regret[k], relative[k] = one.Extra/own.Extra, float64(one.Regret-own.Regret), float64(one.Regret)/random
			}
			mean := func(of [2]float64) float64 { return (of[0] + of[1]) / 2 }
			near := func(got, want float64) bool { return math.Abs(got-want) < 1e-12*max(1, math.Abs(want)) }
			// The standard error of the mean of two numbers is half their difference.
			if !near(p.Cost, mean(cost)) || !near(p.Difference, mean(regret)) || !near(p.Regret, mean(regret)+lag.Regret) ||
				!near(p.Relative, mean(relative)) || !near(p.Error, math.Abs(regret[0]-regret[1])/2) {
				t.Errorf("%s: %+v, want cost %v, difference %v, relative %v", rule.Name, p, mean(cost), mean(regret), mean(relative))
			}
			if i > 0 && p.Look <= rule.Points[i-1].Look {
				t.Errorf("%s looks at %v after %v", rule.Name, p.Look, rule.Points[i-1].Look)
			}
		}
	}
	for _, want := range []string{"lag", "halving:2", "race:2", "race:3", "power-law"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s among %v", want, names)
		}
	}
	if slices.Contains(names, aggregate.BestOf) {
		t.Error("the best of random strategies has no first look")
	}
	if first := rules[0].Points[0]; first.Cost != 0 || first.Rules[0] != result.RuleLossAtInit {
		t.Errorf("LAG begins with %+v", first)
	}
	one := slices.IndexFunc(rules[0].Points, func(p aggregate.BudgetPoint) bool { return p.Look == 1 })
	if one < 0 || rules[0].Points[one].Regret != lag.Regret {
		t.Errorf("LAG with the studies' lags is not among its points: %+v", rules[0].Points)
	}
}
