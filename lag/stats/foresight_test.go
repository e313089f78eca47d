package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func TestWeightedTau(t *testing.T) {
	// With five candidates all weights together are 4 (1 + 1/2 + 1/3 + 1/4 + 1/5) =
	// 137/15. An exchange of the best two has the weight 1 + 1/2, of the worst two
	// 1/4 + 1/5; each counts twice.
	final := []float64{1, 2, 3, 4, 5}
	for _, c := range []struct {
		early []float64
		want  float64
	}{
		{final, 1}, {[]float64{5, 4, 3, 2, 1}, -1},
		{[]float64{2, 1, 3, 4, 5}, 1 - 2*1.5*15/137},
		{[]float64{1, 2, 3, 5, 4}, 1 - 2*0.45*15/137},
		{[]float64{1, 2, 3, inf, 4}, 1 - 2*0.45*15/137},
	} {
		if got := WeightedTau(c.early, final); !near(got, c.want) {
			t.Errorf("%v: %v, want %v", c.early, got, c.want)
		}
	}
	// scipy 1.16.3: weightedtau([-a for a in x], [-a for a in y]).statistic
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{3.4, 3.1, 3.9, 3.3, 3.0, 3.6, 3.2}, []float64{2.9, 2.6, 3.1, 2.8, 2.7, 2.7, 2.5}, 0.3769910506197022},
		{[]float64{1, 2, 2, 3, 5, 5, 5, 8}, []float64{2, 1, 1, 1, 4, 3, 4, 9}, 0.5185677534120288},
	} {
		if got := WeightedTau(c.x, c.y); !near(got, c.want) {
			t.Errorf("%v, %v: %v, and by scipy %v", c.x, c.y, got, c.want)
		}
		if got := WeightedTau(c.y, c.x); !near(got, c.want) {
			t.Errorf("%v, %v: %v, and by scipy %v", c.y, c.x, got, c.want)
		}
	}
	for _, got := range []float64{WeightedTau(final, final[:3]), WeightedTau(final, make([]float64, 5)), WeightedTau(nil, nil), WeightedTau(final[:1], final[:1])} {
		if !math.IsNaN(got) {
			t.Errorf("%v where it is undefined", got)
		}
	}
}

func TestTopRecall(t *testing.T) {
	early, final := []float64{4, 1, 2, 5, 3, nan}, []float64{1, 2, 3, 4, 5, nan}
	for k, want := range map[int]float64{1: 0, 2: 0.5, 3: 2.0 / 3, 4: 1, 5: 1, 6: 1} {
		if k == 4 { // strategies 1, 2, 4 and 0 come first
			want = 0.75
		}
		if got := TopRecall(early, final, k); !near(got, want) {
			t.Errorf("k = %d: %v, want %v", k, got, want)
		}
	}
	for _, got := range []float64{TopRecall(early, final, 0), TopRecall(early, final, 7), TopRecall(early, final[:2], 1), TopRecall([]float64{1, 2}, []float64{nan, inf}, 1)} {
		if !math.IsNaN(got) {
			t.Errorf("%v where it is undefined", got)
		}
	}
}

func TestWithinEpsilon(t *testing.T) {
	// With the first seed strategy 0 is first and ends 0.2 above the best. With the
	// second it is strategy 1, the best. The mean of both picks strategy 1.
	early := [][]float64{{1, 1.6, 5}, {12, 11, 15}}
	final := [][]float64{{1.2, 1, 5}, {11.2, 11, 15}}
	for epsilon, want := range map[float64]float64{0.1: 0.75, 0.3: 1} { // the first seed twice has probability 1/4
		if got := WithinEpsilon(early, final, epsilon, 1); got != want {
			t.Errorf("within %v: %v, want %v", epsilon, got, want)
		}
	}
	six := func(x [][]float64) [][]float64 { return [][]float64{x[0], x[1], x[0], x[1], x[0], x[1]} }
	// The mean of six draws picks strategy 0 if the first seed is drawn four times or
	// more, which has probability 22/64: its lead is 0.6 there and -1 in the second.
	// The share of 4,000 resamples has a standard deviation of 0.0075.
	if got, want := WithinEpsilon(six(early), six(final), 0.1, 1), 1-22.0/64; math.Abs(got-want) > 0.03 {
		t.Errorf("of six seeds: %v, want about %v", got, want)
	}
	if a, b := WithinEpsilon(six(early), six(final), 0.1, 1), WithinEpsilon(six(early), six(final), 0.1, 1); a != b {
		t.Errorf("the same arguments give %v and %v", a, b)
	}
	lost := [][]float64{{nan, nan, nan}, {1, 2, 3}}
	for _, got := range []float64{WithinEpsilon(early[:1], final[:1], 0.1, 1), WithinEpsilon(early, final[:1], 0.1, 1), WithinEpsilon(early, lost, 0.1, 1)} {
		if !math.IsNaN(got) {
			t.Errorf("%v where it is undefined", got)
		}
	}
	if got := WithinEpsilon(lost, final, 0.1, 1); got != 0 {
		t.Errorf("%v if nothing can be picked, want 0", got)
	}
}

// In planted studies the probability is right on average: as often as it says,
// the pick of a study ends within epsilon of what is truly the best.
func TestWithinEpsilonIsCalibrated(t *testing.T) {
	const cases, n, epsilon = 800, 10, 0.5
	random := rand.New(rand.NewPCG(3, 3))
	for _, seeds := range []int{2, 3, 5} {
		said, happened := 0.0, 0.0
		for range cases {
			x, y := paired(random, seeds, n, 0.8, 0.8)
			said += WithinEpsilon(x, y, epsilon, 1) / cases
			if Regret(MeanLosses(y), ArgMin(MeanLosses(x))) <= epsilon {
				happened += 1.0 / cases
			}
		}
		t.Logf("%d seeds: said %.3f, happened %.3f", seeds, said, happened)
		if math.Abs(said-happened) > 0.06 {
			t.Errorf("%d seeds: the probability is %.3f on average, and the share of picks within epsilon %.3f", seeds, said, happened)
		}
	}
}

func TestMeasureSignal(t *testing.T) {
	// The mean falls, and the spread is halved, which all strategies share. At the
	// end the first two exchange their places: their z are -1, -1, 0 and 0, 0, -1,
	// each with variance 1/3; the third stays. Divided by S-1 the noise is 1/3.
	losses := [][][]float64{{{28, 30, 32}}, {{19, 20, 21}}, {{10, 9, 11}}}
	got := MeasureSignal(losses)
	if !near(got.Signal, 1) || !near(got.Noise, math.Sqrt(1.0/3)) || !near(got.Ratio, math.Sqrt(3)) || got.Counted != 3 {
		t.Errorf("%+v", got)
	}
	wide := [][][]float64{{{28, 30, nan, 32}}, {{19, 20, 1, 21}}, {{10, 9, 1, 11}}}
	if lost := MeasureSignal(wide); lost != got {
		t.Errorf("a strategy that diverged counts: %+v", lost)
	}
	if still := MeasureSignal([][][]float64{{{4, 6}}, {{2, 3}}, {{1, 2}}}); !math.IsInf(still.Ratio, 1) || still.Noise != 0 {
		t.Errorf("no strategy moves: %+v", still)
	}
	for _, bad := range [][][][]float64{nil, losses[:2], {{{1}}, {{2}}, {{3}}}, {{{1, 2}}, {{1}}, {{1, 2}}}, {{{1, 2}}, {{1, 1}}, {{1, 2}}}} {
		if got := MeasureSignal(bad); !math.IsNaN(got.Ratio) || !math.IsNaN(got.Signal) {
			t.Errorf("%v: %+v", bad, got)
		}
	}
}

// The spread of planted studies is found, 0.3 of the strategies and 0.1 of each
// evaluation, whatever the seeds and the steps have in common.
func TestPlantedSignal(t *testing.T) {
	const strategies, seeds, evaluations, cases = 20, 2, 5, 200
	random := rand.New(rand.NewPCG(4, 3))
	var signal, noise float64
	for range cases {
		losses := make([][][]float64, evaluations)
		floor := make([]float64, strategies)
		for s := range floor {
			floor[s] = 0.3 * random.NormFloat64()
		}
		level := make([]float64, seeds)
		for r := range level {
			level[r] = random.NormFloat64()
		}
		for k := range losses {
			losses[k] = make([][]float64, seeds)
			for r := range losses[k] {
				losses[k][r] = make([]float64, strategies)
				for s := range losses[k][r] {
					losses[k][r][s] = 5 - float64(k) + level[r] + floor[s] + 0.1*random.NormFloat64()
				}
			}
		}
		got := MeasureSignal(losses)
		signal, noise = signal+square(got.Signal)/cases, noise+square(got.Noise)/cases
	}
	if math.Abs(signal-0.1) > 0.007 { // 0.3² + 0.1²; about 3 standard deviations
		t.Errorf("the signal's variance is %.4f, planted 0.1", signal)
	}
	if math.Abs(noise-0.01) > 0.0006 {
		t.Errorf("the noise's variance is %.5f, planted 0.01", noise)
	}
	var ratios []float64
	for range cases {
		losses := make([][][]float64, evaluations)
		for k := range losses {
			losses[k] = [][]float64{make([]float64, strategies)}
			for s := range losses[k][0] {
				losses[k][0][s] = random.NormFloat64()
			}
		}
		ratios = append(ratios, MeasureSignal(losses).Ratio)
	}
	if mean := stat.Mean(ratios, nil); math.Abs(mean-1) > 0.03 {
		t.Errorf("the ratio of orders that are drawn anew is %.3f on average, not about 1", mean)
	}
}
