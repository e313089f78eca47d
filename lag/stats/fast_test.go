package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// tiedLosses returns losses with ties, some of them NaN or infinite.
func tiedLosses(random *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch x[i] = float64(random.IntN(n)); random.IntN(12) {
		case 0:
			x[i] = math.NaN()
		case 1:
			x[i] = math.Inf(1)
		}
	}
	return x
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestKendallOfPairs compares tau-b with its definition, pair by pair.
func TestKendallOfPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		x, y := tiedLosses(random, n), tiedLosses(random, n)
		var concordant, discordant, onlyX, onlyY float64
		for i := range x {
			for j := range i {
				switch cx, cy := compareLoss(x[i], x[j]), compareLoss(y[i], y[j]); {
				case cx == 0 && cy == 0:
				case cx == 0:
					onlyX++
				case cy == 0:
					onlyY++
				case cx == cy:
					concordant++
				default:
					discordant++
				}
			}
		}
		untied := concordant + discordant
		want := (concordant - discordant) / math.Sqrt(untied+onlyX) / math.Sqrt(untied+onlyY)
		if got := KendallTauB(x, y); !same(got, want) {
			t.Errorf("tau-b of %v and %v is %v, want %v", x, y, got, want)
		}
	}
}

// TestSpearmanWithoutEach compares what ranks only once with ranking every time.
func TestSpearmanWithoutEach(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for n := 1; n < 40; n++ {
		x, y := tiedLosses(random, n), tiedLosses(random, n)
		for i, got := range spearmanWithoutEach(x, y) {
			if want := Spearman(without(x, i), without(y, i)); !same(got, want) {
				t.Errorf("without pair %d of %v and %v rho is %v, want %v", i, x, y, got, want)
			}
		}
	}
}

func TestRankBuffers(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for n := 1; n < 40; n++ {
		b := newRankBuffers(n)
		ranks := Ranks(tiedLosses(random, n))
		for range 5 {
			for i := range ranks { // as exchanges do: some ranks twice, others not at all
				ranks[i] = ranks[random.IntN(n)]
			}
			if got, want := b.rank(ranks), Ranks(ranks); !slices.Equal(got, want) {
				t.Errorf("the ranks of %v are %v, want %v", ranks, got, want)
			}
		}
	}
}
