// Package synthetic makes up results of studies and stackings, for tests and
// examples of packages that draw or print them. Nothing in them was measured.
package synthetic

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// Steps are the steps at which the made-up candidates are evaluated.
var Steps = []int{0, 1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 600}

const (
	probe     = 100
	last      = 600
	stepFLOPs = 7e10
	divergeAt = 260 // step at which one candidate diverges
)

// Result returns a made-up study of the strategies of [growth.DefaultPool] for
// 3 -> 6 layers, or of the wide pool if count is larger than the default pool.
// It has at most count strategies. The claims hold in it: the losses at
// initialization say almost nothing, and the curves cross within the first
// fifty steps and keep their order after that. One strategy diverges. The same
// arguments give the same result.
func Result(seed uint64, count, seeds int) *result.Study {
	from, to := growth.Depths{3}, growth.Depths{6}
	pool, err := growth.NewPoolFor(from, to, nil)
	if err == nil && count > len(pool) {
		pool, err = growth.NewPoolFor(from, to, &growth.Options{Wide: true})
	}
	if err != nil {
		panic(err) // cannot happen: 3 -> 6 is valid
	}
	r := &result.Study{Family: "bert", Backend: "made up", From: 3, To: 6}
	fill(r, seed, pool[:min(count, len(pool))], seeds)
	return r
}

// Controlled is a [Result] with controls. From scratch, the deep model ends
// above most strategies at the same cost, and far above them in as many steps.
func Controlled(seed uint64, count, seeds int) *result.Study {
	return controlled(Result(seed, count, seeds), seed, result.ControlScratch, result.ControlScratchSteps)
}

// Swept is a [Result] whose controls spend as much as LAG does in all, at four
// learning rates. The second lowest is the best, and the highest diverges with every
// seed.
func Swept(seed uint64, count, seeds int) *result.Study {
	r := Result(seed, count, seeds)
	kind := result.ControlScratchProbes
	return controlled(r, seed, kind, kind.WithPeak(0.0005), kind.WithPeak(0.004), kind.WithPeak(0.02))
}

// candidatePeak is the peak learning rate of the made-up candidates.
const candidatePeak = 0.001

// controlled adds controls to a result.
func controlled(r *result.Study, seed uint64, controls ...result.Control) *result.Study {
	random := rand.New(rand.NewPCG(seed, 2))
	for _, s := range r.Seeds {
		for _, control := range controls {
			o := result.ControlOutcome{Name: control, Seed: s, Steps: last, Status: result.StatusComplete}
			switch control.Kind() {
			case result.ControlScratch:
				o.Steps += int(r.Source.FLOPs / stepFLOPs)
			case result.ControlScratchProbes:
				o.Steps += int(r.Source.FLOPs/stepFLOPs) + (r.PoolSize()-1)*probe
			}
			above := 0.0 // of a learning rate that is not the best
			if len(controls) > 2 {
				if o.Peak, _ = control.Peak(); o.Peak == 0 {
					o.Peak = candidatePeak
				}
				above = 0.03 * math.Abs(math.Log(o.Peak/candidatePeak))
			}
			for step := 0; step < o.Steps+100; step += 100 {
				step = min(step, o.Steps)
				loss := above + 3.25 + 2.9*math.Exp(-float64(step)/(1100+50*random.Float64()))
				o.Curve = append(o.Curve, result.Point{Step: step, Loss: result.Number(loss)})
			}
			o.Final, o.FLOPs = o.Curve[len(o.Curve)-1].Loss, float64(o.Steps)*stepFLOPs
			if o.Peak > 0.01 {
				at := 450
				o.Status, o.DivergedAt, o.Final, o.FLOPs, o.Curve = result.StatusDiverged, &at, result.Undefined(), float64(at)*stepFLOPs, o.Curve[:5]
			}
			r.Controls = append(r.Controls, o)
		}
	}
	if err := r.Analyze(context.Background(), rulesOf(r)); err != nil {
		panic(err) // as in fill
	}
	return r
}

// TwoStacks is a [Result] for an encoder-decoder that grows from 2+3 layers to
// 4+6.
func TwoStacks(seed uint64, count, seeds int) *result.Study {
	pool, err := growth.NewPoolFor(growth.Depths{2, 3}, growth.Depths{4, 6}, nil)
	if err != nil {
		panic(err) // as in Result
	}
	r := &result.Study{Family: "ul2", Backend: "made up", From: 3, To: 6, EncoderFrom: 2, EncoderTo: 4}
	fill(r, seed, pool[:min(count, len(pool))], seeds)
	return r
}

// A candidate's loss is the sum of a floor, a slow decay, and a jump with its
// own decay.
type candidate struct {
	floor, jump, rate float64
	diverges          bool
}

// fill makes up the outcomes of a pool.
func fill(r *result.Study, seed uint64, pool growth.Pool, seeds int) {
	random := rand.New(rand.NewPCG(seed, 1))
	r.Steps, r.Lag, r.Source = last, probe, source(random)
	candidates := make([]candidate, len(pool))
	for i := range candidates {
		candidates[i] = candidate{
			floor: 3.05 + 0.16*random.Float64(), jump: 0.05 + 1.6*random.Float64()*random.Float64(), rate: 9 + 12*random.Float64(),
			diverges: i == len(pool)-2,
		}
	}
	for k := range seeds {
		r.Seeds = append(r.Seeds, int64(k+1))
		for i, s := range pool {
			o := candidates[i].train(random, 0.01*float64(k))
			o.Name, o.Map, o.Encoder, o.Init, o.Moments, o.Summary, o.Seed = s.Name, s.Map, s.Encoder, s.Init.String(), string(s.Moments), s.Summary(), int64(k+1)
			r.Strategies = append(r.Strategies, o)
		}
	}
	if err := r.Analyze(context.Background(), rulesOf(r)); err != nil {
		panic(err) // cannot happen: rulesOf checked each rule
	}
}

// rulesOf returns the rules that fit a result. For example, it excludes a rule
// whose strategy is not in the pool.
func rulesOf(r *result.Study) []selection.Rule {
	return slices.DeleteFunc(selection.All(probe, last), func(rule selection.Rule) bool {
		_, err := r.Replay(context.Background(), []selection.Rule{rule})
		return err != nil
	})
}

// train makes up a candidate's training. shift is added to its losses.
func (c candidate) train(random *rand.Rand, shift float64) result.Outcome {
	own := shift + 0.009*random.NormFloat64() // effect of the seed, and of strategy and seed together
	o := result.Outcome{Status: result.StatusComplete, Final: result.Number(math.NaN()), FLOPs: last * stepFLOPs}
	for _, step := range Steps {
		t := float64(step)
		loss := c.floor + own + 0.55*math.Exp(-t/260) + c.jump*math.Exp(-t/c.rate) + 0.004*random.NormFloat64()
		if c.diverges && step >= 35 {
			loss = 3.4 + t/60
		}
		if c.diverges && step > divergeAt {
			at := divergeAt
			o.Status, o.DivergedAt, o.FLOPs = result.StatusDiverged, &at, divergeAt*stepFLOPs
			break
		}
		o.Curve = append(o.Curve, result.Point{Step: step, Loss: result.Number(loss)})
		o.Batches = append(o.Batches, result.BatchLosses{Step: step, Losses: batches(random, step, loss)})
	}
	atLag := o.At(probe)
	decayed := result.Number(atLag - 0.08 - 0.004*random.Float64())
	if c.diverges {
		decayed = result.Number(math.NaN())
	} else {
		o.Final = o.Curve[len(o.Curve)-1].Loss
	}
	o.Signals = []result.Signal{
		{Name: result.SignalGradientNorm, Step: 0, Value: result.Number(0.4 + c.jump + 0.5*random.Float64())},
		{Name: result.SignalTrainingLoss, Step: probe, Value: result.Number(atLag + 0.04*random.NormFloat64())},
		{Name: result.SignalSlope, Step: probe, Value: result.Number(-0.3 - 0.1*random.Float64() - c.floor/40)},
		{Name: result.SignalDecayedLoss, Step: probe, Decay: 10, Value: decayed},
	}
	return o
}

// batches makes up losses with the given mean on the eight batches of a
// validation set.
func batches(random *rand.Rand, step int, mean float64) []float64 {
	losses := make([]float64, 8)
	sum := 0.0
	for i := range losses {
		losses[i] = 0.1*math.Sin(float64(5*i+step)) + 0.03*random.NormFloat64() // the first term is common to all strategies
		sum += losses[i]
	}
	for i := range losses {
		losses[i] += mean - sum/float64(len(losses))
	}
	return losses
}

func source(random *rand.Rand) result.Source {
	s := result.Source{Steps: 3000, UnigramEntropy: 5.62, ShuffledLoss: 6.9, Parameters: 412_000, FLOPs: 3.1e14}
	for step := 0; step <= s.Steps; step += 100 {
		t := float64(step)
		loss := 5.55 + 1.4*math.Exp(-t/90) - 2/(1+math.Exp(-(t-1500)/220)) + 0.01*random.NormFloat64()
		s.Curve = append(s.Curve, result.Point{Step: step, Loss: result.Number(loss)})
		s.Loss = result.Number(loss)
	}
	return s
}
