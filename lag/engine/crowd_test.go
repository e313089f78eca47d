package engine

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/train"
)

// TestCrowdOrder checks that a session in a crowd trains every run of a request, from
// another place on.
func TestCrowdOrder(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	s.Crowd(2)
	runs := []*Run{tinyRun(t, s, 1), tinyRun(t, s, 2), tinyRun(t, s, 3)}
	if err := s.Do(t.Context(), j.job("job", runs)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"run 3", "run 1", "run 2", "job"}; !slices.Equal(j, want) {
		t.Errorf("it did %v, want %v", j, want)
	}
}

// TestCrowdPlaces checks that each place of a request comes once, whatever the first.
func TestCrowdPlaces(t *testing.T) {
	for _, first := range []uint64{0, 4, math.MaxUint64 - 1, math.MaxUint64} {
		c := &crowd{first: first}
		var places []int
		for k := range 3 {
			places = append(places, c.place(k, 3))
		}
		if slices.Sort(places); !slices.Equal(places, []int{0, 1, 2}) {
			t.Errorf("from %d: places %v", first, places)
		}
	}
}

// TestCrowdEnded checks that a session in a crowd takes a run that has ended without
// its lock, which others may hold a moment.
func TestCrowdEnded(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	r := tinyRun(t, s, 1)
	if _, err := s.Bring(t.Context(), []*Run{r}, tinySteps); err != nil {
		t.Fatal(err)
	}
	defer occupied(t, r)()
	again := tinyRun(t, s, 1)
	s.Crowd(0)
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	outcomes, err := s.Bring(ctx, []*Run{again}, tinySteps)
	if err != nil || outcomes[0].Steps != tinySteps || len(outcomes[0].Curve) != 3 {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

// TestCrowdPauses checks that the pauses of a session that waits in a crowd become
// longer, but never longer than a sixth of the time that it has waited, and short
// again when it has trained something.
func TestCrowdPauses(t *testing.T) {
	var pauses []time.Duration
	held, waited := true, time.Duration(0)
	s := tinySession(t, nil)
	r := tinyRun(t, s, 1)
	s.Crowd(0)
	world := s.World()
	world.Try = func(_ context.Context, _ *Run, step int) (train.Outcome, bool, error) {
		return train.Outcome{Steps: step}, !held, nil
	}
	world.Wait = func(_ context.Context, d time.Duration) error {
		if d > longestPause || d > poll+waited/6+time.Millisecond || len(pauses) > 0 && d < pauses[len(pauses)-1] {
			t.Errorf("after %s a pause of %s", waited, d)
		}
		pauses, waited = append(pauses, d), waited+d
		held = waited < 5*time.Minute
		return nil
	}
	s.In(world)
	for range 2 {
		held, waited, pauses = true, 0, nil
		if _, err := s.Bring(t.Context(), []*Run{r}, tinySteps); err != nil {
			t.Fatal(err)
		}
		if pauses[0] != poll || pauses[len(pauses)-1] != longestPause || len(pauses) > 100 {
			t.Errorf("%d pauses, from %s to %s", len(pauses), pauses[0], pauses[len(pauses)-1])
		}
	}
}
