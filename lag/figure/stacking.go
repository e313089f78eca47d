package figure

import (
	"errors"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/plotter"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// AllStacking returns every figure of a stacking, in the order in which a report
// shows them. It leaves out those that have no data.
func AllStacking(r *result.Stacking) []Figure {
	return drawn(StackingArms(r), StackingCurves(r), StackingPicks(r))
}

// drawn leaves out the figures that have no data.
func drawn(figures ...Figure) []Figure {
	return slices.DeleteFunc(figures, func(f Figure) bool { return errors.Is(f.Err, ErrNoData) })
}

// arm is what a stacking says of one arm over the seeds.
type arm struct {
	name     string
	summary  result.ArmSummary
	outcomes []result.ArmOutcome // one for each seed
	place    int                 // in the order of the study, which decides on the colour
}

// armsOf returns the arms in the order of the summary, the best first.
func armsOf(r *result.Stacking) []arm {
	var arms []arm
	for _, s := range r.Summary {
		a := arm{name: s.Name, summary: s}
		var names []string
		for _, o := range r.Arms {
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
			if o.Name == s.Name {
				a.outcomes = append(a.outcomes, o)
			}
		}
		if a.place = slices.Index(names, s.Name); len(a.outcomes) > 0 {
			arms = append(arms, a)
		}
	}
	return arms
}

// color is that of the arm in every figure.
func (a arm) color() color.NRGBA {
	colors := []color.NRGBA{vermillion, blue, green, purple, skyBlue, black, grey}
	return colors[a.place%len(colors)]
}

// depths writes the depths that the arm goes through as "2 → 4 → 6".
func (a arm) depths() string {
	var texts []string
	for _, o := range a.outcomes {
		if len(o.Stages) > len(texts) { // one that stopped has fewer
			texts = nil
			for _, s := range o.Stages {
				texts = append(texts, joined(s.Depths))
			}
		}
	}
	return strings.Join(texts, " → ")
}

// finals are the final losses of the seeds, NaN where one stopped.
func (a arm) finals() []float64 {
	var losses []float64
	for _, o := range a.outcomes {
		losses = append(losses, float64(o.Final))
	}
	return losses
}

// armPoint is a point of an arm's mean curve.
type armPoint struct {
	step        int
	flops, loss float64
	lo, hi      float64 // lowest and highest of the seeds
	grown       bool    // first of a stage that is not the first
	depths      growth.Depths
}

// curve is the mean over the seeds as far as all of them go.
func (a arm) curve() []armPoint {
	var points []armPoint
	stage := 0
	for i, p := range a.outcomes[0].Curve {
		var flops, losses []float64
		for _, o := range a.outcomes {
			if i < len(o.Curve) && o.Curve[i].Step == p.Step {
				flops, losses = append(flops, o.Curve[i].FLOPs), append(losses, float64(o.Curve[i].Loss))
			}
		}
		if len(losses) < len(a.outcomes) {
			break
		}
		point := armPoint{step: p.Step, flops: stat.Mean(flops, nil), loss: stat.Mean(losses, nil), lo: slices.Min(losses), hi: slices.Max(losses)}
		// The end of a stage and the beginning of the next are one step.
		if n := len(points); n > 0 && points[n-1].step == p.Step && stage+1 < len(a.outcomes[0].Stages) {
			stage++
			point.grown = true
		}
		if stage < len(a.outcomes[0].Stages) {
			point.depths = a.outcomes[0].Stages[stage].Depths
		}
		if finite(point.loss) {
			points = append(points, point)
		}
	}
	return points
}

// flopsUnit returns a power of ten that makes FLOPs up to most readable, and its name.
func flopsUnit(most float64) (unit float64, name string) {
	unit, exponent := 1.0, 0
	for most/unit >= 1000 {
		unit, exponent = unit*1000, exponent+3
	}
	if exponent == 0 {
		return 1, "FLOPs"
	}
	return unit, "10" + superscript(exponent) + " FLOPs"
}

// superscript writes a number as an exponent.
func superscript(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	text := ""
	for _, d := range strconv.Itoa(n) {
		text += string(digits[d-'0'])
	}
	return text
}

// A piece of an arm's mean curve lies between two growths.
type piece struct{ mean, low, high plotter.XYs }

// pieces returns an arm's mean curve against FLOPs in a unit, from an x on.
func (a arm) pieces(unit, from float64) []piece {
	var list []piece
	for _, p := range a.curve() {
		x := p.flops / unit
		if x < from {
			continue
		}
		if len(list) == 0 || p.grown {
			list = append(list, piece{})
		}
		of := &list[len(list)-1]
		of.mean = append(of.mean, plotter.XY{X: x, Y: p.loss})
		of.low, of.high = append(of.low, plotter.XY{X: x, Y: p.lo}), append(of.high, plotter.XY{X: x, Y: p.hi})
	}
	return list
}
