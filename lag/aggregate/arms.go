package aggregate

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// Arm is one arm of a stacking over the seeds.
type Arm struct {
	result.ArmSummary
	Rule     string
	Outcomes []result.ArmOutcome // one for each seed
	Place    int                 // position in the stacking
	Depths   string              // depths of its stages, such as "2 → 4 → 6"
	Finals   []float64           // of each seed, NaN if it stopped early
	Probing  float64             // share of its FLOPs spent on probes of other strategies
}

// Arms returns the arms of a stacking in the order of its summary, the best
// first.
func Arms(r *result.Stacking) []Arm {
	var names []string
	of := map[string][]result.ArmOutcome{}
	for _, o := range r.Arms {
		if of[o.Name] == nil {
			names = append(names, o.Name)
		}
		of[o.Name] = append(of[o.Name], o)
	}
	var arms []Arm
	for _, s := range r.Summary {
		if len(of[s.Name]) > 0 {
			arms = append(arms, NewArm(s, of[s.Name], slices.Index(names, s.Name)))
		}
	}
	return arms
}

// NewArm averages the outcomes of an arm, one for each seed.
func NewArm(s result.ArmSummary, outcomes []result.ArmOutcome, place int) Arm {
	a := Arm{ArmSummary: s, Rule: outcomes[0].Rule, Outcomes: outcomes, Place: place}
	extra, all, longest := 0.0, 0.0, 0
	for _, o := range outcomes {
		a.Finals = append(a.Finals, float64(o.Final))
		extra, all = extra+o.ExtraFLOPs, all+o.FLOPs
		if len(o.Stages) > longest { // an outcome that stopped early has fewer stages
			longest = len(o.Stages)
			var texts []string
			for _, stage := range o.Stages {
				texts = append(texts, Join(stage.Depths))
			}
			a.Depths = strings.Join(texts, " → ")
		}
	}
	if all > 0 {
		a.Probing = extra / all
	}
	return a
}

// ArmPoint is a point of an arm's mean curve.
type ArmPoint struct {
	Step        int
	FLOPs, Loss float64
	Low, High   float64 // lowest and highest over the seeds
	Depths      growth.Depths
}

// Curve returns the mean over the seeds up to the step that all seeds reach. It
// is split into pieces at the steps where the arm grows.
func (a Arm) Curve() [][]ArmPoint {
	var pieces [][]ArmPoint
	stages := a.Outcomes[0].Stages
	stage, last := 0, math.MinInt
	for i, p := range a.Outcomes[0].Curve {
		var flops, losses []float64
		for _, o := range a.Outcomes {
			if i < len(o.Curve) && o.Curve[i].Step == p.Step {
				flops, losses = append(flops, o.Curve[i].FLOPs), append(losses, float64(o.Curve[i].Loss))
			}
		}
		if len(losses) < len(a.Outcomes) {
			break
		}
		point := ArmPoint{Step: p.Step, FLOPs: stat.Mean(flops, nil), Loss: stat.Mean(losses, nil), Low: slices.Min(losses), High: slices.Max(losses)}
		// The end of a stage and the start of the next have the same step.
		grown := p.Step == last && stage+1 < len(stages)
		if grown {
			stage++
		}
		if stage < len(stages) {
			point.Depths = stages[stage].Depths
		}
		if math.IsNaN(point.Loss) || math.IsInf(point.Loss, 0) {
			continue
		}
		if last = p.Step; grown || len(pieces) == 0 {
			pieces = append(pieces, nil)
		}
		pieces[len(pieces)-1] = append(pieces[len(pieces)-1], point)
	}
	return pieces
}

// Growth is one growth of an arm with one seed.
type Growth struct {
	From, To   growth.Depths
	Strategy   string       // empty if no candidate reached the rule's decision
	Maps       []growth.Map // of each stack, the encoder first; empty without a strategy
	Candidates int
	ExtraSteps int
	Loss       float64 // at the end of the stage
}

// Growths returns the growths of an arm with one seed.
func Growths(o result.ArmOutcome) []Growth {
	var list []Growth
	for i, stage := range o.Stages {
		if i == 0 {
			continue
		}
		g := Growth{From: o.Stages[i-1].Depths, To: stage.Depths, Strategy: stage.Strategy,
			Candidates: stage.Candidates, ExtraSteps: stage.ExtraSteps, Loss: float64(stage.Loss)}
		if stage.Strategy != "" {
			g.Maps = maps(stage.Encoder, stage.Map)
		}
		list = append(list, g)
	}
	return list
}
