package downstream

import (
	"math"

	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

const (
	level     = 0.95 // of intervals
	resamples = 1000
	drawing   = 1 // seed of the resamples
)

// scored is a score with its interval, and the scores on every other group and on the
// others.
type scored struct {
	score, lo, hi float64
	halves        [2]float64
}

// bootstrapped returns a score of groups, given a function of a sample of them, and its
// percentile bootstrap interval. With fewer than two groups there is no interval.
func bootstrapped(groups int, score func(sample []int) float64) scored {
	all, halves := make([]int, groups), [2][]int{}
	for i := range all {
		all[i] = i
		halves[i%2] = append(halves[i%2], i)
	}
	interval := stats.Bootstrap(groups, score, level, resamples, drawing)
	return scored{score(all), interval.Lo, interval.Hi, [2]float64{score(halves[0]), score(halves[1])}}
}

// scoreTokens returns the mean loss and the share of right predictions. The groups are
// batches.
func scoreTokens(batches []predicted) (loss, right scored) {
	share := func(of func(predicted) float64) scored {
		return bootstrapped(len(batches), func(sample []int) float64 {
			var sum, count float64
			for _, i := range sample {
				sum, count = sum+of(batches[i]), count+batches[i].count
			}
			return sum / count
		})
	}
	return share(func(p predicted) float64 { return p.loss }), share(func(p predicted) float64 { return p.right })
}

// scoreClasses returns the score of predicted classes. groups has the group of each
// example, from 0; examples of a block of documents are one group, because they are alike.
func scoreClasses(m result.Measure, classes int, got, want, groups []int) scored {
	n := 0
	for _, g := range groups {
		n = max(n, g+1)
	}
	counts := make([][]float64, n) // of each group, [want][got]
	for i := range counts {
		counts[i] = make([]float64, classes*classes)
	}
	for i, g := range groups {
		counts[g][want[i]*classes+got[i]]++
	}
	sum := make([]float64, classes*classes)
	return bootstrapped(n, func(sample []int) float64 {
		clear(sum)
		for _, g := range sample {
			for k, c := range counts[g] {
				sum[k] += c
			}
		}
		if m == result.MeasureMatthews {
			return matthews(sum[0], sum[1], sum[2], sum[3])
		}
		return accuracy(sum, classes)
	})
}

// accuracy returns the share of the examples on the diagonal of a table [want][got].
func accuracy(table []float64, classes int) float64 {
	right, all := 0.0, 0.0
	for k, c := range table {
		if all += c; k%(classes+1) == 0 {
			right += c
		}
	}
	return right / all
}

// matthews returns Matthews' correlation of two classes, 0 if a class is never given or
// never right, as GLUE scores CoLA (sklearn.metrics.matthews_corrcoef).
func matthews(trueNegative, falsePositive, falseNegative, truePositive float64) float64 {
	square := (truePositive + falsePositive) * (truePositive + falseNegative) * (trueNegative + falsePositive) * (trueNegative + falseNegative)
	if square == 0 {
		return 0
	}
	return (truePositive*trueNegative - falsePositive*falseNegative) / math.Sqrt(square)
}

// baseline returns the score of always giving the class that is most frequent in the
// test.
func baseline(m result.Measure, classes int, want []int) float64 {
	if m == result.MeasureMatthews {
		return 0
	}
	counts, most := make([]int, classes), 0
	for _, class := range want {
		counts[class]++
		most = max(most, counts[class])
	}
	return float64(most) / float64(len(want))
}
