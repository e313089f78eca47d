package stats_test

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/stats"
)

// Here the loss at initialization ranks four strategies in the reverse of their
// final order, and the loss after 100 steps ranks them correctly.
func ExampleSpearman() {
	atInit := []float64{5.1, 4.0, 4.2, 4.1}
	after100 := []float64{3.60, 3.75, 3.66, 3.71}
	final := []float64{3.10, 3.21, 3.14, 3.18}
	fmt.Printf("rho(0)   = %+.2f\n", stats.Spearman(atInit, final))
	fmt.Printf("rho(100) = %+.2f\n", stats.Spearman(after100, final))
	// Output:
	// rho(0)   = -1.00
	// rho(100) = +1.00
}

func ExampleRanks() {
	fmt.Println(stats.Ranks([]float64{3.5, 3.1, 3.5, 4.0}))
	// Output:
	// [2.5 1 2.5 4]
}

func ExampleSpearmanInterval() {
	early := []float64{3.60, 3.75, 3.66, 3.71, 3.69, 3.80, 3.64, 3.78}
	final := []float64{3.10, 3.21, 3.12, 3.14, 3.18, 3.19, 3.13, 3.24}
	i := stats.SpearmanInterval(early, final, 0.95)
	fmt.Printf("rho = %.2f, 95%% interval %.2f to %.2f\n", stats.Spearman(early, final), i.Lo, i.Hi)
	// Output:
	// rho = 0.88, 95% interval 0.57 to 0.97
}

func ExamplePermutationTest() {
	atInit := []float64{4.9, 4.0, 4.2, 4.1, 4.5, 4.3, 4.8, 4.4}
	after100 := []float64{3.60, 3.75, 3.66, 3.71, 3.69, 3.80, 3.64, 3.78}
	final := []float64{3.10, 3.21, 3.12, 3.14, 3.18, 3.19, 3.13, 3.24}
	c := stats.PermutationTest(atInit, after100, final, 10000, 1)
	fmt.Printf("rho rises by %.2f (p = %.3f)\n", c.Difference, c.P)
	// Output:
	// rho rises by 1.31 (p = 0.031)
}

func ExampleLagTime() {
	steps := []int{0, 1, 2, 5, 10, 20, 50}
	rhos := []float64{-0.3, 0.2, 0.5, 0.91, 0.88, 0.93, 0.97}
	step, ok := stats.LagTime(steps, rhos, 0.9)
	fmt.Println(step, ok)
	// Output:
	// 20 true
}

func ExampleRegret() {
	final := []float64{3.10, 3.21, 3.14, 3.18}
	regret := stats.Regret(final, 2)
	fmt.Printf("%.2f nats, %.2f of the distance from the best to the median\n", regret, stats.NormalizeRegret(final, regret))
	fmt.Println("among the best two:", stats.HitAt(final, 2, 2))
	// Output:
	// 0.04 nats, 0.67 of the distance from the best to the median
	// among the best two: true
}

// Three strategies with two seeds: a seed's effect on all strategies does not
// count; its effect on their order is noise.
func ExampleMeasureSpread() {
	fmt.Println(stats.MeasureSpread([][]float64{
		{3.10, 3.20, 3.30},
		{3.41, 3.50, 3.59},
	}))
	fmt.Println(stats.MeasureSpread([][]float64{
		{3.10, 3.14, 3.12},
		{3.45, 3.41, 3.42},
	}))
	fmt.Println(stats.MeasureSpread([][]float64{{3.10, 3.20, 3.30}}))
	// Output:
	// the ranking is more than noise: final losses differ by 0.0950 nats between strategies and by 0.0071 between seeds (standard deviations, ratio 13.4)
	// the ranking is noise: final losses differ by 0.0029 nats between strategies and by 0.0286 between seeds (standard deviations, ratio 0.1)
	// whether the ranking is noise was not measured: it takes two seeds and two strategies that differ
}

// The second candidate is better on every batch, although batches differ much
// more than the candidates.
func ExamplePairedDifference() {
	d := stats.PairedDifference([]float64{3.1, 4.2, 2.5, 3.6}, []float64{3.0, 4.1, 2.3, 3.5})
	fmt.Printf("%.3f nats, standard error %.3f, z = %.1f\n", d.Mean, d.StdErr, d.Z)
	// Output: 0.125 nats, standard error 0.025, z = 5.0
}

func ExampleFitPowerLaw() {
	steps := []float64{1, 2, 5, 10, 20, 50}
	losses := make([]float64, len(steps))
	for i, t := range steps {
		losses[i] = stats.PowerLaw{A: 3, B: 2, C: 0.5}.At(t)
	}
	fit := stats.FitPowerLaw(steps, losses)
	fmt.Printf("%.2f + %.2f t^-%.2f: %.2f at step 400\n", fit.A, fit.B, fit.C, fit.At(400))
	// Output: 3.00 + 2.00 t^-0.50: 3.10 at step 400
}
