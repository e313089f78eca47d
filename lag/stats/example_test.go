package stats_test

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/stats"
)

// Here the loss at initialization puts four strategies in the reverse of their
// final order, and the loss after 100 steps in the right one.
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
	i := stats.SpearmanInterval(early, final, 0.95, 2000, 1)
	fmt.Printf("rho = %.2f, 95%% interval %.2f to %.2f\n", stats.Spearman(early, final), i.Lo, i.Hi)
	// Output:
	// rho = 0.88, 95% interval 0.53 to 1.00
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
