// Package synthetic makes up results of studies, for the tests and examples of
// packages that draw or print them. Nothing in them was measured.
package synthetic

import (
	"math"
	"math/rand/v2"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/stats"
)

// Steps are the steps at which the made-up candidates are evaluated.
var Steps = []int{0, 1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 600}

const probe = 100

// Result returns a study of the strategies of [growth.DefaultPool] for 3 -> 6
// layers, some of them with other inits, as one looks in which the claims hold:
// the losses at initialization say next to nothing, the curves cross within the
// first fifty steps and keep their order from then on. One strategy diverges.
// The same arguments give the same result; there are at most count strategies.
func Result(seed uint64, count, seeds int) *lag.Result {
	random := rand.New(rand.NewPCG(seed, 1))
	pool, err := growth.DefaultPool(3, 6)
	if err != nil {
		panic(err) // 3 -> 6 is valid, so only an edit of growth can bring this about
	}
	pool = pool[:min(count, len(pool))]
	r := &lag.Result{
		Family: "bert", From: 3, To: 6, Steps: Steps[len(Steps)-1], ProbeSteps: probe,
		Source:   source(random),
		Warnings: []string{"one seed only: the differences between strategies may be noise", "inserted-late diverged & is <ranked last>"},
		Verdict:  "On this model, LAG(100) picks within 0.01 nats of the best strategy; the loss at initialization does not.",
	}
	for i, s := range pool {
		floor := 3.05 + 0.16*random.Float64()
		jump := 0.05 + 1.6*random.Float64()*random.Float64()
		rate := 9 + 12*random.Float64()
		for seed := range seeds {
			o := lag.Outcome{
				Name: s.Name, Map: s.Map, Init: s.Init.String(), Moments: string(s.Moments),
				Seed: int64(seed + 1), FLOPs: 4.2e13, Status: lag.StatusComplete,
			}
			diverges := i == len(pool)-2
			for _, step := range Steps {
				t := float64(step)
				loss := floor + 0.55*math.Exp(-t/260) + jump*math.Exp(-t/rate) + 0.004*random.NormFloat64() + 0.01*float64(seed)
				if diverges && step >= 35 {
					loss = 3.4 + t/60
				}
				if diverges && step > 200 {
					o.Status = lag.StatusDiverged
					break
				}
				o.Curve = append(o.Curve, lag.Point{Step: step, Loss: lag.Number(loss)})
			}
			o.Final = lag.Number(math.NaN())
			if o.Status == lag.StatusComplete {
				o.Final = o.Curve[len(o.Curve)-1].Loss
			}
			r.Strategies = append(r.Strategies, o)
		}
	}
	judge(r, seeds)
	return r
}

func source(random *rand.Rand) lag.Source {
	s := lag.Source{Steps: 3000, UnigramEntropy: 5.62, ShuffledLoss: 6.9, Parameters: 412_000, FLOPs: 3.1e14}
	for step := 0; step <= s.Steps; step += 100 {
		t := float64(step)
		loss := 5.55 + 1.4*math.Exp(-t/90) - 2/(1+math.Exp(-(t-1500)/220)) + 0.01*random.NormFloat64()
		s.Curve = append(s.Curve, lag.Point{Step: step, Loss: lag.Number(loss)})
		s.Loss = lag.Number(loss)
	}
	return s
}

// judge fills in the correlations and the picks, from the first seed.
func judge(r *lag.Result, seeds int) {
	var finals []float64
	at := map[int][]float64{}
	var names []string
	for i, o := range r.Strategies {
		if i%seeds != 0 {
			continue
		}
		names = append(names, o.Name)
		finals = append(finals, float64(o.Final))
		for k, step := range Steps {
			loss := math.NaN()
			if k < len(o.Curve) {
				loss = float64(o.Curve[k].Loss)
			}
			at[step] = append(at[step], loss)
		}
	}
	var rhos []float64
	for _, step := range Steps {
		x := at[step]
		rho := stats.Spearman(x, finals)
		band := stats.SpearmanInterval(x, finals, 0.95)
		rhos = append(rhos, rho)
		r.Correlation = append(r.Correlation, lag.Correlation{
			Step: step, Pearson: lag.Number(stats.Pearson(x, finals)), Spearman: lag.Number(rho),
			Kendall:    lag.Number(stats.KendallTauB(x, finals)),
			SpearmanLo: lag.Number(band.Lo), SpearmanHi: lag.Number(band.Hi),
		})
	}
	if step, ok := stats.LagTime(Steps[:len(Steps)-1], rhos, lag.LagThreshold); ok {
		r.LagSteps = &step
	}
	all := 4.2e13 * float64(len(names)-1)
	pick := func(rule string, i int, extra float64) {
		p := lag.Pick{Rule: rule, ExtraFLOPs: extra}
		regret := stats.Regret(finals, i)
		if i >= 0 {
			p.Strategy = names[i]
		} else {
			regret = stats.MeanRegret(finals)
		}
		p.Regret, p.RegretNorm = lag.Number(regret), lag.Number(stats.NormalizeRegret(finals, regret))
		r.Picks = append(r.Picks, p)
	}
	pick(lag.RuleLAG, stats.ArgMin(at[probe]), all*probe/float64(r.Steps))
	pick(lag.RuleLossAtInit, stats.ArgMin(at[0]), 0)
	pick(lag.RuleRandom, -1, 0)
	pick(lag.RuleOracle, stats.ArgMin(finals), all)
}
