package synthetic

import (
	"math"
	"math/rand/v2"

	"github.com/landscape-aware/growing/lag/result"
)

// Downstream returns measurements of a study's models: the loss on another text, which
// follows the final loss, an accuracy that follows it less, and one of chance.
func Downstream(seed uint64, r *result.Study) *result.Downstream {
	random := rand.New(rand.NewPCG(seed, 77))
	origin := r.Origin()
	d := &result.Downstream{ConfigHash: origin.Config, Backend: origin.Backend, Tasks: []result.DownstreamTask{
		{Name: "follow", Key: "f", About: "whether a passage follows another", Backend: "go", Measure: result.MeasureAccuracy, Train: 2000, Test: 1000, Groups: 300, Baseline: 0.5},
		{Name: "loss on news.txt", Key: "n", About: "loss on news", Backend: "go", Measure: result.MeasureLoss, Test: 4000, Groups: 16, Baseline: result.Undefined()},
		{Name: "CoLA", Key: "c", About: "CoLA", Backend: "go", Measure: result.MeasureMatthews, Train: 2000, Test: 1043, Groups: 1043},
	}}
	half := func(score, width, low, high float64) result.Number {
		return result.Number(min(high, max(low, score+width/3*random.NormFloat64())))
	}
	for i, o := range append([]result.Outcome{{Final: r.Source.Loss}}, r.Strategies...) {
		if i > 0 && o.Status != result.StatusComplete || math.IsNaN(float64(o.Final)) {
			continue
		}
		loss := float64(o.Final)
		for _, s := range []struct {
			task                    string
			score, error, low, high float64
		}{
			{"follow", 0.75 - 0.5*(loss-float64(r.Source.Loss)) + 0.01*random.NormFloat64(), 0.02, 0, 1},
			{"loss on news.txt", loss + 1 + 0.01*random.NormFloat64(), 0.05, 0, 1e9},
			{"CoLA", 0.03 * random.NormFloat64(), 0.06, -1, 1},
		} {
			score := min(max(s.low, s.score), s.high)
			d.Scores = append(d.Scores, result.DownstreamScore{Task: s.task, Strategy: o.Name, Seed: o.Seed, Run: "r",
				Score: result.Number(score), Lo: result.Number(max(s.low, score-s.error)), Hi: result.Number(min(s.high, score+s.error)),
				Halves: []result.Number{half(score, s.error, s.low, s.high), half(score, s.error, s.low, s.high)}})
		}
	}
	return d
}
