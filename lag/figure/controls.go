package figure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Controls draws validation loss against the total FLOPs spent. It shows the
// source model, and from its end LAG's pick, the best strategy and the worst
// strategy; and the deep model trained from scratch. It is drawn like
// [StackingCurves], but without the cost of probing.
func Controls(r *result.Study) Figure {
	f := Figure{Name: "controls", Title: "Growing and training from scratch against compute" + underSeeds(len(r.Seeds))}
	if len(r.Controls) == 0 {
		return noData(f.Name, f.Title, "the study has no control")
	}
	arms := withCurve(controlArms(r))
	if len(arms) == 0 {
		return noData(f.Name, f.Title, "no training has a loss")
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.Name)
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against FLOPs%s, lines for, from the lowest at the end: %s.", underSeeds(len(r.Seeds)), strings.Join(names, ", "))
	f.Caption = "Growing pays where its line is lower than that of training from scratch at the same FLOPs. A diamond is where the model grows."
	if slices.ContainsFunc(r.Comparisons, func(c result.Comparison) bool { return c.Control.Kind() == result.ControlScratchProbes }) {
		f.Caption += " The line of scratch-probes goes on for what LAG's probes cost."
	}
	if slices.ContainsFunc(r.Comparisons, func(c result.Comparison) bool { return len(c.Rates) > 0 }) {
		f.Caption += " Of trainings from scratch with several learning rates (after the @), the bold line is the best and the grey ones are the others, the highest rate the palest."
	}
	return render(f, armsChart(arms, controlStyle(r), 0, "spent, without LAG's probes"))
}

// controlStyle returns the lines of the trainings in [Controls]: those of
// strategies, and for trainings from scratch lines in the color of text, paler for
// learning rates that are not the best of a sweep.
func controlStyle(r *result.Study) func(aggregate.Arm) chart.Style {
	places := map[string]int{}
	for i := range r.PoolSize() {
		places[r.Under(0)[i].Name] = i
	}
	shades := map[string]int{}
	for _, c := range r.Comparisons {
		shade := 0
		for _, rate := range c.Rates {
			if rate.Control != c.Control {
				shade++
				shades[string(rate.Control)] = shade
			}
		}
	}
	return func(a aggregate.Arm) chart.Style {
		_, name, _ := strings.Cut(a.Name, ": ")
		if place, ok := places[name]; ok {
			return strategyLine(place, 2.6)
		}
		if strings.HasPrefix(a.Name, string(result.ControlScratch)) {
			control, _, _ := strings.Cut(a.Name, " ") // without how it ended
			return controlLine(control, shades[control])
		}
		return chart.Style{Color: chart.Vermillion, Width: 2.6} // LAG's picks, which differ between seeds
	}
}

// controlLine returns the line of a training from scratch. Shades from 1 on are
// paler and thinner.
func controlLine(name string, shade int) chart.Style {
	s := chart.Style{Color: chart.Ink, Width: 2.6, Dash: chart.Dashed}
	switch result.Control(name).Kind() {
	case result.ControlScratchSteps:
		s.Dash = chart.Dotted
	case result.ControlScratchProbes:
		s.Dash = chart.DashDot
	}
	if shade > 0 {
		pale := []float64{0.75, 0.58, 0.45, 0.35}
		s.Color, s.Width = chart.Faint(chart.Ink, pale[(shade-1)%len(pale)]), 1.6
	}
	return s
}

// controlArms returns the trainings in [Controls] as arms of a stacking, the
// lowest at the end first.
func controlArms(r *result.Study) []aggregate.Arm {
	var arms []aggregate.Arm
	add := func(name string, of func(seed int) (result.ArmOutcome, bool)) {
		var outcomes []result.ArmOutcome
		var finals []float64
		for i := range r.Seeds {
			o, ok := of(i)
			if !ok {
				return
			}
			outcomes, finals = append(outcomes, o), append(finals, float64(o.Final))
		}
		if len(outcomes) > 0 {
			arms = append(arms, aggregate.NewArm(result.ArmSummary{Name: name, Final: result.Number(stat.Mean(finals, nil))}, outcomes, len(arms)))
		}
	}
	named := func(name string) func(int) (result.ArmOutcome, bool) {
		return func(seed int) (result.ArmOutcome, bool) {
			i := slices.IndexFunc(r.Under(seed), func(o result.Outcome) bool { return o.Name == name })
			return grownArm(r, r.Under(seed)[i]), true
		}
	}
	all := slices.DeleteFunc(aggregate.Strategies(r), (*aggregate.Strategy).Stopped)
	switch picks := r.PicksOf(result.RuleLAG); {
	case len(all) > 0 && picks[all[0].Name] == len(r.Seeds):
		add("LAG's pick and best: "+all[0].Name, named(all[0].Name))
	default:
		name := "LAG's picks"
		for pick, seeds := range picks {
			if seeds == len(r.Seeds) {
				name = "LAG's pick: " + pick
			}
		}
		add(name, func(seed int) (result.ArmOutcome, bool) {
			o, _ := r.PickUnder(result.RuleLAG, r.Seeds[seed])
			return grownArm(r, o), o.Name != ""
		})
		if len(all) > 0 {
			add("best: "+all[0].Name, named(all[0].Name))
		}
	}
	if n := len(all); n > 1 {
		add("worst: "+all[n-1].Name, named(all[n-1].Name))
	}
	perSeed := len(r.Controls) / len(r.Seeds)
	for k := range perSeed {
		var statuses []result.Status
		for seed := range r.Seeds {
			statuses = append(statuses, r.Controls[k+seed*perSeed].Status)
		}
		name := string(r.Controls[k].Name)
		if ending := result.Unfinished(statuses...); ending != "" {
			name += " (" + ending + ")"
		}
		add(name, func(seed int) (result.ArmOutcome, bool) {
			o := r.Controls[k+seed*perSeed]
			control := result.ArmOutcome{Final: o.Final, Stages: []result.StageOutcome{{Depths: aggregate.To(r)}}}
			control.Curve = stackingPoints(nil, o.Curve, 0, 0, aggregate.StepFLOPs(r))
			return control, true
		})
	}
	slices.SortStableFunc(arms, func(a, b aggregate.Arm) int {
		return cmp.Compare(aggregate.LastIfUndefined(float64(a.Final)), aggregate.LastIfUndefined(float64(b.Final)))
	})
	return arms
}

// grownArm returns the training of the source followed by that of a candidate.
// The candidate may have learned coefficients before it was grown.
func grownArm(r *result.Study, o result.Outcome) result.ArmOutcome {
	step := aggregate.StepFLOPs(r)
	grown := result.ArmOutcome{Final: atEnd(r, o), Stages: []result.StageOutcome{{Depths: aggregate.From(r)}, {Depths: aggregate.To(r), Strategy: o.Name}}}
	grown.Curve = stackingPoints(nil, r.Source.Curve, 0, 0, r.Source.FLOPs/float64(max(r.Source.Steps, 1)))
	grown.Curve = stackingPoints(grown.Curve, o.Curve, r.Source.Steps, r.Source.FLOPs+float64(o.LearnSteps)*step, step)
	return grown
}

// atEnd returns the loss at the last evaluation, with which lines that go to it are
// ordered.
func atEnd(r *result.Study, o result.Outcome) result.Number {
	if r.FinalEvaluations > 1 && o.Status == result.StatusComplete {
		return result.Number(o.At(r.Steps))
	}
	return o.Final
}

// stackingPoints appends a curve to points. The curve starts at a step and at
// the FLOPs spent so far; flops is the cost of one of its steps.
func stackingPoints(points []result.StackingPoint, curve []result.Point, step int, spent, flops float64) []result.StackingPoint {
	for _, p := range curve {
		points = append(points, result.StackingPoint{Step: step + p.Step, FLOPs: spent + float64(p.Step)*flops, Loss: p.Loss})
	}
	return points
}
