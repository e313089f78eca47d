package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// paired returns random losses of R seeds and n strategies, at two steps, that
// correlate with r within each seed. share of the variance belongs to the
// strategies and the rest is specific to the seed. Each seed has its own level.
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
		if got, want := MeanSpearmanInterval(x1, y1, 0.95), SpearmanInterval(x, y, 0.95); got != want {
			t.Errorf("Spearman: interval %v, and %v of one seed", got, want)
		}
		if got, want := MeanPearsonInterval(x1, y1, 0.95), PearsonInterval(x, y, 0.95); got != want {
			t.Errorf("Pearson: interval %v, and %v of one seed", got, want)
		}
		if got, want := MeanPermutationTest(z1, x1, y1, 300, 5), PermutationTest(z, x, y, 300, 5); got != want {
			t.Errorf("permutation test %v, and %v of one seed", got, want)
		}
	}
}

// The level of a seed, which all its losses share, does not cause a correlation.
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

// 95% intervals contain the true value in about 95% of all cases, in more if
// little of the variance belongs to the strategies, and the bootstrap in even
// more. For 1,000 cases the share has a standard deviation of 0.7%.
func TestCoverageOfSeveralSeeds(t *testing.T) {
	const cases = 1000
	random := rand.New(rand.NewPCG(3, 2))
	for _, share := range []float64{0, 0.5, 1} {
		rank, product := 0, 0
		for range cases {
			x, y := paired(random, 3, 20, share, 0.5)
			if MeanSpearmanInterval(x, y, 0.95).holds(spearmanOf(0.5)) {
				rank++
			}
			if MeanPearsonInterval(x, y, 0.95).holds(0.5) {
				product++
			}
		}
		for name, held := range map[string]int{"Spearman": rank, "Pearson": product} {
			t.Logf("share %.1f: %s %.3f", share, name, float64(held)/cases)
			if held < 930 || held > 985 {
				t.Errorf("share %.1f: 95%% intervals of %s hold the true value in %d of %d cases", share, name, held, cases)
			}
		}
	}
	held := 0
	for seed := range uint64(200) {
		x, y := paired(random, 3, 20, 0.8, 0.5)
		if MeanCorrelationInterval(Spearman, x, y, 0.95, 200, seed).holds(spearmanOf(0.5)) {
			held++
		}
	}
	if held < 184 { // 2 standard deviations below 190
		t.Errorf("bootstrap intervals hold the true value in %d of 200 cases", held)
	}
}

// More seeds tell more, and no seed tells what another told before.
func TestSeedsNarrowTheInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	width := func(x, y [][]float64) float64 {
		i := MeanSpearmanInterval(x, y, 0.95)
		return i.Hi - i.Lo
	}
	two, six := 0.0, 0.0
	for range 20 {
		x, y := paired(random, 6, 20, 0.2, 0.7)
		two, six = two+width(x[:2], y[:2]), six+width(x, y)
		once, thrice := width(x[:1], y[:1]), width([][]float64{x[0], x[0], x[0]}, [][]float64{y[0], y[0], y[0]})
		if math.Abs(once-thrice) > 1e-9 {
			t.Errorf("width %v of one seed, %v of the same three times", once, thrice)
		}
	}
	if six >= two {
		t.Errorf("widths %v with two seeds, %v with six", two, six)
	}
}

// Where seeds disagree, two of them leave room for all the others.
func TestSeedsThatDisagree(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2))
	x1, y1 := bivariate(random, 40, 0.99)
	x2, y2 := bivariate(random, 40, -0.5)
	i := MeanSpearmanInterval([][]float64{x1, x2}, [][]float64{y1, y2}, 0.95)
	if i.Hi < 0.9 || i.Lo > -0.5 {
		t.Errorf("interval %v of seeds with rho about 0.99 and -0.5", i)
	}
}

// A strategy that diverged under one seed still counts under the others.
func TestDivergedUnderOneSeed(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 2))
	x, y := paired(random, 3, 20, 0.5, 0.7)
	y[1][4] = nan
	all := MeanPearsonInterval(x, y, 0.95)
	for r := range x {
		x[r], y[r] = append(x[r], inf), append(y[r], nan)
	}
	if with := MeanPearsonInterval(x, y, 0.95); math.IsNaN(all.Lo) || with != all {
		t.Errorf("%v, and %v with a strategy that diverged under every seed", all, with)
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
		for _, got := range []Interval{MeanSpearmanInterval(x, y, 0.95), MeanPearsonInterval(x, y, 0.95)} {
			if !math.IsNaN(got.Lo) || !math.IsNaN(got.Hi) {
				t.Errorf("interval with %v = %v", y, got)
			}
		}
		if got := MeanPermutationTest(x, y, x, 50, 1); !math.IsNaN(got.P) {
			t.Errorf("permutation test with %v = %v", y, got)
		}
	}
	for _, i := range []Interval{
		MeanSpearmanInterval(x, x, 1), MeanPearsonInterval(x, x, 1), MeanCorrelationInterval(Spearman, x, x, 1, 50, 1),
		MeanCorrelationInterval(Spearman, x, x, 0.95, 0, 1), MeanCorrelationInterval(Spearman, x, x[:1], 0.95, 50, 1),
	} {
		if !math.IsNaN(i.Lo) {
			t.Errorf("interval = %v, want NaN", i)
		}
	}
}
