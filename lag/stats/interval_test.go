package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bivariate returns n random pairs from a bivariate normal with correlation r.
func bivariate(random *rand.Rand, n int, r float64) (x, y []float64) {
	x, y = make([]float64, n), make([]float64, n)
	for i := range n {
		x[i] = random.NormFloat64()
		y[i] = r*x[i] + math.Sqrt(1-r*r)*random.NormFloat64()
	}
	return x, y
}

// spearmanOf returns Spearman's rho of a bivariate normal with correlation r.
func spearmanOf(r float64) float64 { return 6 / math.Pi * math.Asin(r/2) }

func (i Interval) holds(x float64) bool { return i.Lo <= x && x <= i.Hi }

// 95% intervals contain the true value in 93% to 97% of all cases. For 2,000
// cases the share has a standard deviation of 0.5%.
func TestCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: 24,000 intervals take seconds")
	}
	const cases = 2000
	random := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{20, 40} {
		for _, r := range []float64{0, 0.5, 0.9} {
			rank, product := 0, 0
			for range cases {
				x, y := bivariate(random, n, r)
				if SpearmanInterval(x, y, 0.95).holds(spearmanOf(r)) {
					rank++
				}
				if PearsonInterval(x, y, 0.95).holds(r) {
					product++
				}
			}
			for name, held := range map[string]int{"Spearman": rank, "Pearson": product} {
				share := float64(held) / cases
				t.Logf("n = %d, r = %.1f: %s %.3f", n, r, name, share)
				if share < 0.93 || share > 0.97 {
					t.Errorf("n = %d, r = %.1f: 95%% intervals of %s hold the true value in %.1f%% of the cases", n, r, name, 100*share)
				}
			}
		}
	}
}

// The same at other levels.
func TestCoverageOfHalf(t *testing.T) {
	const cases = 2000 // standard deviation of the share 1.1%
	random := rand.New(rand.NewPCG(2, 1))
	rank, product := 0, 0
	for range cases {
		x, y := bivariate(random, 20, 0.5)
		if SpearmanInterval(x, y, 0.5).holds(spearmanOf(0.5)) {
			rank++
		}
		if PearsonInterval(x, y, 0.5).holds(0.5) {
			product++
		}
	}
	for name, held := range map[string]int{"Spearman": rank, "Pearson": product} {
		if share := float64(held) / cases; share < 0.46 || share > 0.56 {
			t.Errorf("50%% intervals of %s hold the true value in %.1f%% of the cases", name, 100*share)
		}
	}
}

func TestIntervals(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x, y := bivariate(random, 30, 0.9)
	for name, f := range map[string]struct {
		correlation func(x, y []float64) float64
		interval    func(x, y []float64, level float64) Interval
	}{"Spearman": {Spearman, SpearmanInterval}, "Pearson": {Pearson, PearsonInterval}} {
		r, wide, narrow := f.correlation(x, y), f.interval(x, y, 0.95), f.interval(x, y, 0.5)
		if !(-1 <= wide.Lo && wide.Lo < narrow.Lo && narrow.Lo < r && r < narrow.Hi && narrow.Hi < wide.Hi && wide.Hi <= 1) {
			t.Errorf("%s: 50%% interval %v, 95%% interval %v around %v", name, narrow, wide, r)
		}
		// The negative of y gives the negative interval.
		down := make([]float64, len(y))
		for i := range y {
			down[i] = -y[i]
		}
		if back := f.interval(x, down, 0.95); math.Abs(back.Lo+wide.Hi) > 1e-12 || math.Abs(back.Hi+wide.Lo) > 1e-12 {
			t.Errorf("%s: %v, and %v turned round", name, wide, back)
		}
		if i := f.interval(x, x, 0.95); i != (Interval{1, 1}) {
			t.Errorf("%s: interval of a sample with itself: %v", name, i)
		}
		for _, i := range []Interval{
			f.interval(x, y[:3], 0.95), f.interval(x[:3], y[:3], 0.95), f.interval(x, y, 1), f.interval(x, y, 0), f.interval(x, y, nan),
			f.interval(make([]float64, 30), y, 0.95), f.interval(nil, nil, 0.95), f.interval(x, slices.Repeat([]float64{nan}, 30), 0.95),
		} {
			if !math.IsNaN(i.Lo) || !math.IsNaN(i.Hi) {
				t.Errorf("%s: interval = %v, want NaN", name, i)
			}
		}
	}
}

// For ranks that agree perfectly the interval is shorter if there are more of
// them.
func TestPerfectRanks(t *testing.T) {
	last := -1.0
	for n := 4; n <= 40; n++ {
		x, y, down := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i], down[i] = float64(i), float64(i*i), -float64(i*i)
		}
		up := SpearmanInterval(x, y, 0.95)
		if up.Hi != 1 || !(last < up.Lo && up.Lo < 1) {
			t.Errorf("%d candidates: %v after %v", n, up, last)
		}
		if i := SpearmanInterval(x, down, 0.95); i.Lo != -1 || math.Abs(i.Hi+up.Lo) > 1e-12 {
			t.Errorf("%d candidates: %v, and %v turned round", n, up, i)
		}
		last = up.Lo
	}
	diverged := []float64{3, 1, 2, 4, nan, inf}
	if i := SpearmanInterval(diverged, diverged, 0.95); i != (Interval{1, 1}) {
		t.Errorf("diverged candidates with themselves: %v", i)
	}
}

func TestBootstrap(t *testing.T) {
	x := make([]float64, 50)
	random := rand.New(rand.NewPCG(5, 4))
	for i := range x {
		x[i] = random.NormFloat64()
	}
	mean := func(sample []int) float64 {
		sum := 0.0
		for _, i := range sample {
			sum += x[i]
		}
		return sum / float64(len(sample))
	}
	all := make([]int, len(x))
	for i := range all {
		all[i] = i
	}
	// For a mean it is ±1.96 standard errors, about ±2/sqrt(50) = ±0.28.
	i := Bootstrap(50, mean, 0.95, 4000, 1)
	if width := i.Hi - i.Lo; width < 0.4 || width > 0.7 || !i.holds(mean(all)) {
		t.Errorf("interval %v", i)
	}
	if again := Bootstrap(50, mean, 0.95, 4000, 1); again != i {
		t.Errorf("%v, then %v, with one seed", i, again)
	}
	half := 0
	mostlyUndefined := func([]int) float64 {
		if half++; half%3 == 0 {
			return 1
		}
		return nan
	}
	for _, i := range []Interval{Bootstrap(1, mean, 0.95, 10, 1), Bootstrap(50, mean, 1, 10, 1), Bootstrap(50, mean, 0.95, 0, 1), Bootstrap(50, mostlyUndefined, 0.95, 90, 1)} {
		if !math.IsNaN(i.Lo) || !math.IsNaN(i.Hi) {
			t.Errorf("interval = %v, want NaN", i)
		}
	}
}
