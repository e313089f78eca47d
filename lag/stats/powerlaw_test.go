package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPowerLawPlanted(t *testing.T) {
	for _, times := range [][]float64{{1, 2, 5, 10, 20, 50, 100}, {30, 50, 100, 200, 300}, {10, 20, 30}, {300, 20, 1000, 50, 50}} {
		for _, want := range []PowerLaw{{3, 2, 0.5}, {3, 2, 0.05}, {0, 10, 0.3}, {2.5, 0.01, 1}, {3, -1, 0.7}, {3, 40, 2}, {-5, 9, 0.2}} {
			y := make([]float64, len(times))
			for i, at := range times {
				y[i] = want.At(at)
			}
			got := FitPowerLaw(times, y)
			if math.Abs(got.A-want.A) > 1e-6 || math.Abs(got.B-want.B) > 1e-6*math.Max(1, math.Abs(want.B)) || math.Abs(got.C-want.C) > 1e-6 {
				t.Errorf("of %+v at %v: %+v", want, times, got)
			}
		}
	}
}

func TestPowerLawWithNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	want := PowerLaw{3, 2, 0.5}
	var times []float64
	for at := 1.0; at <= 1000; at *= 1.3 {
		times = append(times, at)
	}
	y := make([]float64, len(times))
	for range 50 {
		for i, at := range times {
			y[i] = want.At(at) + 0.005*random.NormFloat64()
		}
		got := FitPowerLaw(times, y)
		if math.Abs(got.A-want.A) > 0.05 || math.Abs(got.B-want.B) > 0.05 || math.Abs(got.C-want.C) > 0.05 {
			t.Errorf("%+v", got)
		}
		if math.Abs(got.At(4000)-want.At(4000)) > 0.04 {
			t.Errorf("extrapolated to %v, planted was %v", got.At(4000), want.At(4000))
		}
	}
	// With only noise it stays near the points.
	for i := range y {
		y[i] = 3 + 0.01*random.NormFloat64()
	}
	if got := FitPowerLaw(times, y).At(4000); math.Abs(got-3) > 0.1 {
		t.Errorf("noise around 3 extrapolates to %v", got)
	}
}

func TestPowerLawUndefined(t *testing.T) {
	for name, c := range map[string][2][]float64{
		"two points":      {{1, 2}, {3, 2}},
		"two times":       {{1, 2, 2, 1}, {3, 2, 2.1, 3.1}},
		"lengths":         {{1, 2, 3}, {1, 2}},
		"a time of zero":  {{0, 1, 2}, {5, 4, 3}},
		"diverged points": {{1, 2, 3, 4}, {5, 4, nan, inf}},
	} {
		if p := FitPowerLaw(c[0], c[1]); !math.IsNaN(p.A) || !math.IsNaN(p.B) || !math.IsNaN(p.C) || !math.IsNaN(p.At(5)) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := FitPowerLaw([]float64{1, 2, 3, 4}, []float64{2, 2, 2, 2}); math.Abs(p.At(1e6)-2) > 1e-9 {
		t.Errorf("of a constant: %+v", p)
	}
	// The result is finite for any curve.
	random := rand.New(rand.NewPCG(2, 4))
	for range 200 {
		times, y := make([]float64, 4), make([]float64, 4)
		for i := range times {
			times[i], y[i] = math.Exp(5*random.Float64()), random.NormFloat64()
		}
		if p := FitPowerLaw(times, y); !isFinite(p.At(1e4)) || p.C < 0.99*smallestExponent || p.C > 1.01*largestExponent {
			t.Errorf("of %v at %v: %+v", y, times, p)
		}
	}
}

func TestLossSlope(t *testing.T) {
	steps := []int{0, 1, 2, 5, 10, 20, 50, 100}
	losses := make([]float64, len(steps))
	for i, s := range steps {
		losses[i] = 9
		if s >= 10 {
			losses[i] = 4 - 0.3*math.Log(float64(s))
		}
	}
	if got := LossSlope(steps, losses, 4); math.Abs(got+0.3) > 1e-12 {
		t.Errorf("slope %v", got)
	}
	if got := LossSlope(steps, losses, 100); got > -0.5 {
		t.Errorf("slope %v of all points", got)
	}
	losses[6] = nan
	if got := LossSlope(steps, losses, 3); math.Abs(got+0.3) > 1e-12 {
		t.Errorf("slope %v past a missing loss", got)
	}
	for _, last := range []int{1, 0, -1} {
		if got := LossSlope(steps, losses, last); !math.IsNaN(got) {
			t.Errorf("slope %v of %d points", got, last)
		}
	}
	if got := LossSlope(steps, losses[:3], 3); !math.IsNaN(got) {
		t.Errorf("slope %v of different lengths", got)
	}
}
