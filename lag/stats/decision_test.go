package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestDecisionAccuracy(t *testing.T) {
	final := []float64{1, 2, 3, 4}
	for _, c := range []struct {
		early []float64
		want  float64
	}{
		{[]float64{5, 6, 7, 8}, 1},
		{[]float64{8, 7, 6, 5}, 0},
		{[]float64{6, 5, 7, 8}, 5.0 / 6}, // one of six pairs is exchanged
		{[]float64{5, 5, 7, 8}, 5.5 / 6}, // a coin decides one
		{[]float64{5, 5, 5, 5}, 0.5},
		{[]float64{5, 6, nan, inf}, 5.5 / 6}, // both diverged early
	} {
		if got := DecisionAccuracy(c.early, final); !near(got, c.want) {
			t.Errorf("%v: %v, want %v", c.early, got, c.want)
		}
	}
	// Equal ends leave nothing to decide: the other five pairs count.
	if got := DecisionAccuracy([]float64{2, 1, 3, 4}, []float64{1, 1, 3, 4}); got != 1 {
		t.Errorf("with two equal ends: %v", got)
	}
	// scipy 1.16.3: (1 + kendalltau(early, final).statistic)/2
	early, end := []float64{3.4, 3.1, 3.9, 3.3, 3.0, 3.6, 3.2}, []float64{2.9, 2.6, 3.1, 2.85, 2.7, 2.75, 2.5}
	if got := DecisionAccuracy(early, end); !near(got, 0.7619047619047619) {
		t.Errorf("%v, and by scipy 0.7619", got)
	}
	for _, got := range []float64{DecisionAccuracy(nil, nil), DecisionAccuracy(early, end[:3]), DecisionAccuracy(early, make([]float64, 7)), DecisionAccuracy([]float64{1}, []float64{1})} {
		if !math.IsNaN(got) {
			t.Errorf("%v where no pair counts", got)
		}
	}
}

// Over two seeds the means decide. Only some pairs count.
func TestMeasureDecisions(t *testing.T) {
	early := [][]float64{{1, 9, 3, 4, 5, 6}, {3, 1, 5, 6, 7, 8}}                        // means 2, 5, 4, 5, 6, 7: with one pair wrong, one tied
	final := [][]float64{{11, 12, 13, 14, 15, 16}, {10.5, 11.5, 12.5, 13.5, 14.5, inf}} // the last one diverged
	d := MeasureDecisions(early, final, nil, 0.95)
	if d.Pairs != 15 || !near(d.Accuracy, 13.5/15) {
		t.Errorf("all pairs: %+v", d)
	}
	if !(0 <= d.Interval.Lo && d.Interval.Lo < d.Accuracy && d.Accuracy < d.Interval.Hi && d.Interval.Hi <= 1) {
		t.Errorf("the interval is %v around %v", d.Interval, d.Accuracy)
	}
	apart := func(i, j int) bool { return i-j > 1 || j-i > 1 }
	if d = MeasureDecisions(early, final, apart, 0.95); d.Pairs != 10 || !near(d.Accuracy, 9.5/10) {
		t.Errorf("pairs that are not neighbors: %+v", d)
	}
	if d = MeasureDecisions(final, final, nil, 0.95); d.Accuracy != 1 || d.Interval != (Interval{1, 1}) {
		t.Errorf("losses with themselves: %+v", d)
	}
	few := func(i, j int) bool { return i < 4 && j < 4 }
	for _, i := range []Interval{
		MeasureDecisions(early, final, few, 0.95).Interval, MeasureDecisions(early, final, nil, 1).Interval, MeasureDecisions(early, final[:1], nil, 0.95).Interval,
	} {
		if !math.IsNaN(i.Lo) || !math.IsNaN(i.Hi) {
			t.Errorf("the interval is %v, want NaN", i)
		}
	}
	if d = MeasureDecisions(early, final, func(int, int) bool { return false }, 0.95); d.Pairs != 0 || !math.IsNaN(d.Accuracy) {
		t.Errorf("no pair counts: %+v", d)
	}
}

// If all pairs are right, more strategies give a shorter interval.
func TestPerfectDecisions(t *testing.T) {
	last := 0.0
	for n := 5; n <= 40; n++ {
		x, y, down := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i], down[i] = float64(i), float64(i*i), -float64(i)
		}
		up := MeasureDecisions([][]float64{x}, [][]float64{y}, nil, 0.95).Interval
		if up.Hi != 1 || !(last < up.Lo && up.Lo < 1) {
			t.Errorf("%d strategies: %v after %v", n, up, last)
		}
		last = up.Lo
		if wrong := MeasureDecisions([][]float64{down}, [][]float64{y}, nil, 0.95).Interval; wrong.Lo != 0 || !near(wrong.Hi, 1-up.Lo) {
			t.Errorf("%d strategies: all right %v, all wrong %v", n, up, wrong)
		}
	}
}

// 95% intervals of the decision accuracy contain the true value in about 95% of
// all studies that are planted, in more if nearly all pairs are right. The true
// value with a single seed is known: 1/2 + asin(r)/pi. That of means over seeds
// is the same, because the means have the correlation r too. For 600 cases the
// share has a standard deviation of 0.9%.
func TestCoverageOfDecisions(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: 6,000 intervals take seconds")
	}
	const cases, n = 600, 16
	random := rand.New(rand.NewPCG(1, 3))
	for _, seeds := range []int{1, 3} {
		for _, share := range []float64{0.2, 0.8} {
			for _, r := range []float64{0, 0.5, 0.9} {
				if seeds == 1 && share < 0.5 {
					continue // a single seed has no shares
				}
				truth := 0.5 + math.Asin(r)/math.Pi
				held, some, sum := 0, 0, 0.0
				for range cases {
					x, y := paired(random, seeds, n, share, r)
					d := MeasureDecisions(x, y, nil, 0.95)
					if sum += d.Accuracy; d.Interval.holds(truth) {
						held++
					}
					// Pairs that do not depend on the losses have the same truth.
					if d = MeasureDecisions(x, y, func(i, j int) bool { return (i+j)%3 > 0 }, 0.95); d.Interval.holds(truth) {
						some++
					}
				}
				t.Logf("%d seeds, share %.1f, r = %.1f: all pairs %.3f, some %.3f", seeds, share, r, float64(held)/cases, float64(some)/cases)
				for _, held := range []int{held, some} {
					if low := 0.92 * cases; float64(held) < low {
						t.Errorf("%d seeds, share %.1f, r = %.1f: intervals hold the true value in %d of %d cases", seeds, share, r, held, cases)
					}
				}
				if mean := sum / cases; math.Abs(mean-truth) > 0.02 {
					t.Errorf("%d seeds, share %.1f, r = %.1f: the mean accuracy is %.3f, planted %.3f", seeds, share, r, mean, truth)
				}
			}
		}
	}
}

// Without an effect, intervals of 95% leave one half out in a twentieth of all
// studies and not in many more; nor in far fewer, which would hide effects.
func TestCoverageIsNotFarTooWide(t *testing.T) {
	const cases = 1000
	random, held := rand.New(rand.NewPCG(2, 3)), 0
	for range cases {
		x, y := paired(random, 2, 12, 0.5, 0)
		if MeasureDecisions(x, y, nil, 0.95).Interval.holds(0.5) {
			held++
		}
	}
	if held < 930 || held > 980 {
		t.Errorf("intervals hold one half in %d of %d cases without an effect", held, cases)
	}
}
