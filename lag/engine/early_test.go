package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNearest(t *testing.T) {
	for _, test := range []struct {
		losses []float64
		all, n int
		want   []int
	}{
		{[]float64{3, 1, 2.1, 4, 5}, 5, 1, []int{0}},           // the mean is 3.02
		{[]float64{1, 1, 1, 9, 9, 9}, 6, 2, []int{1, 3}},       // one of each side
		{[]float64{5, 4, 3, 2, 1, 0, 6}, 7, 3, []int{1, 2, 3}}, // the mean is 3: one exchange
		{[]float64{2, 2, 2, 2}, 4, 2, []int{0, 1}},             // nothing to gain
		{nil, 4, 2, []int{0, 1}},                               // unknown
		{[]float64{1, 2, 3}, 3, 3, []int{0, 1, 2}},             // all
		{[]float64{1, 2, 3}, 4, 2, []int{0, 1}},                // of another set
	} {
		got := nearest(test.losses, test.all, test.n)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%d of %v: %s", test.n, test.losses, diff)
		}
	}
}

// TestNearestEnds: equal losses, whose sums round in many ways, must not be
// exchanged for ever.
func TestNearestEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		all := 4 + rng.IntN(13)
		losses := make([]float64, all)
		for i := range losses {
			losses[i] = []float64{0.1, 0.1, 0.3, 2.7}[rng.IntN(4)]
		}
		n := 1 + rng.IntN(all-1)
		if got := nearest(losses, all, n); len(got) != n {
			t.Fatalf("%d of %v: %v", n, losses, got)
		}
	}
}
