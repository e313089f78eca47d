package synthetic

import (
	"math"
	"math/rand/v2"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// arm is one way to train from scratch.
type arm struct {
	name, rule string
	depths     []int
	share      []float64 // shares of the steps, by stage
	probes     int       // candidates at each growth
	gain       float64   // nats
}

// Stacking returns a made-up comparison of five ways to train 6 layers from
// scratch, in which picking at every stage helps a little. The same arguments
// give the same result.
func Stacking(seed uint64, seeds int) *result.Stacking {
	random := rand.New(rand.NewPCG(seed, 2))
	stages := []int{2, 4, 6}
	r := &result.Stacking{Family: "bert", Backend: "made up", UnigramEntropy: 5.62}
	for _, depth := range stages {
		r.Plan = append(r.Plan, result.Stage{Depths: growth.Depths{depth}, Steps: 400})
		r.Budget += 400 * layerFLOPs(depth)
	}
	arms := []arm{
		{name: "adaptive", rule: "lag:20", depths: stages, share: []float64{1, 1, 1}, probes: 16, gain: 0.07},
		{name: "stack-last", rule: "stack-last", depths: stages, share: []float64{1, 1, 1}, gain: 0.02},
		{name: "midas", rule: "midas", depths: stages, share: []float64{1, 1, 1}, gain: 0.05},
		{name: "late growth", rule: "stack-last", depths: []int{2, 6}, share: []float64{2, 1}, gain: 0.03},
		{name: "scratch", depths: []int{6}, share: []float64{1}},
	}
	for k := range seeds {
		r.Seeds = append(r.Seeds, int64(k+1))
		for _, a := range arms {
			r.Arms = append(r.Arms, a.train(random, r.Budget, int64(k+1)))
		}
	}
	r.Analyze()
	return r
}

func layerFLOPs(depth int) float64 { return 2e10 + 1e10*float64(depth) }

// train makes up the outcome of an arm.
func (a arm) train(random *rand.Rand, budget float64, seed int64) result.ArmOutcome {
	const lag20 = 20
	o := result.ArmOutcome{Name: a.name, Rule: a.rule, Seed: seed, Status: result.StatusComplete}
	probing, weight := 0.0, 0.0
	for i, depth := range a.depths {
		weight += a.share[i] * layerFLOPs(depth)
		if i > 0 {
			probing += float64(max(a.probes-1, 0)*lag20) * layerFLOPs(depth)
		}
	}
	steps, level := 0, 0.02*random.NormFloat64()
	for i, depth := range a.depths {
		stage := result.StageOutcome{Depths: growth.Depths{depth}, Steps: int(a.share[i] * (budget - probing) / weight)}
		jump := 0.0
		if i > 0 {
			jump = 0.15 + 0.25*random.Float64()
			stage.Candidates, stage.ExtraSteps = max(a.probes, 1), max(a.probes-1, 0)*lag20
			stage.Strategy, stage.Map = a.pick(random, a.depths[i-1], depth)
		}
		o.ExtraFLOPs += float64(stage.ExtraSteps) * layerFLOPs(depth)
		o.FLOPs += float64(stage.ExtraSteps) * layerFLOPs(depth)
		for at := 0; ; at = min(at+25, stage.Steps) {
			spent := o.FLOPs + float64(at)*layerFLOPs(depth)
			loss := 2.9 + level - a.gain*spent/budget + 2.6*math.Exp(-4*spent/budget) + jump*math.Exp(-float64(at)/25) + 0.006*random.NormFloat64()
			o.Curve = append(o.Curve, result.StackingPoint{Step: steps + at, FLOPs: spent, Loss: result.Number(loss)})
			if at == stage.Steps {
				break
			}
		}
		steps += stage.Steps
		o.FLOPs += float64(stage.Steps) * layerFLOPs(depth)
		stage.Loss = o.Curve[len(o.Curve)-1].Loss
		o.Stages = append(o.Stages, stage)
	}
	o.Final = o.Curve[len(o.Curve)-1].Loss
	return o
}

// pick returns a strategy. If the arm has probes, it is a random one of the
// pool.
func (a arm) pick(random *rand.Rand, from, to int) (string, growth.Map) {
	pool, err := growth.DefaultPool(from, to)
	if err != nil {
		panic(err) // the stages are valid
	}
	if s, ok := pool.ByName(a.rule); ok {
		return s.Name, s.Map
	}
	if a.probes == 0 {
		s := pool[0]
		return s.Name, s.Map
	}
	s := pool[random.IntN(len(pool))]
	return s.Name, s.Map
}
