package linear

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// cloud returns examples of classes whose means are apart in the first features; the
// others are noise. One feature is constant.
func cloud(n, d, classes int, apart float64, random *rand.Rand) (*mat.Dense, []int) {
	x, labels := mat.NewDense(n, d, nil), make([]int, n)
	for i := range n {
		labels[i] = i % classes
		for k := range d {
			x.Set(i, k, 5+3*random.NormFloat64())
		}
		x.Set(i, labels[i], x.At(i, labels[i])+apart)
		x.Set(i, d-1, 7)
	}
	return x, labels
}

func accuracy(got, want []int) float64 {
	right := 0
	for i := range got {
		if got[i] == want[i] {
			right++
		}
	}
	return float64(right) / float64(len(got))
}

// TestSeparable fits classes that a plane separates, and classes that nothing does.
func TestSeparable(t *testing.T) {
	for _, classes := range []int{2, 3} {
		// With more features than examples, of which all but a few are noise, some of the noise is fitted.
		for d, least := range map[int]float64{8: 0.99, 700: 0.9} {
			random := rand.New(rand.NewPCG(1, uint64(d)))
			x, labels := cloud(400, d, classes, 60, random)
			test, want := cloud(200, d, classes, 60, random)
			aside := make([]bool, len(labels))
			for i := range 80 {
				aside[i] = true
			}
			c, err := Choose(x, labels, classes, aside)
			if err != nil {
				t.Fatal(err)
			}
			if got := accuracy(c.Predict(test), want); got < least {
				t.Errorf("%d classes, %d features: %.3f of the separable examples are right", classes, d, got)
			}
		}
		random := rand.New(rand.NewPCG(1, 2))
		x, labels := cloud(400, 8, classes, 0, random)
		test, want := cloud(2000, 8, classes, 0, random)
		c, err := Fit(x, labels, classes, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, chance := accuracy(c.Predict(test), want), 1/float64(classes); math.Abs(got-chance) > 0.05 {
			t.Errorf("%d classes: %.3f of examples without any signal are right, chance is %.3f", classes, got, chance)
		}
	}
}

// TestClosedForm compares with a case that can be solved by hand. The features -1, -1,
// 1, 3 have mean 0.5 and variance 2.75, and the second class's indicators -1, -1, 1, 1
// mean 0, so that the weight is the covariance 1.5 over the deviation, over 1 + lambda.
func TestClosedForm(t *testing.T) {
	const lambda = 0.25
	x := mat.NewDense(4, 1, []float64{-1, -1, 1, 3})
	c, err := Fit(x, []int{0, 0, 1, 1}, 2, lambda)
	if err != nil {
		t.Fatal(err)
	}
	want := 1.5 / math.Sqrt(2.75) / (1 + lambda)
	if math.Abs(c.Weights.At(0, 1)-want) > 1e-12 || math.Abs(c.Weights.At(0, 0)+want) > 1e-12 || c.Bias[0] != 0 || c.Bias[1] != 0 {
		t.Errorf("weights %v, bias %v, want ±%g and 0", c.Weights.RawMatrix().Data, c.Bias, want)
	}
	if got := c.Predict(mat.NewDense(3, 1, []float64{0.4, 0.6, 0.5})); !slices.Equal(got, []int{0, 1, 0}) {
		t.Errorf("classes %v around the middle 0.5, a tie goes to the first", got)
	}
}

// TestForms checks that both forms of the normal equations give the same weights, with
// as many copies of each example as make the features fewer.
func TestForms(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x, labels := cloud(20, 30, 2, 5, random)
	wide, err := Fit(x, labels, 2, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	var copies mat.Dense
	copies.Stack(x, x)
	narrow, err := Fit(&copies, slices.Concat(labels, labels), 2, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if !mat.EqualApprox(wide.Weights, narrow.Weights, 1e-10) {
		t.Error("the wide and the narrow form of the same regression differ")
	}
}

func TestErrors(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	for _, c := range []struct {
		x      *mat.Dense
		labels []int
		lambda float64
		want   string
	}{
		{new(mat.Dense), nil, 1, "no examples"},
		{x, []int{0}, 1, "2 examples, but 1 labels"},
		{x, []int{0, 2}, 1, "outside the 2 classes"},
		{x, []int{0, 1}, 0, "penalty of 0"},
		{mat.NewDense(2, 1, []float64{1, math.NaN()}), []int{0, 1}, 1, "feature 0 of example 1 is NaN"},
	} {
		if _, err := Fit(c.x, c.labels, 2, c.lambda); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, err := Choose(x, []int{0, 1}, 2, []bool{true, true}); err == nil || !strings.Contains(err.Error(), "set aside") {
		t.Errorf("all set aside: %v", err)
	}
}
