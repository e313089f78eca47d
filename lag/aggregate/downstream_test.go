package aggregate_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

// scoredBy returns measurements with one task, whose scores a function gives from the
// final losses.
func scoredBy(r *result.Study, m result.Measure, score func(final float64) float64) *result.Downstream {
	d := &result.Downstream{Tasks: []result.DownstreamTask{{Name: "t", Measure: m}}}
	for _, o := range r.Strategies {
		if o.Status == result.StatusComplete {
			s := result.Number(score(float64(o.Final)))
			d.Scores = append(d.Scores, result.DownstreamScore{Task: "t", Strategy: o.Name, Seed: o.Seed, Score: s, Lo: s - 0.01, Hi: s + 0.03})
		}
	}
	return d
}

// TestDownstreamTasks checks the sign of the correlation, and what is lost.
func TestDownstreamTasks(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	all := aggregate.Strategies(r)
	for _, c := range []struct {
		m     result.Measure
		score func(final float64) float64
		rho   float64
	}{
		{result.MeasureLoss, func(x float64) float64 { return 2 * x }, 1},
		{result.MeasureLoss, func(x float64) float64 { return 1 / x }, -1},
		{result.MeasureAccuracy, func(x float64) float64 { return 1 / x }, 1},
		{result.MeasureMatthews, func(x float64) float64 { return x / 100 }, -1},
	} {
		task := aggregate.DownstreamTasks(r, scoredBy(r, c.m, c.score))[0]
		if math.Abs(task.Rho-c.rho) > 1e-12 || math.Abs(task.Error-0.02) > 1e-12 || !math.IsNaN(task.Source) {
			t.Errorf("%s: rho %g, want %g; error %g, source %g", c.m, task.Rho, c.rho, task.Error, task.Source)
		}
		if (task.Lost > 1e-12) != (c.rho < 0) || task.Lost < -1e-12 {
			t.Errorf("%s: the lowest final loss loses %g", c.m, task.Lost)
		}
		for i, s := range all {
			if s.Stopped() != math.IsNaN(task.Mean[i]) {
				t.Errorf("%s: mean %g of %s, which %s", c.m, task.Mean[i], s.Name, s.Status())
			}
		}
	}
}

// TestFewMeasured leaves strategies out that were not measured with every seed.
func TestFewMeasured(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	d := scoredBy(r, result.MeasureLoss, func(x float64) float64 { return x })
	missing := aggregate.Strategies(r)[0].Name
	for i, s := range d.Scores {
		if s.Strategy == missing {
			d.Scores = append(d.Scores[:i], d.Scores[i+1:]...)
			break
		}
	}
	task := aggregate.DownstreamTasks(r, d)[0]
	if !math.IsNaN(task.Mean[0]) || math.IsNaN(task.Mean[1]) || task.Lost != 0 {
		t.Errorf("means %v, lost %g", task.Mean, task.Lost)
	}
	d.Scores = d.Scores[:3]
	task = aggregate.DownstreamTasks(r, d)[0]
	if !math.IsNaN(task.Rho) || !strings.Contains(task.Agreement(), "no correlation") {
		t.Errorf("rho %g of %d strategies, %q", task.Rho, task.Measured, task.Agreement())
	}
}

func TestWithDownstream(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	before := aggregate.Checklist(r, aggregate.Account{})
	if got := item(t, aggregate.WithDownstream(before, r, nil), "downstream tasks"); got.Mark != aggregate.Not {
		t.Errorf("nothing was measured: %+v", got)
	}
	d := synthetic.Downstream(1, r)
	groups := aggregate.WithDownstream(before, r, d)
	if got := item(t, groups, "downstream tasks"); got.Mark != aggregate.Done || !strings.Contains(got.Text, "follow 0.") || !strings.Contains(got.Text, "CoLA") {
		t.Errorf("all were measured: %+v", got)
	}
	if got := item(t, groups, "other data"); got.Mark != aggregate.InPart || !strings.Contains(got.Text, "news.txt") {
		t.Errorf("another text was measured: %+v", got)
	}
	d.Scores = d.Scores[:20]
	if got := item(t, aggregate.WithDownstream(before, r, d), "downstream tasks"); got.Mark != aggregate.InPart || !strings.Contains(got.Text, "were measured") {
		t.Errorf("some were measured: %+v", got)
	}
	if got := item(t, before, "downstream tasks"); got.Mark != aggregate.Not {
		t.Error("the checklist before was changed")
	}
}

// TestReliability: halves that agree, that have nothing in common, and that were not
// kept.
func TestReliability(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		halves    func(score float64) []result.Number
		low, high float64
	}{
		{func(s float64) []result.Number { return []result.Number{result.Number(s), result.Number(3 * s)} }, 1, 1},
		{func(s float64) []result.Number {
			return []result.Number{result.Number(random.NormFloat64()), result.Number(random.NormFloat64())}
		}, 0, 0.6},
		{func(s float64) []result.Number { return []result.Number{result.Number(s), result.Number(-s)} }, 0, 0},
		{func(s float64) []result.Number { return nil }, math.NaN(), math.NaN()},
	} {
		d := scoredBy(r, result.MeasureLoss, func(x float64) float64 { return x })
		for i := range d.Scores {
			d.Scores[i].Halves = c.halves(float64(d.Scores[i].Score))
		}
		got := aggregate.DownstreamTasks(r, d)[0]
		const rounding = 1e-9
		if math.IsNaN(c.low) != math.IsNaN(got.Reliability) || got.Reliability < c.low-rounding || got.Reliability > c.high+rounding {
			t.Errorf("reliability %g, want %g to %g", got.Reliability, c.low, c.high)
		}
		if got.IsNoise() != (got.Reliability < 0.5) {
			t.Errorf("reliability %g is noise: %t", got.Reliability, got.IsNoise())
		}
	}
}

// TestPlantedReliability draws true scores with variance 1 and two halves, each with noise
// of variance 2, so that the whole has noise of variance 1: half of the variance of the
// scores is then true.
func TestPlantedReliability(t *testing.T) {
	r := synthetic.Result(6, 60, 1)
	random := rand.New(rand.NewPCG(4, 2))
	const draws = 60
	mean := 0.0
	for range draws {
		d := scoredBy(r, result.MeasureLoss, func(float64) float64 { return 10 + random.NormFloat64() })
		for i := range d.Scores {
			half := func() result.Number { return d.Scores[i].Score + result.Number(math.Sqrt2*random.NormFloat64()) }
			d.Scores[i].Halves = []result.Number{half(), half()}
		}
		mean += aggregate.DownstreamTasks(r, d)[0].Reliability / draws
	}
	if math.Abs(mean-0.5) > 0.05 {
		t.Errorf("mean reliability %.3f, want 0.5", mean)
	}
}
