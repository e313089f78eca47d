// Package linear fits linear classifiers to features, for probes of frozen models.
package linear

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Classifier maps features to one of several classes: the one with the highest
// score, and the first of those that are equal.
type Classifier struct {
	Lambda  float64    // penalty, see [Fit]
	Weights *mat.Dense // [D, C] for standardized features
	Bias    []float64  // [C]
	mean    []float64  // [D] of the features
	scale   []float64  // [D] 1/standard deviation; 0 for a constant feature
}

// Lambdas are the penalties from which [Choose] chooses.
var Lambdas = []float64{1e-3, 1e-2, 1e-1, 1, 10}

// Fit returns the ridge regression of the classes' indicators, with one example in
// each row of x [N, D] and its class in labels, from 0:
//
//	W = argmin |Z W - Y|² + N lambda |W|² = (Zᵀ Z + N lambda I)⁻¹ Zᵀ Y
//
// where Z are the features, each with mean 0 and standard deviation 1 over the
// examples, and Y [N, C] is 1 for the class and -1 for the others, less its mean,
// which is the bias. With two classes the sign of the difference is Fisher's
// discriminant (Hastie, Tibshirani and Friedman, The Elements of Statistical
// Learning, 2nd edition, sections 3.4.1 and 4.2). If there are more features than
// examples, W = Zᵀ (Z Zᵀ + N lambda I)⁻¹ Y, which is the same.
//
// It is an error if there is no example, a label is outside the classes, a feature
// is not finite, or lambda is not positive.
func Fit(x *mat.Dense, labels []int, classes int, lambda float64) (*Classifier, error) {
	if err := check(x, labels, classes); err != nil {
		return nil, err
	}
	if !(lambda > 0) || math.IsInf(lambda, 1) {
		return nil, fmt.Errorf("linear: a penalty of %g is not possible; give a positive number", lambda)
	}
	return newNormal(x, labels, classes).solve(lambda)
}

// normal are the normal equations of a ridge regression, in their smaller form.
type normal struct {
	classifier Classifier    // without penalty and weights
	gram       *mat.SymDense // Zᵀ Z [D, D], or Z Zᵀ [N, N] if z is set
	side       *mat.Dense    // Zᵀ Y, or Y if z is set
	z          *mat.Dense    // Z, if there are more features than examples
	rows       int
}

func newNormal(x *mat.Dense, labels []int, classes int) *normal {
	n, d := x.Dims()
	e := &normal{rows: n, classifier: Classifier{Bias: make([]float64, classes)}}
	c := &e.classifier
	z := c.standardize(x)
	y := mat.NewDense(n, classes, nil)
	for i, label := range labels {
		for k := range classes {
			y.Set(i, k, -1)
		}
		y.Set(i, label, 1)
	}
	for k := range classes {
		c.Bias[k] = stat.Mean(mat.Col(nil, k, y), nil)
		for i := range n {
			y.Set(i, k, y.At(i, k)-c.Bias[k])
		}
	}
	if d > n {
		e.gram, e.side, e.z = mat.NewSymDense(n, nil), y, z
		e.gram.SymOuterK(1, z)
		return e
	}
	e.gram, e.side = mat.NewSymDense(d, nil), new(mat.Dense)
	e.gram.SymOuterK(1, z.T())
	e.side.Mul(z.T(), y)
	return e
}

// solve returns the classifier with a penalty.
func (e *normal) solve(lambda float64) (*Classifier, error) {
	regular := mat.NewSymDense(e.gram.SymmetricDim(), nil)
	regular.CopySym(e.gram)
	for i := range regular.SymmetricDim() {
		regular.SetSym(i, i, regular.At(i, i)+float64(e.rows)*lambda)
	}
	var factor mat.Cholesky
	solution := new(mat.Dense)
	ok := factor.Factorize(regular)
	if !ok || factor.SolveTo(solution, e.side) != nil {
		return nil, fmt.Errorf("linear: the regression with the penalty %g has no solution in float64; use a greater one", lambda)
	}
	c := e.classifier
	c.Lambda, c.Weights = lambda, solution
	if e.z != nil {
		c.Weights = new(mat.Dense)
		c.Weights.Mul(e.z.T(), solution)
	}
	return &c, nil
}

func check(x *mat.Dense, labels []int, classes int) error {
	if x == nil || x.IsEmpty() {
		return errors.New("linear: there are no examples to fit; give some")
	}
	n, _ := x.Dims()
	if n != len(labels) {
		return fmt.Errorf("linear: there are %d examples, but %d labels", n, len(labels))
	}
	for i, label := range labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("linear: the label of example %d is %d, outside the %d classes", i, label, classes)
		}
		for k, v := range x.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("linear: feature %d of example %d is %g; features must be finite", k, i, v)
			}
		}
	}
	return nil
}

// standardize returns the features with mean 0 and standard deviation 1, and keeps
// how. Constant features become 0.
func (c *Classifier) standardize(x *mat.Dense) *mat.Dense {
	_, d := x.Dims()
	c.mean, c.scale = make([]float64, d), make([]float64, d)
	for k := range d {
		mean, deviation := stat.PopMeanStdDev(mat.Col(nil, k, x), nil)
		c.mean[k] = mean
		if deviation > 1e-12*math.Abs(mean) {
			c.scale[k] = 1 / deviation
		}
	}
	return c.applied(x)
}

// applied returns features as the weights take them.
func (c *Classifier) applied(x *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	z := mat.NewDense(n, d, nil)
	for i := range n {
		from, to := x.RawRowView(i), z.RawRowView(i)
		for k, v := range from {
			to[k] = (v - c.mean[k]) * c.scale[k]
		}
	}
	return z
}

// Predict returns the class of each row of x [N, D].
func (c *Classifier) Predict(x *mat.Dense) []int {
	var scores mat.Dense
	scores.Mul(c.applied(x), c.Weights)
	n, classes := scores.Dims()
	list := make([]int, n)
	for i := range n {
		for k := 1; k < classes; k++ {
			if best := list[i]; scores.At(i, k)+c.Bias[k] > scores.At(i, best)+c.Bias[best] {
				list[i] = k
			}
		}
	}
	return list
}

// Choose is [Fit] with the penalty of [Lambdas] that classifies most of some examples
// that were set aside correctly, and of those that are equal the greatest. The
// examples for which aside is true are set aside; then all are fitted.
func Choose(x *mat.Dense, labels []int, classes int, aside []bool) (*Classifier, error) {
	if err := check(x, labels, classes); err != nil {
		return nil, err
	}
	if len(aside) != len(labels) {
		return nil, fmt.Errorf("linear: there are %d examples, but %d marks of those to set aside", len(labels), len(aside))
	}
	fitted, fittedLabels := take(x, labels, aside, false)
	tested, testedLabels := take(x, labels, aside, true)
	if fitted == nil || tested == nil {
		return nil, errors.New("linear: of the examples some must be set aside, and some not")
	}
	best, most := Lambdas[len(Lambdas)-1], -1
	equations := newNormal(fitted, fittedLabels, classes)
	for i := len(Lambdas) - 1; i >= 0; i-- {
		c, err := equations.solve(Lambdas[i])
		if err != nil {
			return nil, err
		}
		right := 0
		for j, class := range c.Predict(tested) {
			if class == testedLabels[j] {
				right++
			}
		}
		if right > most {
			best, most = Lambdas[i], right
		}
	}
	return Fit(x, labels, classes, best)
}

// take returns the examples whose mark is want, or nil if there are none.
func take(x *mat.Dense, labels []int, marks []bool, want bool) (*mat.Dense, []int) {
	var of []int
	for i, mark := range marks {
		if mark == want {
			of = append(of, labels[i])
		}
	}
	if len(of) == 0 {
		return nil, nil
	}
	_, d := x.Dims()
	rows, next := mat.NewDense(len(of), d, nil), 0
	for i, mark := range marks {
		if mark == want {
			rows.SetRow(next, x.RawRowView(i))
			next++
		}
	}
	return rows, of
}
