package synthetic

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// Large returns a made-up study of any number of candidates, at least four, each
// evaluated at each of the steps 0 to evaluations-1, of which there are at least
// 100. It is not analyzed; [Rules] has rules for that. The same arguments give
// the same result.
func Large(candidates, evaluations int) *result.Study {
	random := rand.New(rand.NewPCG(1, 3))
	T := evaluations - 1
	r := &result.Study{
		Family: "bert", Backend: "made up", From: 3, To: 6, Steps: T, Lag: T / 5, Source: source(random), Seeds: []int64{1},
	}
	for i := range candidates {
		c := candidate{floor: 3.05 + 0.16*random.Float64(), jump: 0.05 + 1.6*random.Float64()*random.Float64(), rate: (0.02 + 0.02*random.Float64()) * float64(T)}
		o := result.Outcome{
			Name: fmt.Sprintf("candidate-%d", i), Map: growth.Map{0, 1, 2, i % 3, i / 3 % 3, i / 9 % 3}, Init: "copy", Moments: string(growth.MomentsCopy), Seed: 1,
			Status: result.StatusComplete, FLOPs: float64(T) * stepFLOPs,
		}
		for step := range evaluations {
			t := float64(step)
			loss := c.floor + 0.55*math.Exp(-3*t/float64(T)) + c.jump*math.Exp(-t/c.rate) + 0.004*random.NormFloat64()
			o.Curve = append(o.Curve, result.Point{Step: step, Loss: result.Number(loss)})
			if step == r.Lag || step == T {
				o.Batches = append(o.Batches, result.BatchLosses{Step: step, Losses: batches(random, step, loss)})
			}
		}
		o.Final = o.Curve[T].Loss
		atLag := o.Curve[r.Lag].Loss
		o.Signals = []result.Signal{
			{Name: result.SignalGradientNorm, Step: 0, Value: result.Number(0.4 + c.jump + 0.5*random.Float64())},
			{Name: result.SignalTrainingLoss, Step: r.Lag, Value: atLag + result.Number(0.04*random.NormFloat64())},
			{Name: result.SignalSlope, Step: r.Lag, Value: result.Number(-0.3 - 0.1*random.Float64() - c.floor/40)},
		}
		r.Strategies = append(r.Strategies, o)
	}
	return r
}

// Rules returns rules for a study of [Large].
func Rules(r *result.Study) (rules []selection.Rule) {
	for _, rule := range selection.All(r.Lag, r.Steps) {
		if _, err := r.Replay(context.Background(), []selection.Rule{rule}); err == nil {
			rules = append(rules, rule)
		}
	}
	return rules
}
