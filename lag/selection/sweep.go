package selection

import (
	"cmp"
	"fmt"
	"slices"
)

// Sweep is one rule at several budgets: rules that differ in one number, on
// which their cost depends.
type Sweep struct {
	Name  string // the rule without that number, such as "lag", "top:3" or "halving:2"
	Rules []Rule // at least one, in ascending order of the number
}

// What sweeps hold fixed: how many candidates top-j keeps, and one in how many
// halving keeps, and how often a race doubles its steps.
var (
	sweptKeeps     = []int{2, 3}
	sweptEtas      = []int{2, 3, 4}
	sweptDoublings = []int{2}
)

// Sweeps returns the rules that a recording can answer, at every budget. The
// recording has that many candidates, trained for that many steps, with losses
// at the evaluated steps and those decay branches. batches reports whether it has
// losses on single validation batches, which races compare.
//
// LAG, top-j, halving, races and the power law have a rule for every evaluated step at
// which they can decide; the decay branch has one for every branch. The sweep of
// LAG begins with the loss at initialization, which is LAG without a lag, and
// ends with the oracle, which is LAG with a lag as long as the training. Sweeps
// without rules are left out; without final losses there are none.
func Sweeps(candidates, steps int, evaluated []int, branches []Branch, batches bool) []Sweep {
	evaluated = slices.Compact(slices.Sorted(slices.Values(evaluated)))
	recorded := func(needed []int) bool {
		return !slices.ContainsFunc(needed, func(step int) bool { return !slices.Contains(evaluated, step) })
	}
	if !recorded([]int{steps}) {
		return nil
	}
	var sweeps []Sweep
	// at adds the rules that fit, one for each step.
	at := func(name string, rule func(step int) Rule, needed func(Rule) []int) {
		s := Sweep{Name: name}
		for _, step := range evaluated {
			if r := rule(step); r.Validate(steps) == nil && recorded(needed(r)) {
				s.Rules = append(s.Rules, r)
			}
		}
		sweeps = append(sweeps, s)
	}
	evaluations := func(r Rule) []int { return r.Evaluations(steps) }

	at("lag", func(step int) Rule { return LAG{step} }, evaluations)
	if recorded([]int{0}) {
		sweeps[0].Rules = slices.Insert(sweeps[0].Rules, 0, Rule(LossAtInit{}))
	}
	sweeps[0].Rules = append(sweeps[0].Rules, Oracle{})
	for _, keep := range sweptKeeps {
		if keep < candidates {
			at(fmt.Sprintf("top:%d", keep), func(step int) Rule { return Top{keep, step} }, evaluations)
		}
	}
	for _, eta := range sweptEtas {
		if eta < candidates { // with more, one is left after the first rung, as in LAG
			at(fmt.Sprintf("halving:%d", eta), func(step int) Rule { return Halving{eta, step} }, func(r Rule) []int { return r.(Halving).rungs(candidates, steps) })
		}
	}
	for _, doublings := range sweptDoublings {
		if batches {
			at(fmt.Sprintf("race:%d", doublings), func(step int) Rule { return Race{doublings, step} }, evaluations)
		}
	}
	at("power-law", func(step int) Rule { return PowerLaw{step} }, evaluations)
	decay := Sweep{Name: "decay"}
	for _, b := range slices.SortedFunc(slices.Values(branches), func(a, b Branch) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Decay, b.Decay))
	}) {
		if r := (Decay{b.Step, b.Decay}); r.Validate(steps) == nil {
			decay.Rules = append(decay.Rules, r)
		}
	}
	return slices.DeleteFunc(append(sweeps, decay), func(s Sweep) bool { return len(s.Rules) == 0 })
}
