package figure

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag"
)

// Controls draws the validation loss against the FLOPs spent since the beginning:
// of the source model and, from where it ends, of what LAG picks, of the best and
// of the worst strategy, and beside them of the deep model trained from scratch.
// It is drawn as [StackingCurves] is; the cost of probing is not counted.
func Controls(r *lag.Result) Figure {
	f := Figure{Name: "controls", Title: "Growing and training from scratch against compute" + underSeeds(len(r.Seeds))}
	if len(r.Controls) == 0 {
		return noData(f.Name, f.Title, "the study has no control")
	}
	arms := controlArms(r)
	if len(arms) == 0 {
		return noData(f.Name, f.Title, "no training has a loss")
	}
	most := 0.0
	var names []string
	for _, a := range arms {
		curve := a.curve()
		most = max(most, curve[len(curve)-1].flops)
		names = append(names, a.name)
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against FLOPs%s, a line for each of, from the lowest at the end: %s.", underSeeds(len(r.Seeds)), strings.Join(names, ", "))
	unit, name := flopsUnit(most)
	return render(f, inches(10.2), inches(4.3), stackingCurvesSpec(arms, unit, name), func(c draw.Canvas) {
		paintStackingCurves(headline(c, f.Title), arms, "spent ["+name+"]", unit, most/unit)
	})
}

// controlArms returns what [Controls] draws as the arms of a stacking, the lowest
// at the end first.
func controlArms(r *lag.Result) []arm {
	var outcomes []lag.ArmOutcome
	add := func(name string, of func(seed int) (lag.Outcome, bool)) {
		for i := range r.Seeds {
			if o, ok := of(i); ok {
				outcomes = append(outcomes, grownArm(r, name, o))
			}
		}
	}
	byName := func(name string) func(int) (lag.Outcome, bool) {
		return func(seed int) (lag.Outcome, bool) {
			i := slices.IndexFunc(r.Under(seed), func(o lag.Outcome) bool { return o.Name == name })
			return r.Under(seed)[i], true
		}
	}
	if first, ok := r.Pick(lag.RuleLAG); ok {
		add("LAG's pick", func(seed int) (lag.Outcome, bool) {
			for _, p := range r.Picks {
				if p.Rule == first.Rule && p.Seed == r.Seeds[seed] && p.Strategy != "" {
					return byName(p.Strategy)(seed)
				}
			}
			return lag.Outcome{}, false
		})
	}
	all := slices.DeleteFunc(byFinal(strategies(r)), (*strategy).stopped)
	if len(all) > 0 {
		add("best: "+all[0].name, byName(all[0].name))
	}
	if n := len(all); n > 1 {
		add("worst: "+all[n-1].name, byName(all[n-1].name))
	}
	for _, o := range r.Controls {
		own := lag.ArmOutcome{Name: string(o.Name), Seed: o.Seed, Final: o.Final, FLOPs: o.FLOPs, Status: o.Status, Stages: []lag.StageOutcome{{Depths: grownTo(r)}}}
		own.Curve = stackingPoints(nil, o.Curve, o.FLOPs, 0, 0)
		outcomes = append(outcomes, own)
	}
	s := &lag.StackingResult{Seeds: r.Seeds}
	var names []string
	for _, o := range outcomes {
		if !slices.Contains(names, o.Name) {
			names = append(names, o.Name)
		}
	}
	for _, seed := range r.Seeds { // in the order in which Analyze wants them
		for _, name := range names {
			i := slices.IndexFunc(outcomes, func(o lag.ArmOutcome) bool { return o.Name == name && o.Seed == seed })
			if i < 0 {
				return nil // LAG picks nothing under a seed: no strategy got anywhere
			}
			s.Arms = append(s.Arms, outcomes[i])
		}
	}
	s.Analyze()
	return slices.DeleteFunc(armsOf(s), func(a arm) bool { return len(a.curve()) == 0 })
}

// grownArm is the training of the source, and then of a candidate.
func grownArm(r *lag.Result, name string, o lag.Outcome) lag.ArmOutcome {
	arm := lag.ArmOutcome{Name: name, Seed: o.Seed, Final: o.Final, FLOPs: r.Source.FLOPs + o.FLOPs, Status: o.Status,
		Stages: []lag.StageOutcome{{Depths: grownFrom(r)}, {Depths: grownTo(r), Strategy: o.Name}}}
	arm.Curve = stackingPoints(nil, r.Source.Curve, r.Source.FLOPs, 0, 0)
	arm.Curve = stackingPoints(arm.Curve, o.Curve, o.FLOPs, r.Source.Steps, r.Source.FLOPs)
	return arm
}

// stackingPoints appends a curve whose training cost that many FLOPs, from a step
// and a cost on.
func stackingPoints(points []lag.StackingPoint, curve []lag.Point, flops float64, step int, spent float64) []lag.StackingPoint {
	last := 1
	for _, p := range curve {
		last = max(last, p.Step)
	}
	for _, p := range curve {
		points = append(points, lag.StackingPoint{Step: step + p.Step, FLOPs: spent + flops*float64(p.Step)/float64(last), Loss: p.Loss})
	}
	return points
}
