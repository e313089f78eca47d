package figure

import (
	"math"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// planted is a study with round numbers: strategies a and b with two seeds, and
// c, which diverges with the second seed. At steps 0, 10 and 100 the means of a
// are 5.1, 4.1 and 3.1, and those of b 6.1, 4.0 and 3.4.
func planted() *result.Study {
	nan := result.Number(math.NaN())
	curve := func(losses ...result.Number) (points []result.Point) {
		for i, l := range losses {
			points = append(points, result.Point{Step: []int{0, 10, 100}[i], Loss: l})
		}
		return points
	}
	outcome := func(name string, m []int, seed int64, losses ...result.Number) result.Outcome {
		o := result.Outcome{Name: name, Map: m, Init: "copy", Seed: seed, Status: result.StatusComplete, FLOPs: 1000, Curve: curve(losses...), Final: losses[len(losses)-1]}
		if len(losses) < 3 {
			at := 5
			o.Status, o.Final, o.DivergedAt = result.StatusDiverged, nan, &at
		}
		return o
	}
	a, b, c := []int{0, 1, 0, 1}, []int{0, 1, growth.New, growth.New}, []int{0, 0, 1, 1}
	lagSteps := 100
	r := &result.Study{
		Family: "bert", From: 2, To: 4, Steps: 100, Lag: 10, Seeds: []int64{1, 2},
		Strategies: []result.Outcome{
			outcome("b", b, 1, 6, 3.9, 3.3), outcome("a", a, 1, 5, 4, 3), outcome("c", c, 1, 4.5, 4.4, 4),
			outcome("b", b, 2, 6.2, 4.1, 3.5), outcome("a", a, 2, 5.2, 4.2, 3.2), outcome("c", c, 2, 4.7),
		},
		Correlation: []result.Correlation{
			{Step: 0, Spearman: -0.5, SpearmanLo: -0.9, SpearmanHi: 0.2, Pearson: -0.4, Kendall: -0.3},
			{Step: 10, Spearman: 0.6, SpearmanLo: 0.1, SpearmanHi: 0.8, Pearson: 0.5, Kendall: 0.45},
			{Step: 100, Spearman: 1, SpearmanLo: 1, SpearmanHi: 1, Pearson: 1, Kendall: 1},
		},
		LagTime: &lagSteps,
		Signals: []result.SignalCorrelation{{Name: result.SignalGradientNorm, Correlation: result.Correlation{Spearman: -0.7, SpearmanLo: nan, SpearmanHi: nan}}},
		Rules: []result.RuleSummary{
			{Rule: "lag:10", ExtraFLOPs: 2000, Regret: 0.15}, {Rule: "oracle", ExtraFLOPs: 9000}, {Rule: "random", Regret: 0.3}, {Rule: "midas", Regret: nan},
		},
		Picks: []result.Pick{
			{Rule: "lag:10", Seed: 1, Strategy: "b", Regret: 0.3}, {Rule: "lag:10", Seed: 2, Strategy: "b", Regret: 0},
			{Rule: "oracle", Seed: 1, Strategy: "a"}, {Rule: "oracle", Seed: 2, Strategy: "a"}, {Rule: "midas", Seed: 1, Regret: 0.1}, {Rule: "midas", Seed: 2, Regret: nan},
			{Rule: "random", Seed: 1, Regret: 0.3}, {Rule: "random", Seed: 2, Regret: 0.3},
		},
		Noise: result.Noise{Strategies: 0.2, Seeds: 0.1, Ratio: 2, PairError: 0.05},
		Pairs: []result.Pair{{A: "a", B: "b", Difference: -0.3, Error: 0.1}, {A: "a", B: "c", Difference: 1, Error: 1}},
		Source: result.Source{Steps: 50, FLOPs: 500, UnigramEntropy: 5.6,
			Curve: []result.Point{{Step: 0, Loss: 7}, {Step: 50, Loss: 5.5}}},
		Controls: []result.ControlOutcome{
			{Name: result.ControlScratch, Seed: 1, Steps: 150, Status: result.StatusComplete, Final: 4, Curve: []result.Point{{Step: 0, Loss: 8}, {Step: 150, Loss: 4}}},
			{Name: result.ControlScratch, Seed: 2, Steps: 150, Status: result.StatusComplete, Final: 4.4, Curve: []result.Point{{Step: 0, Loss: 8}, {Step: 150, Loss: 4.4}}},
		},
	}
	return r
}

// plantedStacking is a stacking of two arms with one seed. The arm grown grows
// from 2 to 4 layers at 20 of 30 FLOPs, of which probes take 6; the arm scratch
// ends higher.
func plantedStacking() *result.Stacking {
	point := func(step int, flops float64, loss result.Number) result.StackingPoint {
		return result.StackingPoint{Step: step, FLOPs: flops, Loss: loss}
	}
	r := &result.Stacking{Family: "bert", Budget: 30, Seeds: []int64{1}, UnigramEntropy: 9, Arms: []result.ArmOutcome{
		{Name: "scratch", Seed: 1, Final: 3, FLOPs: 30, Status: result.StatusComplete, Stages: []result.StageOutcome{{Depths: growth.Depths{4}}},
			Curve: []result.StackingPoint{point(0, 0, 6), point(15, 30, 3)}},
		{Name: "grown", Rule: "lag:2", Seed: 1, Final: 2.5, FLOPs: 30, ExtraFLOPs: 6, Status: result.StatusComplete,
			Stages: []result.StageOutcome{{Depths: growth.Depths{2}}, {Depths: growth.Depths{4}, Strategy: "stack", Map: growth.Map{0, 1, 0, 1}, Candidates: 3, ExtraSteps: 4, Loss: 2.5}},
			Curve:  []result.StackingPoint{point(0, 0, 6), point(10, 14, 4), point(10, 20, 5), point(20, 30, 2.5)}},
	}}
	r.Analyze()
	return r
}
