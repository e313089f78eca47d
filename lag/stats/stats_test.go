package stats

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// TestAgainstSciPy compares with testdata/reference.json, which
// testdata/reference.py makes and which names the versions it was made with.
func TestAgainstSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Cases []struct {
			Name                       string
			X, Y, Ranks                []float64
			Pearson, Spearman, Kendall *float64
		}
	}
	if err := json.Unmarshal(data, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Cases) < 20 {
		t.Fatalf("only %d cases in the reference", len(reference.Cases))
	}
	for _, c := range reference.Cases {
		t.Run(c.Name, func(t *testing.T) {
			check := func(name string, got float64, want *float64) {
				t.Helper()
				if want == nil {
					want = &nan
				}
				if math.IsNaN(got) != math.IsNaN(*want) || math.Abs(got-*want) > 1e-9 {
					t.Errorf("%s = %.17g, scipy has %.17g", name, got, *want)
				}
			}
			check("Pearson", Pearson(c.X, c.Y), c.Pearson)
			check("Spearman", Spearman(c.X, c.Y), c.Spearman)
			check("KendallTauB", KendallTauB(c.X, c.Y), c.Kendall)
			if got := Ranks(c.X); !slices.Equal(got, c.Ranks) {
				t.Errorf("Ranks = %v, scipy has %v", got, c.Ranks)
			}
		})
	}
}

func TestDivergedRankLast(t *testing.T) {
	if got, want := Ranks([]float64{nan, 2, inf, 1}), []float64{3.5, 2, 3.5, 1}; !slices.Equal(got, want) {
		t.Errorf("Ranks = %v, want %v", got, want)
	}
	early, final := []float64{1, 2, 3, 4}, []float64{10, 20, nan, inf}
	finite := []float64{10, 20, 99, 99}
	if got, want := Spearman(early, final), Spearman(early, finite); got != want {
		t.Errorf("Spearman = %v, want %v", got, want)
	}
	if got, want := KendallTauB(early, final), KendallTauB(early, finite); got != want {
		t.Errorf("KendallTauB = %v, want %v", got, want)
	}
	if got := Pearson(early, final); got != 1 {
		t.Errorf("Pearson = %v, want 1, of the two survivors", got)
	}
	if a, b := LinearFit(early, final); a != 0 || b != 10 {
		t.Errorf("LinearFit = %v + %v x, want 0 + 10 x", a, b)
	}
}

func TestUndefined(t *testing.T) {
	constant, ascending := []float64{2, 2, 2}, []float64{1, 2, 3}
	for name, f := range map[string]func(x, y []float64) float64{
		"Pearson": Pearson, "Spearman": Spearman, "KendallTauB": KendallTauB,
	} {
		for _, pair := range [][2][]float64{
			{constant, ascending}, {ascending, constant}, {ascending, ascending[:2]},
			{ascending[:1], ascending[:1]}, {nil, nil},
			{[]float64{nan, nan, inf}, ascending},
		} {
			if got := f(pair[0], pair[1]); !math.IsNaN(got) {
				t.Errorf("%s(%v, %v) = %v, want NaN", name, pair[0], pair[1], got)
			}
		}
	}
	if a, b := LinearFit(constant, ascending); !math.IsNaN(a) || !math.IsNaN(b) {
		t.Errorf("LinearFit on a constant = %v, %v, want NaN", a, b)
	}
}

// Rank correlations see only the order, and are symmetric.
func TestRankCorrelationProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		n := 2 + random.IntN(20)
		x, y, grown := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i] = float64(random.IntN(8)), float64(random.IntN(8))
			grown[i] = math.Exp(x[i])
		}
		for name, f := range map[string]func(x, y []float64) float64{"Spearman": Spearman, "KendallTauB": KendallTauB} {
			r := f(x, y)
			if s := f(y, x); math.Abs(r-s) > 1e-12 {
				t.Errorf("%s: %v, and %v with the samples exchanged", name, r, s)
			}
			if s := f(grown, y); math.Abs(r-s) > 1e-12 {
				t.Errorf("%s: %v, and %v after a monotone map", name, r, s)
			}
			if !math.IsNaN(r) && (r < -1 || r > 1) {
				t.Errorf("%s = %v", name, r)
			}
		}
	}
}

func TestPermutationTest(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	n := 16
	noise, late, final := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		noise[i], final[i] = random.NormFloat64(), random.NormFloat64()
		late[i] = 10 + final[i] + 0.05*random.NormFloat64()
	}
	up := PermutationTest(noise, late, final, 2000, 1)
	if up.Difference <= 0.5 || up.P > 0.05 {
		t.Errorf("from noise to foresight: %+v", up)
	}
	if up != PermutationTest(noise, late, final, 2000, 1) {
		t.Error("not deterministic")
	}
	if down := PermutationTest(late, noise, final, 2000, 1); down.Difference != -up.Difference || down.P > 0.05 {
		t.Errorf("from foresight to noise: %+v", down)
	}
	if same := PermutationTest(late, late, final, 200, 1); same.Difference != 0 || same.P != 1 {
		t.Errorf("no change: %+v", same)
	}
	if c := PermutationTest(make([]float64, n), late, final, 200, 1); !math.IsNaN(c.P) {
		t.Errorf("constant: %+v", c)
	}

	// Under the null hypothesis p is spread evenly, so that p <= 0.1 in about a
	// tenth of all cases. 41 of 200 is 5 standard deviations above 20.
	low := 0
	for s := range 200 {
		for i := range n {
			noise[i], late[i], final[i] = random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		}
		if PermutationTest(noise, late, final, 99, uint64(s)).P <= 0.1 {
			low++
		}
	}
	if low > 41 {
		t.Errorf("p <= 0.1 in %d of 200 cases without any effect", low)
	}
}

func TestLagTime(t *testing.T) {
	steps := []int{0, 1, 2, 5, 10}
	for _, c := range []struct {
		rhos []float64
		step int
		ok   bool
	}{
		{[]float64{0.1, 0.95, 0.5, 0.9, 0.99}, 5, true}, // the first crossing does not last
		{[]float64{1, 1, 1, 1, 1}, 0, true},
		{[]float64{1, 1, 1, 1, 0.8}, 0, false},
		{[]float64{1, 1, nan, 1, 1}, 5, true},
		{nil, 0, false},
	} {
		if step, ok := LagTime(steps, c.rhos, 0.9); step != c.step || ok != c.ok {
			t.Errorf("LagTime(%v) = %d, %v, want %d, %v", c.rhos, step, ok, c.step, c.ok)
		}
	}
}

func TestSelection(t *testing.T) {
	final := []float64{3.2, 3.0, nan, 3.0, 3.4}
	if got := ArgMin(final); got != 1 {
		t.Errorf("ArgMin = %d", got)
	}
	if got := ArgMin([]float64{nan, inf}); got != -1 {
		t.Errorf("ArgMin of diverged = %d", got)
	}
	if got := Regret(final, 0); math.Abs(got-0.2) > 1e-15 {
		t.Errorf("Regret = %v", got)
	}
	if got := Regret(final, 2); got != inf {
		t.Errorf("Regret of diverged = %v", got)
	}
	if got := MeanRegret(final); got != inf {
		t.Errorf("MeanRegret = %v", got)
	}
	if got := MeanRegret([]float64{1, 2, 3}); got != 1 {
		t.Errorf("MeanRegret = %v", got)
	}
	// Sorted: 3.0 3.0 3.2 3.4 +Inf, so the median is 3.2.
	if got := NormalizeRegret(final, 0.1); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("NormalizeRegret = %v", got)
	}
	if got := NormalizeRegret([]float64{1, 1, 1}, 0); !math.IsNaN(got) {
		t.Errorf("NormalizeRegret without spread = %v", got)
	}
	for _, c := range []struct {
		pick, k int
		want    bool
	}{{1, 1, true}, {3, 1, true}, {0, 2, false}, {0, 3, true}, {2, 5, false}, {9, 5, false}} {
		if got := HitAt(final, c.pick, c.k); got != c.want {
			t.Errorf("HitAt(%d, %d) = %v", c.pick, c.k, got)
		}
	}
	for _, pick := range []int{-1, 5} {
		if got := Regret(final, pick); !math.IsNaN(got) {
			t.Errorf("Regret(%d) = %v", pick, got)
		}
	}
}

// TestBestOfRegret compares with the mean over all draws.
func TestBestOfRegret(t *testing.T) {
	final := []float64{3.5, 3, 3.2, 3.9, 3.2, 3.1}
	for n := 1; n <= len(final); n++ {
		sum, draws := 0.0, 0
		for set := range 1 << len(final) {
			lowest, drawn := inf, 0
			for i, loss := range final {
				if set>>i&1 == 1 {
					drawn, lowest = drawn+1, min(lowest, loss)
				}
			}
			if drawn == n {
				sum, draws = sum+lowest-3, draws+1
			}
		}
		if got, want := BestOfRegret(final, n), sum/float64(draws); math.Abs(got-want) > 1e-12 {
			t.Errorf("best of %d: %v, want %v, the mean over %d draws", n, got, want, draws)
		}
	}
	if got := BestOfRegret(final, 1); math.Abs(got-MeanRegret(final)) > 1e-12 {
		t.Errorf("best of 1: %v, but the mean regret is %v", got, MeanRegret(final))
	}
	for _, c := range []struct {
		final []float64
		n     int
		want  float64
	}{
		{[]float64{1, nan, inf}, 2, inf}, {[]float64{1, nan, inf}, 3, 0}, {[]float64{nan, inf}, 1, nan},
		{final, 0, nan}, {final, 7, nan}, {nil, 1, nan}, {[]float64{2}, 1, 0},
	} {
		if got := BestOfRegret(c.final, c.n); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("best of %d of %v: %v, want %v", c.n, c.final, got, c.want)
		}
	}
}

func BenchmarkSpearmanInterval(b *testing.B) {
	x, y := make([]float64, 20), make([]float64, 20)
	for i := range x {
		x[i], y[i] = float64(i), float64(i*7%20)
	}
	for b.Loop() {
		SpearmanInterval(x, y, 0.95)
	}
}
