package selection_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// trainer implements Candidates and trains one step after another, as in a live
// selection. The loss of candidate i after t steps is loss(i, t).
type trainer struct {
	names      []string
	steps      int
	loss       func(i, step int) float64
	decayed    func(i, step, decay int) float64
	divergesAt map[int]int

	at, branched []int // steps actually trained
}

func newTrainer(n, steps int, loss func(i, step int) float64) *trainer {
	c := &trainer{steps: steps, loss: loss, at: make([]int, n), branched: make([]int, n)}
	c.decayed = func(i, step, _ int) float64 { return loss(i, step) - 0.1 }
	for i := range n {
		c.names = append(c.names, fmt.Sprintf("s%d", i))
	}
	return c
}

// Grown returns the maps of published strategies for candidates with their
// names.
func (c *trainer) Grown() selection.Grown {
	from, to := growth.Depths{3}, growth.Depths{6}
	pool, err := growth.NewPoolFor(from, to, nil)
	if err != nil {
		panic(err)
	}
	grown := selection.Named(c.names...)
	grown.From, grown.To = from, to
	for i, name := range c.names {
		if s, ok := pool.ByName(name); ok {
			grown.Candidates[i] = selection.NewCandidate(s)
		}
	}
	return grown
}

func (c *trainer) Steps() int { return c.steps }

func (c *trainer) hasDiverged(i int) bool {
	at, ok := c.divergesAt[i]
	return ok && c.at[i] >= at
}

func (c *trainer) train(i, step int) error {
	if c.at[i] > step {
		return fmt.Errorf("candidate %d is at step %d, beyond %d", i, c.at[i], step)
	}
	for c.at[i] < step && !c.hasDiverged(i) {
		c.at[i]++
	}
	return nil
}

func (c *trainer) Losses(_ context.Context, indices []int, step int) ([]float64, error) {
	var losses []float64
	for _, i := range indices {
		if err := c.train(i, step); err != nil {
			return nil, err
		}
		if c.hasDiverged(i) {
			losses = append(losses, math.Inf(1))
		} else {
			losses = append(losses, c.loss(i, step))
		}
	}
	return losses, nil
}

func (c *trainer) Decayed(_ context.Context, indices []int, step, decay int) ([]float64, error) {
	var losses []float64
	for _, i := range indices {
		if err := c.train(i, step); err != nil {
			return nil, err
		}
		if c.hasDiverged(i) {
			losses = append(losses, math.Inf(1))
			continue
		}
		c.branched[i] += decay
		losses = append(losses, c.decayed(i, step, decay))
	}
	return losses, nil
}

// recording trains everything to the end and records it.
func (c *trainer) recording(t *testing.T, rules ...selection.Rule) *selection.Recording {
	t.Helper()
	steps := []int{0, c.steps}
	var branches []selection.RecordedBranch
	for _, r := range rules {
		steps = append(steps, r.Evaluations(c.steps)...)
		for _, b := range r.Branches() {
			recorded := selection.RecordedBranch{Branch: b}
			for i := range c.at {
				loss := c.decayed(i, b.Step, b.Decay)
				if diverges, ok := c.divergesAt[i]; ok && b.Step >= diverges {
					loss = math.NaN()
				}
				recorded.Losses = append(recorded.Losses, loss)
			}
			branches = append(branches, recorded)
		}
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	curves := make([][]selection.Point, len(c.at))
	for i := range curves {
		diverges, ok := c.divergesAt[i]
		for _, s := range steps {
			p := selection.Point{Step: s, Loss: c.loss(i, s)}
			if ok && s >= diverges {
				p.Loss = math.NaN()
			}
			curves[i] = append(curves[i], p)
			if math.IsNaN(p.Loss) {
				break
			}
		}
	}
	r, err := selection.NewRecording(c.Grown(), c.steps, curves, branches...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// noisy returns the losses of n candidates whose order is random at first and
// becomes stable within about 20 steps.
func noisy(n int, seed uint64) func(i, step int) float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	floor, bump := make([]float64, n), make([]float64, n)
	for i := range n {
		floor[i], bump[i] = 3+random.Float64(), 2*random.Float64()
	}
	return func(i, step int) float64 {
		return floor[i] + 2*math.Pow(float64(step+1), -0.5) + bump[i]*math.Exp(-float64(step)/8)
	}
}

func parse(t testing.TB, s string) selection.Rule {
	t.Helper()
	r, err := selection.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pick(t testing.TB, r selection.Rule, c selection.Candidates) selection.Choice {
	t.Helper()
	choice, err := r.Pick(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return choice
}
