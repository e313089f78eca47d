package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// Sweep is one rule at several budgets, the cheapest first; see
// [selection.Sweep].
type Sweep struct {
	Name  string // such as "lag" or "halving:2"
	Rules []Rule
}

// BestOf is the name of the sweep that trains strategies drawn at random to the
// end and picks the best of them.
const BestOf = "best of n random"

// Replay describes the picks of rules on the recorded curves of a study, as
// [Rules] describes those of the rules that the study compared. It returns an
// error if the study does not have what a rule needs.
func Replay(ctx context.Context, r *result.Study, rules ...selection.Rule) ([]Rule, error) {
	picks, err := r.Replay(ctx, rules)
	if err != nil {
		return nil, err
	}
	replayed := *r
	replayed.Picks, replayed.Rules = picks, r.Summarize(picks)
	return Rules(&replayed), nil
}

// Sweeps replays every rule that the recorded curves and decay branches of a
// study can answer, at every budget. The last sweep is [BestOf], whose regrets
// are expectations: what there is to gain from losses at all.
func Sweeps(ctx context.Context, r *result.Study) ([]Sweep, error) {
	var sweeps []Sweep
	for _, s := range r.Sweeps() {
		rules, err := Replay(ctx, r, s.Rules...)
		if err != nil {
			return nil, err
		}
		if one := sorted(s.Name, rules); len(one.Rules) > 0 {
			sweeps = append(sweeps, one)
		}
	}
	best, full := Sweep{Name: BestOf}, r.TrainingFLOPs()
	for n := 1; n <= r.PoolSize(); n++ {
		regret := r.MeanBestOf(n)
		if math.IsNaN(regret) {
			break // fewer are left
		}
		name, flops := result.RuleRandom, float64(n-1)*full
		if n > 1 {
			name = fmt.Sprintf("best of %d random", n)
		}
		best.Rules = append(best.Rules, Rule{
			RuleSummary: result.RuleSummary{Rule: name, ExtraFLOPs: flops, Regret: result.Number(regret), RegretNorm: result.Undefined()},
			Choices:     "(mean over the pool)", Extra: float64(n - 1), Cost: Cost(flops, full),
		})
	}
	if len(best.Rules) > 0 {
		sweeps = append(sweeps, best)
	}
	return sweeps, nil
}

// sorted returns a sweep whose rules have a cost, the cheapest first.
func sorted(name string, rules []Rule) Sweep {
	rules = slices.DeleteFunc(rules, func(one Rule) bool { return math.IsNaN(one.Extra) })
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Extra, b.Extra) })
	return Sweep{name, rules}
}

// Within returns the rule of a sweep that costs most among those that cost no
// more than a budget, in trainings of one candidate to the end. ok is false if
// all cost more. It does not look at the regrets, which are known only
// afterwards.
func (s Sweep) Within(budget float64) (one Rule, ok bool) {
	for _, rule := range s.Rules {
		if rule.Extra <= budget+1e-9 {
			one, ok = rule, true
		}
	}
	return one, ok
}

// Front returns the rules that no other rule beats at the same or lower cost,
// the cheapest first.
func Front(rules []Rule) []Rule {
	sorted := slices.Clone(rules)
	slices.SortStableFunc(sorted, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Extra, b.Extra), cmp.Compare(a.Regret, b.Regret))
	})
	var front []Rule
	for _, one := range sorted {
		if n := len(front); n == 0 || one.Regret < front[n-1].Regret {
			front = append(front, one)
		}
	}
	return front
}
