package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// paired draws losses of R seeds and n strategies, at two steps, that correlate
// with r within each seed. share of the variance is the strategies', the rest
// peculiar to the seed; each seed has a level of its own.
func paired(random *rand.Rand, R, n int, share, r float64) (x, y [][]float64) {
	x, y = make([][]float64, R), make([][]float64, R)
	a, b := bivariate(random, n, r)
	for k := range R {
		x[k], y[k] = bivariate(random, n, r)
		level := 10 * random.NormFloat64()
		for i := range n {
			x[k][i] = level + math.Sqrt(share)*a[i] + math.Sqrt(1-share)*x[k][i]
			y[k][i] = level + math.Sqrt(share)*b[i] + math.Sqrt(1-share)*y[k][i]
		}
	}
	return x, y
}

func TestOneSeedIsTheOneSeedFunction(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		x, y := bivariate(random, 14, 0.6)
		z, _ := bivariate(random, 14, 0)
		x1, y1, z1 := [][]float64{x}, [][]float64{y}, [][]float64{z}
		for name, f := range map[string]func(x, y []float64) float64{"Pearson": Pearson, "Spearman": Spearman, "KendallTauB": KendallTauB} {
			if got, want := MeanCorrelation(f, x1, y1), f(x, y); got != want {
				t.Errorf("%s: %v, and %v of one seed", name, got, want)
			}
			got := MeanCorrelationInterval(f, x1, y1, 0.95, 300, 5)
			want := Bootstrap(14, func(sample []int) float64 {
				a, b := make([]float64, 14), make([]float64, 14)
				for i, s := range sample {
					a[i], b[i] = x[s], y[s]
				}
				return f(a, b)
			}, 0.95, 300, 5)
			if got != want {
				t.Errorf("%s: interval %v, and %v of one seed", name, got, want)
			}
		}
		if got, want := MeanSpearmanInterval(x1, y1, 0.95, 300, 5), SpearmanInterval(x, y, 0.95); got != want {
			t.Errorf("Spearman: interval %v, and %v of one seed", got, want)
		}
		if got, want := MeanPearsonInterval(x1, y1, 0.95, 300, 5), PearsonInterval(x, y, 0.95); got != want {
			t.Errorf("Pearson: interval %v, and %v of one seed", got, want)
		}
		if got, want := MeanPermutationTest(z1, x1, y1, 300, 5), PermutationTest(z, x, y, 300, 5); got != want {
			t.Errorf("permutation test %v, and %v of one seed", got, want)
		}
	}
}

// The level of a seed, which all its losses share, is no correlation.
func TestSeedLevelsDropOut(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	x, y := paired(random, 4, 200, 0.5, 0)
	if got := MeanCorrelation(Spearman, x, y); math.Abs(got) > 0.15 {
		t.Errorf("unrelated losses correlate with %v", got)
	}
	var allX, allY []float64
	for r := range x {
		allX, allY = append(allX, x[r]...), append(allY, y[r]...)
	}
	if got := Spearman(allX, allY); got < 0.5 {
		t.Errorf("in one heap they correlate with %v: the seeds' levels are too small to test with", got)
	}
}

// The bootstrap over strategies and seeds is on the wide side, see the doc of
// MeanCorrelationInterval. Of 200 cases 95% are 190 with a standard deviation of 3.
func TestCoverageOfSeveralSeeds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2))
	held := 0
	for seed := range uint64(200) {
		x, y := paired(random, 3, 20, 0.8, 0.5)
		if MeanSpearmanInterval(x, y, 0.95, 200, seed).holds(spearmanOf(0.5)) {
			held++
		}
	}
	if held < 184 {
		t.Errorf("95%% intervals hold the true value in %d of 200 cases", held)
	}
}

// More seeds tell more.
func TestSeedsNarrowTheInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	width := func(R int) float64 {
		sum := 0.0
		for range 20 {
			x, y := paired(random, R, 20, 0.2, 0.7)
			i := MeanSpearmanInterval(x, y, 0.95, 200, 1)
			sum += i.Hi - i.Lo
		}
		return sum
	}
	if two, six := width(2), width(6); six >= two {
		t.Errorf("widths %v with two seeds, %v with six", two, six)
	}
}

func TestMeanPermutationTest(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 2))
	late, final := paired(random, 3, 16, 0.5, 0.95)
	noise, _ := paired(random, 3, 16, 0.5, 0)
	up := MeanPermutationTest(noise, late, final, 1000, 1)
	if up.Difference < 0.4 || up.P > 0.05 {
		t.Errorf("from noise to foresight: %+v", up)
	}
	if down := MeanPermutationTest(late, noise, final, 1000, 1); down.Difference != -up.Difference || down.P > 0.05 {
		t.Errorf("from foresight to noise: %+v", down)
	}
	// Without an effect p <= 0.1 in about a tenth of all cases. The two steps are
	// exchangeable, and strategies are alike under both seeds: were ranks exchanged
	// for each seed apart, p would come out too small.
	low := 0
	for s := range uint64(200) {
		a, b := paired(random, 2, 10, 0.9, 0)
		final, _ := paired(random, 2, 10, 0.9, 0)
		if MeanPermutationTest(a, b, final, 99, s).P <= 0.1 {
			low++
		}
	}
	if low > 41 { // 5 standard deviations above 20
		t.Errorf("p <= 0.1 in %d of 200 cases without any effect", low)
	}
}

func TestUndefinedOverSeeds(t *testing.T) {
	x := [][]float64{{1, 2, 3, 4}, {1, 3, 2, 4}}
	constant := [][]float64{{1, 2, 3, 4}, {1, 1, 1, 1}}
	for _, y := range [][][]float64{nil, x[:1], {{1, 2, 3, 4}, {1, 2, 3}}, {{}, {}}, constant} {
		if got := MeanCorrelation(Spearman, x, y); !math.IsNaN(got) {
			t.Errorf("correlation with %v = %v", y, got)
		}
		if got := MeanSpearmanInterval(x, y, 0.95, 50, 1); !math.IsNaN(got.Lo) && len(y) != 2 {
			t.Errorf("interval with %v = %v", y, got)
		}
		if got := MeanPermutationTest(x, y, x, 50, 1); !math.IsNaN(got.P) {
			t.Errorf("permutation test with %v = %v", y, got)
		}
	}
	for _, i := range []Interval{MeanSpearmanInterval(x, x, 1, 50, 1), MeanSpearmanInterval(x, x, 0.95, 0, 1)} {
		if !math.IsNaN(i.Lo) {
			t.Errorf("interval = %v, want NaN", i)
		}
	}
}
