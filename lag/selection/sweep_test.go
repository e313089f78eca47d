package selection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sweepSteps are the evaluations of a training of 300 steps, as a study makes them.
var sweepSteps = []int{0, 1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300}

// TestSweeps compares the sweeps of a training with those derived by hand from
// where it was evaluated.
func TestSweeps(t *testing.T) {
	var got []string
	for _, s := range Sweeps(12, 300, sweepSteps, []Branch{{Step: 24, Decay: 6}, {Step: 8, Decay: 2}}, true) {
		line := s.Name
		for _, r := range s.Rules {
			line += " " + r.String()
		}
		got = append(got, line)
	}
	for i, want := range []string{
		"lag loss-at-init lag:1 lag:2 lag:5 lag:10 lag:15 lag:20 lag:30 lag:60 lag:120 lag:180 lag:240 oracle",
		"top:2 top:2,0 top:2,1 top:2,2 top:2,5 top:2,10 top:2,15 top:2,20 top:2,30 top:2,60 top:2,120 top:2,180 top:2,240",
		"top:3 top:3,0 top:3,1 top:3,2 top:3,5 top:3,10 top:3,15 top:3,20 top:3,30 top:3,60 top:3,120 top:3,180 top:3,240",
		"halving:2 halving:2,15 halving:2,30 halving:2,60 halving:2,120 halving:2,180 halving:2,240", // 12, 6, 3, 2 and 1 are left: four rungs before the end
		"halving:3 halving:3,20 halving:3,60 halving:3,120 halving:3,180 halving:3,240",              // 12, 4, 2, 1: 20, 60 and 180
		"halving:4 halving:4,5 halving:4,15 halving:4,30 halving:4,60 halving:4,120 halving:4,180 halving:4,240",
		"race:2 race:2,5 race:2,15 race:2,30 race:2,60",                             // 10 and 20 would need 40 and 80
		"power-law power-law:5 power-law:10 power-law:15 power-law:20 power-law:30", // 60 would need 50, after 10 and 20
		"decay decay:8,2 decay:24,6",
	} {
		if i >= len(got) || got[i] != want {
			t.Errorf("sweep %d of %d is\n%q, want\n%q", i, len(got), strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), want)
		}
	}
}

// TestSweepsCanBeReplayed replays every rule of the sweeps on recordings with
// pools of different sizes. None may ask for what the recording does not have.
func TestSweepsCanBeReplayed(t *testing.T) {
	branches := []Branch{{Step: 10, Decay: 5}}
	for _, n := range []int{1, 2, 3, 4, 5, 12, 17, 45} {
		var names []string
		var curves [][]Point
		losses := make([]float64, n)
		for i := range n {
			names = append(names, fmt.Sprint("candidate ", i))
			var curve []Point
			for _, step := range sweepSteps {
				curve = append(curve, Point{step, 3 + float64((i*7+step)%n)/float64(n)})
			}
			curves = append(curves, curve)
		}
		recording, err := NewRecording(Named(names...), 300, curves, RecordedBranch{branches[0], losses})
		if err != nil {
			t.Fatal(err)
		}
		batches := RecordedBatches{Step: 30, Losses: make([][]float64, n)}
		for i := range batches.Losses {
			batches.Losses[i] = []float64{3, 4 + float64(i%3)/10}
		}
		if err := recording.SetBatches(func(int) int { return 2 }, batches); err != nil {
			t.Fatal(err)
		}
		for _, s := range Sweeps(n, 300, sweepSteps, branches, false) {
			if s.Name == "race:2" {
				t.Error("without losses on single batches there is a race")
			}
		}
		count := 0
		for _, s := range Sweeps(n, 300, sweepSteps, branches, true) {
			for _, r := range s.Rules {
				count++
				if _, _, err := Pick(context.Background(), r, recording); err != nil {
					t.Errorf("%d candidates: %v", n, err)
				}
				if slices.Contains([]string{"lag", "decay"}, s.Name) {
					continue
				}
				if !strings.HasPrefix(r.String(), s.Name) {
					t.Errorf("%s is in the sweep %s", r, s.Name)
				}
			}
		}
		if count < 13 {
			t.Errorf("%d candidates: only %d rules", n, count)
		}
	}
}

// TestNoSweeps: a recording without final losses has no sweeps, because no rule
// can be judged.
func TestNoSweeps(t *testing.T) {
	for _, evaluated := range [][]int{nil, {0, 10, 50}} {
		if s := Sweeps(3, 100, evaluated, []Branch{{Step: 1, Decay: 1}}, true); len(s) > 0 {
			t.Errorf("with losses at %v there are the sweeps %v", evaluated, s)
		}
	}
}
