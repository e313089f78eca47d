package aggregate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// lookShares are the steps at which the rules of [Comparison.Budgets] look first, as
// shares of a study's lag.
var lookShares = []float64{0, 1. / 8, 1. / 6, 1. / 4, 1. / 3, 1. / 2, 2. / 3, 1, 4. / 3, 2, 3}

// A Budgeted rule is what a sweep of [Sweeps] loses at several costs, over studies.
type Budgeted struct {
	Name   string // such as "race:2"
	Points []BudgetPoint
}

// BudgetPoint is what a rule costs and loses, as the mean over studies.
type BudgetPoint struct {
	Look     float64 // the step of its first look, of the power law the last, as a share of the lag; a study takes the nearest evaluation before it
	Cost     float64 // mean extra cost, as a share of what LAG with the study's own lag costs
	Regret   float64 // mean, nats
	Relative float64 // mean of the regret divided by that of a random pick of the same study; NaN if one of those is 0

	// Difference is the mean regret less that of LAG with the studies' own lags, in
	// nats, and Error its standard error, paired by study; NaN for one study.
	Difference, Error float64

	Rules []string // that were used, by study
}

// Budgets is what rules cost and lose, as means over studies.
type Budgets struct {
	Rules []Budgeted
	LAG   BudgetPoint // LAG with the studies' own lags

	// Fixed is the strategy that loses least on average if it is always taken, without
	// any probe, of those that all studies have. It was chosen afterwards, so its
	// regret is a lower bound of what a fixed choice loses. It has no rules if no such
	// strategy reaches the end everywhere.
	Fixed BudgetPoint

	Left []string // names of the studies that are left out
}

// Budgets says what rules cost and lose, over all studies. Both are compared with LAG
// with the study's own lag in the same study, so that studies of different lengths
// and pools can be averaged; that LAG is returned apart. The rules of a sweep are told
// by the step of their first look, which can be chosen beforehand, as what a race
// costs cannot.
//
// A rule has no point where some study was not evaluated so early, or where a pick
// diverged. Studies without a regret or a cost of LAG are left out, and named; so are
// those whose curves cannot be replayed. Without any study there are no rules. The only
// error is that of the context. What was computed is kept for the next call.
func (c *Comparison) Budgets(ctx context.Context) (*Budgets, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.budgets != nil {
		return c.budgets, nil
	}
	b, err := c.computeBudgets(ctx)
	if err == nil {
		c.budgets = b
	}
	return b, err
}

func (c *Comparison) computeBudgets(ctx context.Context) (*Budgets, error) {
	b := &Budgets{}
	var studies []budgetStudy
	var own []Rule
	for _, s := range c.Studies {
		one, ok := newBudgetStudy(ctx, s.Study)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !ok {
			b.Left = append(b.Left, s.Name)
			continue
		}
		studies, own = append(studies, one), append(own, one.own)
	}
	if len(studies) == 0 {
		return b, nil
	}
	b.LAG = budgetPoint(1, studies, own)
	for _, name := range strategyNames(studies[0].study) {
		var used []Rule
		for _, s := range studies {
			one, err := Replay(ctx, s.study, selection.Strategy{Name: name})
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err == nil && finite(float64(one[0].Regret)) {
				used = append(used, one[0])
			}
		}
		if len(used) < len(studies) {
			continue
		}
		if p := budgetPoint(math.NaN(), studies, used); len(b.Fixed.Rules) == 0 || p.Regret < b.Fixed.Regret {
			b.Fixed = p
		}
	}
	for _, first := range studies[0].sweeps {
		one := Budgeted{Name: first.Name}
		for _, look := range lookShares {
			var used []Rule
			for _, s := range studies {
				if rule, ok := s.at(first.Name, look); ok {
					used = append(used, rule)
				}
			}
			if len(used) == len(studies) && (len(one.Points) == 0 || !sameRules(one.Points[len(one.Points)-1].Rules, used)) {
				one.Points = append(one.Points, budgetPoint(look, studies, used))
			}
		}
		if len(one.Points) > 0 {
			b.Rules = append(b.Rules, one)
		}
	}
	return b, nil
}

// budgetStudy is a study with the rules that its curves can answer.
type budgetStudy struct {
	study       *result.Study
	lag         int
	sweeps      []Sweep
	own, random Rule // LAG with the study's own lag, and a random pick
}

// newBudgetStudy replays the rules of a study; ok is false if that is not possible.
func newBudgetStudy(ctx context.Context, r *result.Study) (s budgetStudy, ok bool) {
	if r.Lag < 1 || r.Lag >= r.Steps || !slices.Contains(r.EvaluationSteps(), r.Lag) {
		return s, false
	}
	list, err := Sweeps(ctx, r)
	if err == nil {
		list, err = withLongRaces(ctx, r, list)
	}
	if err != nil {
		return s, false
	}
	lag, err := Replay(ctx, r, selection.LAG{Lag: r.Lag})
	best := slices.IndexFunc(list, func(s Sweep) bool { return s.Name == BestOf })
	if err != nil || best < 0 || !finite(float64(lag[0].Regret)) || !(lag[0].Extra > 0) {
		return s, false
	}
	return budgetStudy{r, r.Lag, slices.Delete(slices.Clone(list), best, best+1), lag[0], list[best].Rules[0]}, true
}

// withLongRaces adds the races of three doublings behind those of two. With a first
// look at a sixth of the lag they look last at 4/3 of it.
func withLongRaces(ctx context.Context, r *result.Study, list []Sweep) ([]Sweep, error) {
	const doublings = 3
	at := slices.IndexFunc(list, func(s Sweep) bool { return s.Name == "race:2" })
	if at < 0 {
		return list, nil // no losses on single batches
	}
	var rules []selection.Rule
	evaluated := r.EvaluationSteps()
	for _, first := range evaluated {
		race := selection.Race{Doublings: doublings, First: first}
		missing := func(step int) bool { return !slices.Contains(evaluated, step) }
		if race.Validate(r.Steps) == nil && !slices.ContainsFunc(race.Evaluations(r.Steps), missing) {
			rules = append(rules, race)
		}
	}
	if len(rules) == 0 {
		return list, nil
	}
	replayed, err := Replay(ctx, r, rules...)
	if err != nil {
		return nil, err
	}
	return slices.Insert(list, at+1, sorted(fmt.Sprintf("race:%d", doublings), replayed)), nil
}

// at returns the rule of a sweep whose first look is the last one at or before a share
// of the lag, but not before half of that. ok is false if there is none with a regret.
func (s budgetStudy) at(sweep string, share float64) (one Rule, ok bool) {
	i := slices.IndexFunc(s.sweeps, func(s Sweep) bool { return s.Name == sweep })
	if i < 0 {
		return one, false
	}
	wanted, latest := share*float64(s.lag), -1.0
	for _, rule := range s.sweeps[i].Rules {
		look := firstLook(rule.Rule)
		if look <= wanted+1e-9 && look >= wanted/2 && look > latest {
			one, latest, ok = rule, look, true
		}
	}
	return one, ok && finite(float64(one.Regret)) && finite(one.Extra)
}

// firstLook returns the step of the first look of a rule of a sweep, from its name, and
// of the power law the last, after which it picks; NaN if it has none.
func firstLook(rule string) float64 {
	if rule == result.RuleLossAtInit {
		return 0
	}
	text := rule[strings.LastIndexAny(rule, ":,")+1:]
	step, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(rule, "decay:") { // whose number is the length of the branch
		return math.NaN()
	}
	return float64(step)
}

// sameRules reports whether these are the rules with those names.
func sameRules(names []string, rules []Rule) bool {
	return slices.EqualFunc(names, rules, func(name string, r Rule) bool { return name == r.Rule })
}

// budgetPoint averages the rules that studies use.
func budgetPoint(look float64, studies []budgetStudy, used []Rule) BudgetPoint {
	p := BudgetPoint{Look: look, Error: math.NaN()}
	differences := make([]float64, len(used))
	n := float64(len(used))
	for i, rule := range used {
		s := studies[i]
		p.Rules = append(p.Rules, rule.Rule)
		p.Cost += rule.Extra / s.own.Extra / n
		p.Regret += float64(rule.Regret) / n
		if s.random.Regret == 0 {
			p.Relative = math.NaN()
		}
		p.Relative += float64(rule.Regret/s.random.Regret) / n
		differences[i] = float64(rule.Regret - s.own.Regret)
	}
	p.Difference = stat.Mean(differences, nil)
	if len(used) > 1 {
		p.Error = stat.StdErr(stat.StdDev(differences, nil), n)
	}
	return p
}

// finite reports whether a number is neither NaN nor infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
