package selection_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestCosts compares costs with the formulas, for every size of pool.
func TestCosts(t *testing.T) {
	const T = 200
	for S := 2; S <= 40; S++ {
		for text, want := range map[string]int{
			"loss-at-init": 0, "random:3": 0, "strategy:s1": 0,
			"lag:30": (S - 1) * 30, "power-law:30": (S - 1) * 30, "oracle": (S - 1) * T,
			"decay:24,6": (S-1)*24 + S*6,
			"top:1,30":   (S - 1) * 30,
			"top:2,30":   (S-2)*30 + T,
			"top:50,30":  (S - 1) * T,
			"race:2,30":  (S - 1) * 120, // the most, because nothing is known of errors
		} {
			r := parse(t, text)
			live := newTrainer(S, T, noisy(S, uint64(S)))
			if got := pick(t, r, live).TotalExtraSteps(); got != want {
				t.Errorf("%s over %d candidates: %d extra steps, want %d", text, S, got, want)
			}
		}
	}
}

// halvingCost returns the cost by the formula of [selection.Halving].
func halvingCost(s, eta, first, T int) int {
	n, cost := s, 0
	for rung := first; rung < T && n > 1; rung *= eta {
		next := (n + eta - 1) / eta
		cost += (n - next) * rung
		n = next
	}
	return cost + (n-1)*T
}

func TestHalvingCost(t *testing.T) {
	// By hand: 8 candidates, rungs 10, 20, 40: 4 stop at 10, 2 at 20, 1 at 40.
	if got := halvingCost(8, 2, 10, 100); got != 4*10+2*20+40 {
		t.Fatalf("the formula gives %d", got)
	}
	// 9 candidates, rungs 10 and 30, 50 steps: 6 stop at 10, 2 at 30.
	if got := halvingCost(9, 3, 10, 50); got != 6*10+2*30 {
		t.Fatalf("the formula gives %d", got)
	}
	for _, eta := range []int{2, 3} {
		for _, T := range []int{50, 100, 1000} { // after short trainings several are left at the end
			for S := 1; S <= 40; S++ {
				r := selection.Halving{Eta: eta, First: 10}
				live := newTrainer(S, T, noisy(S, uint64(S)))
				if got, want := pick(t, r, live).TotalExtraSteps(), halvingCost(S, eta, 10, T); got != want {
					t.Errorf("%v over %d candidates and %d steps: %d extra steps, want %d", r, S, T, got, want)
				}
			}
		}
	}
}

// TestLiveAndOffline checks that a rule picks and costs the same live and
// offline, and that the steps that it reports were trained.
func TestLiveAndOffline(t *testing.T) {
	for seed := range uint64(30) {
		S := 3 + int(seed)
		live := func() *trainer {
			c := newTrainer(S, 100, noisy(S, seed))
			c.names[0], c.names[1] = "repeat-last-1", "repeat-middle-1"
			return c
		}
		rules := selection.All(20, 100)
		if len(rules) != 10 {
			t.Fatalf("%d rules fit", len(rules))
		}
		offline := live().recording(t, rules...)
		for _, r := range rules {
			c := live()
			choice := pick(t, r, c)
			if diff := cmp.Diff(choice, pick(t, r, offline)); diff != "" {
				t.Errorf("%v: live and offline differ: %s", r, diff)
			}
			if !slices.Equal(c.at, choice.Trained) || !slices.Equal(c.branched, choice.Branched) {
				t.Errorf("%v: trained %v and %v, but reported %+v", r, c.at, c.branched, choice)
			}
			extra := choice.ExtraSteps()
			for i := range S {
				want := c.at[i] + c.branched[i]
				if i == choice.Index {
					want = c.branched[i]
				}
				if extra[i] != want {
					t.Errorf("%v: %d extra steps of candidate %d, want %d", r, extra[i], i, want)
				}
			}
		}
	}
}

func TestPicks(t *testing.T) {
	// The order changes between steps 0, 10 and 100, the end: candidate 3 is
	// the best early, 0 at 10, and 2 at the end.
	curves := [][]selection.Point{
		{{0, 5.0}, {5, 3.9}, {10, 3.5}, {20, 3.4}, {100, 3.3}},
		{{0, 5.0}, {5, 4.2}, {10, 3.7}, {20, 3.35}, {100, 3.2}},
		{{0, 6.0}, {5, 4.0}, {10, 3.6}, {20, 3.3}, {100, 3.1}},
		{{0, 4.0}, {5, 3.95}, {10, 3.9}, {20, 3.9}, {100, 3.9}},
	}
	last1, err1 := growth.RepeatLast(8, 12, 1)
	middle, err2 := growth.RepeatMiddle(8, 12, 2)
	last2, err3 := growth.RepeatLast(8, 12, 2)
	last4, err4 := growth.RepeatLast(8, 12, 4)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	// Rules recognize published strategies by their maps, not by their names.
	last2.Name = "ours"
	grown := selection.NewGrown(growth.Depths{8}, growth.Depths{12}, growth.Pool{last1, middle, last2, last4.WithInit(growth.Init{Kind: growth.Zero})})
	c, err := selection.NewRecording(grown, 100, curves,
		selection.RecordedBranch{Branch: selection.Branch{Step: 8, Decay: 2}, Losses: []float64{3.4, 3.3, 3.35, 3.9}})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		rule              string
		index             int
		trained, branched []int
	}{
		{"loss-at-init", 3, []int{0, 0, 0, 0}, nil},
		{"lag:10", 0, []int{10, 10, 10, 10}, nil},
		{"lag:20", 2, []int{20, 20, 20, 20}, nil},
		{"oracle", 2, []int{100, 100, 100, 100}, nil},
		{"strategy:repeat-middle-2", 1, []int{0, 0, 0, 0}, nil},
		{"stack-last", 2, []int{0, 0, 0, 0}, nil}, // not the one with another init
		{"midas", 1, []int{0, 0, 0, 0}, nil},
		{"top:2,10", 2, []int{100, 10, 100, 10}, nil},
		{"top:1,10", 0, []int{10, 10, 10, 10}, nil},
		{"top:2,0", 0, []int{100, 0, 0, 100}, nil},      // 0 and 1 tie at 5.0
		{"halving:2,10", 2, []int{20, 10, 20, 10}, nil}, // 0 and 2 continue to 20
		{"decay:8,2", 1, []int{8, 8, 8, 8}, []int{2, 2, 2, 2}},
	} {
		r := parse(t, w.rule)
		choice, err := r.Pick(t.Context(), c)
		if err != nil {
			t.Errorf("%s: %v", w.rule, err)
			continue
		}
		if w.branched == nil {
			w.branched = make([]int, 4)
		}
		if diff := cmp.Diff(selection.Choice{Index: w.index, Trained: w.trained, Branched: w.branched}, choice); diff != "" {
			t.Errorf("%s: %s", w.rule, diff)
		}
	}
}

// TestPowerLawSeesBeyondTheProbe uses curves that cross after the probe. The
// fit must predict this.
func TestPowerLawSeesBeyondTheProbe(t *testing.T) {
	loss := func(i, step int) float64 {
		t := float64(max(step, 1))
		return []float64{3.0 + 1.0*math.Pow(t, -1), 2.5 + 2.2*math.Pow(t, -0.4)}[i]
	}
	c := newTrainer(2, 10000, loss)
	if l := pick(t, parse(t, "lag:30"), newTrainer(2, 10000, loss)); l.Index != 0 {
		t.Fatalf("LAG picks %d", l.Index)
	}
	if p := pick(t, parse(t, "power-law:30"), c); p.Index != 1 {
		t.Errorf("the power law picks %d", p.Index)
	}
	for k := 3; k < 3000; k++ {
		steps := selection.PowerLaw{Probe: k}.Evaluations(10000)
		if len(steps) < 3 || !slices.IsSorted(steps) || len(slices.Compact(slices.Clone(steps))) != len(steps) || steps[0] < 1 || steps[len(steps)-1] != k {
			t.Fatalf("power-law:%d needs steps %v", k, steps)
		}
	}
}

func TestTiesGoToTheLowestIndex(t *testing.T) {
	same := func(int, int) float64 { return 3 }
	for _, text := range []string{"lag:10", "loss-at-init", "oracle", "top:3,10", "halving:2,10", "power-law:10", "decay:8,2", "race:2,10"} {
		if got := pick(t, parse(t, text), newTrainer(7, 100, same)).Index; got != 0 {
			t.Errorf("%s picks %d among equal losses", text, got)
		}
	}
}

func TestDiverged(t *testing.T) {
	texts := []string{"lag:10", "oracle", "top:2,10", "halving:2,10", "power-law:10", "decay:8,2"}
	for _, text := range texts {
		r := parse(t, text)
		diverging := func(at map[int]int) *trainer {
			// Candidate 0 would be the best if it did not diverge.
			c := newTrainer(4, 100, func(i, step int) float64 { return 3 + float64(i) + 1/float64(step+1) })
			c.divergesAt = at
			return c
		}
		c := diverging(map[int]int{0: 4})
		choice := pick(t, r, c)
		if choice.Index != 1 {
			t.Errorf("%s picks %d", text, choice.Index)
		}
		if choice.Trained[0] > 10 && text != "oracle" {
			t.Errorf("%s trains a diverged candidate for %d steps", text, choice.Trained[0])
		}
		if diff := cmp.Diff(choice.Index, pick(t, r, diverging(map[int]int{0: 4}).recording(t, r)).Index); diff != "" {
			t.Errorf("%s: live and offline differ: %s", text, diff)
		}

		c = diverging(map[int]int{0: 1, 1: 1, 2: 1, 3: 1})
		none := pick(t, r, c)
		if none.Index != -1 {
			t.Errorf("%s picks %d when all diverged", text, none.Index)
		}
		sum := 0
		for i := range none.Trained {
			sum += none.Trained[i] + none.Branched[i]
		}
		if got := none.TotalExtraSteps(); got != sum || sum == 0 {
			t.Errorf("%s: %d extra steps, want %d when all diverged", text, got, sum)
		}
	}
	// The divergence is seen at the rung, and the candidate is not trained
	// further.
	c := newTrainer(3, 100, func(i, _ int) float64 { return float64(i) })
	c.divergesAt = map[int]int{0: 3}
	if got := pick(t, parse(t, "halving:2,10"), c).Trained; !slices.Equal(got, []int{10, 20, 20}) {
		t.Errorf("halving trained %v", got)
	}
}

func TestValidate(t *testing.T) {
	for _, w := range []struct {
		rule string
		fits int // shortest training that it fits
	}{{"lag:30", 31}, {"top:2,30", 31}, {"halving:2,30", 31}, {"power-law:30", 31}, {"decay:20,10", 30}, {"decay:20,1", 21}, {"race:2,30", 121}, {"race:0,30", 31}} {
		r := parse(t, w.rule)
		if err := r.Validate(w.fits); err != nil {
			t.Errorf("%d steps: %v", w.fits, err)
		}
		err := r.Validate(w.fits - 1)
		if err == nil || !strings.Contains(err.Error(), w.rule) {
			t.Errorf("%s in %d steps: error %v", w.rule, w.fits-1, err)
		}
		c := newTrainer(2, w.fits-1, noisy(2, 1))
		if _, err := r.Pick(t.Context(), c); err == nil || !slices.Equal(c.at, []int{0, 0}) {
			t.Errorf("%s in %d steps: error %v after training %v", w.rule, w.fits-1, err, c.at)
		}
	}
}

func TestPickErrors(t *testing.T) {
	c := newTrainer(3, 100, noisy(3, 1))
	for _, text := range []string{"stack-last", "midas", "strategy:mine"} {
		if _, err := parse(t, text).Pick(t.Context(), c); err == nil || !strings.Contains(err.Error(), "pool") {
			t.Errorf("%s: error %v", text, err)
		}
	}
	for _, r := range selection.All(20, 100) {
		if _, err := r.Pick(t.Context(), newTrainer(0, 100, nil)); err == nil {
			t.Errorf("%v picks without candidates", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := parse(t, "lag:20").Pick(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error %v", err)
	}
	if _, err := parse(t, "lag:7").Pick(t.Context(), c.recording(t)); err == nil || !strings.Contains(err.Error(), "no loss at step 7") {
		t.Errorf("step not recorded: error %v", err)
	}
	if _, err := parse(t, "decay:3,2").Pick(t.Context(), c.recording(t)); err == nil || !strings.Contains(err.Error(), "no decay branch") {
		t.Errorf("branch not recorded: error %v", err)
	}
}

func TestMeterRefuses(t *testing.T) {
	m := selection.NewMeter(newTrainer(2, 100, noisy(2, 1)))
	if _, err := m.Losses(t.Context(), []int{0}, 50); err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct{ index, step int }{{0, 49}, {0, 101}, {0, -1}, {2, 60}, {-1, 60}} {
		if _, err := m.Losses(t.Context(), []int{w.index}, w.step); err == nil {
			t.Errorf("losses of candidate %d at step %d", w.index, w.step)
		}
		if _, err := m.Decayed(t.Context(), []int{w.index}, w.step, 5); err == nil {
			t.Errorf("a branch of candidate %d at step %d", w.index, w.step)
		}
	}
	if got := m.Choice(-1).Trained; !slices.Equal(got, []int{50, 0}) {
		t.Errorf("trained %v", got)
	}
}

// TestRandomIsUniform checks that every candidate has the same probability.
func TestRandomIsUniform(t *testing.T) {
	counts := make([]int, 4)
	for seed := range uint64(4000) {
		counts[pick(t, selection.Random{Seed: seed}, newTrainer(4, 10, nil)).Index]++
	}
	for _, n := range counts { // 1000 expected, with a standard deviation of 27
		if n < 865 || n > 1135 {
			t.Errorf("picked %v times", counts)
			break
		}
	}
}
