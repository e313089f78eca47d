package selection_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/selection"
)

// batched is a trainer whose losses are the means of losses on single batches.
type batched struct {
	*trainer
	batches func(i, step int) []float64
}

// newBatched returns candidates of which i has the loss 3 + gaps[i] on average.
// The losses on n batches vary: by something that all candidates share, and by
// noise of each candidate with standard deviation sd.
func newBatched(random *rand.Rand, steps, n int, sd float64, gaps ...float64) *batched {
	type at struct{ i, step int }
	known, shared := make(map[at][]float64), make(map[int][]float64)
	draw := func(sd float64) (list []float64) {
		for range n {
			list = append(list, sd*random.NormFloat64())
		}
		return list
	}
	batches := func(i, step int) []float64 {
		if shared[step] == nil {
			shared[step] = draw(1)
		}
		if known[at{i, step}] == nil {
			losses := draw(sd)
			for k := range losses {
				losses[k] += 3 + gaps[i] + shared[step][k]
			}
			known[at{i, step}] = losses
		}
		return known[at{i, step}]
	}
	mean := func(i, step int) float64 {
		sum := 0.0
		for _, l := range batches(i, step) {
			sum += l
		}
		return sum / float64(n)
	}
	return &batched{newTrainer(len(gaps), steps, mean), batches}
}

func (c *batched) BatchLosses(_ context.Context, indices []int, step int) ([][]float64, int, error) {
	losses, n := make([][]float64, len(indices)), 0
	for j, i := range indices {
		if c.at[i] < step {
			return nil, 0, errors.New("a candidate is asked for losses that it was not trained to")
		}
		losses[j] = c.batches(i, step)
		n = len(losses[j])
	}
	return losses, n, nil
}

// TestRaceByHand: two batches, on which candidates differ from the leader by
// ±0.1 and ±0.2 around their gap. The pooled variance of the differences is
// (0.02 + 0.08)/2, the error sqrt(0.05/2), and the limit 0.3162.
func TestRaceByHand(t *testing.T) {
	batches := func(second, third float64) map[int][][]float64 {
		return map[int][][]float64{
			10: {{3, 4}, {3 + second - 0.1, 4 + second + 0.1}, {3 + third - 0.2, 4 + third + 0.2}},
			20: {{2, 3}, {2 + second - 0.1, 3 + second + 0.1}, {2 + third, 3 + third}},
		}
	}
	for _, c := range []struct {
		second, third float64
		trained       []int
		undecided     []int
	}{
		{0.32, 0.33, []int{10, 10, 10}, nil},
		{0.31, 0.33, []int{20, 20, 10}, nil},      // alone, 1 has the limit 2 sqrt(0.02/2) = 0.2
		{0.19, 0.33, []int{20, 20, 10}, []int{1}}, // that is not enough
		{0.19, 0.10, []int{20, 20, 20}, []int{2}}, // at 20 the limit of both is 2 sqrt(0.01/2) = 0.1414: only 1 is behind
	} {
		tables := batches(c.second, c.third)
		trainer := newTrainer(3, 100, func(i, step int) float64 { return (tables[step][i][0] + tables[step][i][1]) / 2 })
		live := &batched{trainer, func(i, step int) []float64 { return tables[step][i] }}
		want := selection.Choice{Index: 0, Trained: c.trained, Branched: []int{0, 0, 0}, Undecided: c.undecided}
		got := pick(t, selection.Race{Doublings: 1, First: 10}, live)
		if len(got.Undecided) == 0 {
			got.Undecided = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("gaps %v and %v: %s", c.second, c.third, diff)
		}
	}
}

// TestRaceAbstains plants candidates and counts. The best of all is dropped in
// few races, candidates that are equal are seldom told apart, and the clear
// losers cost no more than the first look.
func TestRaceAbstains(t *testing.T) {
	const races = 400
	random := rand.New(rand.NewPCG(1, 4))
	r := selection.Race{Doublings: 2, First: 10}
	lost, told, dear := 0, 0, 0
	for range races {
		c := newBatched(random, 100, 8, 0.05, 0, 0.02, 0.5, 0.6, 0.7)
		choice := pick(t, r, c)
		if choice.Index != 0 && !slices.Contains(choice.Undecided, 0) {
			lost++
		}
		if slices.Max(choice.Trained[2:]) > 10 {
			dear++
		}
		equal := pick(t, r, newBatched(random, 100, 8, 0.05, 0, 0))
		if len(equal.Undecided) == 0 {
			told++
		}
	}
	t.Logf("the best was dropped in %d of %d races, two equal ones told apart in %d, clear losers followed in %d", lost, races, told, dear)
	// Two looks after the first, each with a limit of two errors by about eight
	// batches, leave out one of two equal ones in a tenth to a fifth of all races.
	if lost > races/10 || told > races/4 || dear > 0 {
		t.Errorf("the best was dropped in %d of %d races, two equal ones told apart in %d, clear losers followed in %d", lost, races, told, dear)
	}
	if told == 0 {
		t.Error("no two equal ones are ever told apart, so the limit is no limit")
	}
}

// TestRaceCosts: a race costs at least as much as LAG that picks at its first
// look, and at most as much as LAG that picks at its last.
func TestRaceCosts(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 4))
	for S := 2; S <= 30; S++ {
		gaps := make([]float64, S)
		for i := range gaps {
			gaps[i] = 0.1 * random.Float64()
		}
		c := newBatched(random, 100, 8, 0.05, gaps...)
		choice := pick(t, selection.Race{Doublings: 3, First: 5}, c)
		if got := choice.TotalExtraSteps(); got < (S-1)*5 || got > (S-1)*40 {
			t.Errorf("%d candidates: %d extra steps", S, got)
		}
		if !slices.Equal(c.at, choice.Trained) {
			t.Errorf("trained %v, but reported %v", c.at, choice.Trained)
		}
	}
}

// TestRaceOffline: a recording of the batches at each look gives the same race as
// live training.
func TestRaceOffline(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	r := selection.Race{Doublings: 2, First: 10}
	if got := selection.Compares(100, r, selection.LAG{Lag: 7}, selection.Race{Doublings: 1, First: 5}); !slices.Equal(got, []int{5, 10, 20, 40}) {
		t.Errorf("losses on single batches are needed at %v", got)
	}
	for range 50 {
		live := newBatched(random, 100, 4, 0.05, 0, 0.01, 0.03, 0.05, 0.2)
		offline := live.recording(t, r)
		var recorded []selection.RecordedBatches
		for _, step := range selection.Compares(100, r) {
			at := selection.RecordedBatches{Step: step}
			for i := range live.at {
				at.Losses = append(at.Losses, live.batches(i, step))
			}
			recorded = append(recorded, at)
		}
		if err := offline.SetBatches(func(int) int { return 4 }, recorded...); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pick(t, r, live), pick(t, r, offline)); diff != "" {
			t.Fatalf("live and offline differ: %s", diff)
		}
	}
}

func TestRaceOfDiverged(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	c := newBatched(random, 100, 8, 0.01, 0, 0.2, 0.4)
	c.divergesAt = map[int]int{0: 5}
	if choice := pick(t, selection.Race{Doublings: 1, First: 10}, c); choice.Index != 1 || choice.Trained[0] > 10 {
		t.Errorf("the best diverged: %+v", choice)
	}
	c = newBatched(random, 100, 8, 0.01, 0, 0.2, 0.4)
	c.divergesAt = map[int]int{0: 5, 1: 5, 2: 5}
	if choice := pick(t, selection.Race{Doublings: 1, First: 10}, c); choice.Index != -1 || choice.Undecided != nil {
		t.Errorf("all diverged: %+v", choice)
	}
}

func TestSetBatches(t *testing.T) {
	c := newTrainer(2, 100, func(i, _ int) float64 { return 3 + 0.1*float64(i) })
	r := selection.Race{Doublings: 1, First: 10}
	recording := c.recording(t, r)
	if _, err := r.Pick(t.Context(), recording); err == nil || !strings.Contains(err.Error(), "single batches") {
		t.Errorf("no losses on single batches: error %v", err)
	}
	eight := func(int) int { return 8 }
	for _, bad := range []selection.RecordedBatches{{Step: 101, Losses: make([][]float64, 2)}, {Step: -1, Losses: make([][]float64, 2)}, {Step: 5, Losses: make([][]float64, 3)}} {
		if err := recording.SetBatches(eight, bad); err == nil {
			t.Errorf("%+v is recorded", bad)
		}
	}
	// Batches at 40 stand for those at 10 and 20, those at 2 for none. Of a hundred
	// times as many batches the error is a tenth.
	at := func(step int, d float64) selection.RecordedBatches {
		return selection.RecordedBatches{Step: step, Losses: [][]float64{{3, 3}, {3 - d, 3 + d}}}
	}
	// The errors are 0.141 and 0.0141: twice the first covers 0.1, twice the second does not.
	for _, c := range []struct{ batches, undecided int }{{2, 1}, {200, 0}} {
		if err := recording.SetBatches(func(int) int { return c.batches }, at(40, 0.14), at(2, 100)); err != nil {
			t.Fatal(err)
		}
		if choice := pick(t, r, recording); len(choice.Undecided) != c.undecided {
			t.Errorf("%d batches: %+v", c.batches, choice)
		}
	}
	if losses, n, err := recording.BatchLosses(t.Context(), []int{1}, 3); err != nil || n != 200 || math.Abs(losses[0][1]-103) > 1e-12 {
		t.Errorf("at step 3: %v, %d, %v", losses, n, err)
	}
}
