package aggregate_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/stats"
)

func foresights(t *testing.T, r *result.Study) []aggregate.Foresight {
	t.Helper()
	list, err := aggregate.Foresights(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestForesights compares the numbers of each step with the rules' and with
// those of a single seed, which can be computed from the outcomes directly.
func TestForesights(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	list := foresights(t, r)
	if len(list) != len(synthetic.Steps) {
		t.Fatalf("%d steps, want %d", len(list), len(synthetic.Steps))
	}
	losses := func(step int) (all []float64) {
		for _, o := range r.Strategies {
			all = append(all, o.At(step))
		}
		return all
	}
	final := losses(r.Steps)
	for i, f := range list {
		if f.Step != synthetic.Steps[i] {
			t.Fatalf("step %d, want %d", f.Step, synthetic.Steps[i])
		}
		early := losses(f.Step)
		if got, want := f.Decisions.Accuracy, (1+stats.KendallTauB(early, final))/2; math.Abs(got-want) > 1e-9 {
			t.Errorf("step %d: decision accuracy %v, and %v by tau", f.Step, got, want) // the losses have no ties
		}
		if got, want := f.WeightedTau, stats.WeightedTau(early, final); got != want {
			t.Errorf("step %d: weighted tau %v, want %v", f.Step, got, want)
		}
		if got, want := f.Recall[0] == 1, stats.ArgMin(early) == stats.ArgMin(final); got != want {
			t.Errorf("step %d: the best is found: %v, want %v", f.Step, got, want)
		}
		if f.Clear.Pairs >= f.Decisions.Pairs || f.Clear.Pairs == 0 || !math.IsNaN(f.Within) {
			t.Errorf("step %d: %d clear pairs of %d, %v within epsilon of one seed", f.Step, f.Clear.Pairs, f.Decisions.Pairs, f.Within)
		}
		if got := math.IsNaN(f.Signal.Ratio); got != (i < 2) {
			t.Errorf("step %d: the signal-to-noise ratio is %v", f.Step, f.Signal.Ratio)
		}
		if rule := f.LAG.Rule; f.Step == r.Lag && rule != "lag:100" || f.Step == 0 && (rule != "loss-at-init" || f.LAG.Extra != 0) || f.Step == r.Steps && rule != "oracle" {
			t.Errorf("step %d has the rule %s, with the cost %v", f.Step, rule, f.LAG.Extra)
		}
		if i > 0 && f.LAG.Extra <= list[i-1].LAG.Extra {
			t.Errorf("probing until step %d costs %v, less than before", f.Step, f.LAG.Extra)
		}
	}
	// By hand: 15 candidates for 100 steps of 600, the last one's training not
	// being extra.
	for _, f := range list {
		if f.Step == r.Lag && math.Abs(f.LAG.Extra-15.0/6) > 1e-12 {
			t.Errorf("probing until the lag costs %v trainings", f.LAG.Extra)
		}
	}
	if text := aggregate.ClearDifference(r); !strings.Contains(text, "validation batches") {
		t.Errorf("one seed: %s", text)
	}
}

// TestClearPairs: with several seeds, two strategies clearly differ if the means
// are apart by more than two errors by the seeds.
func TestClearPairs(t *testing.T) {
	r := synthetic.Result(6, 16, 3)
	ends := stats.MeanLosses(r.LossesAt(r.Steps))
	want := 0
	for i := range ends {
		for j := range i {
			if gap := math.Abs(ends[i] - ends[j]); gap > 2*math.Sqrt(2.0/3)*float64(r.Noise.Seeds) {
				want++
			}
		}
	}
	list := foresights(t, r)
	if got := list[3].Clear.Pairs; got != want || want == 0 {
		t.Errorf("%d clear pairs, want %d", got, want)
	}
	if within := list[len(list)-1].Within; within != 1 {
		t.Errorf("the pick at the end is near the best with probability %v", within)
	}
	if text := aggregate.ClearDifference(r); !strings.Contains(text, "by the seeds") {
		t.Errorf("three seeds: %s", text)
	}
}

// TestForesightsWithout: strategies in which the device failed do not count, a
// study without final losses has none of the shares, and a canceled context ends
// the work.
func TestForesightsWithout(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	for i := range r.Strategies {
		if i%r.PoolSize() == 3 {
			at := 20
			r.Strategies[i].Status, r.Strategies[i].FailedAt, r.Strategies[i].Curve = result.StatusFailed, &at, r.Strategies[i].Curve[:5]
		}
	}
	if err := r.Analyze(t.Context(), []selection.Rule{selection.LAG{Lag: r.Lag}}); err != nil {
		t.Fatal(err)
	}
	if got := len(r.Counted()); got != 15 {
		t.Errorf("%d strategies count, want 15", got)
	}
	list := foresights(t, r)
	if got := list[0].Decisions.Pairs; got != 15*14/2 {
		t.Errorf("%d pairs of 15 strategies", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	because := errors.New("enough")
	cancel(because)
	if _, err := aggregate.Foresights(ctx, r); !errors.Is(err, because) && !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestSeedErrorOfPlanted: the error by the seeds is that of the difference between two
// strategies' mean final losses. Intervals of two errors hold the planted difference
// in 95% of all pairs, whatever a seed does to all strategies.
func TestSeedErrorOfPlanted(t *testing.T) {
	const studies, strategies, seeds, noise = 400, 20, 3, 0.02
	random := rand.New(rand.NewPCG(11, 3))
	held, pairs, squares := 0, 0, 0.0
	for range studies {
		r := &result.Study{Steps: 1}
		effects := make([]float64, strategies)
		for i := range effects {
			effects[i] = 0.05 * random.NormFloat64()
		}
		for seed := range seeds {
			r.Seeds = append(r.Seeds, int64(seed))
			level := random.NormFloat64()
			for _, effect := range effects {
				loss := result.Number(3 + level + effect + noise*random.NormFloat64())
				r.Strategies = append(r.Strategies, result.Outcome{Status: result.StatusComplete, Final: loss, Curve: []result.Point{{Step: 1, Loss: loss}}})
			}
		}
		r.Noise.Seeds = result.Number(stats.MeasureSpread(r.LossesAt(1)).Seeds)
		ends, err := stats.MeanLosses(r.LossesAt(1)), aggregate.SeedError(r)
		squares += err * err / studies
		for i := range ends {
			for j := range i {
				if pairs++; math.Abs(ends[i]-ends[j]-effects[i]+effects[j]) <= 2*err {
					held++
				}
			}
		}
	}
	if share := float64(held) / float64(pairs); math.Abs(share-0.947) > 0.01 { // Student's t with 38 degrees of freedom is within 2 with probability 0.947
		t.Errorf("intervals of two errors hold the planted difference in %.2f%% of the pairs", 100*share)
	}
	if want := 2 * noise * noise / seeds; math.Abs(squares/want-1) > 0.05 { // 4 standard deviations: sqrt(2/38/400) is 1.1%
		t.Errorf("the squared error is %g on average, planted %g", squares, want)
	}
}
