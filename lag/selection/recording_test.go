package selection_test

import (
	"math"
	"testing"

	"github.com/landscape-aware/growing/lag/selection"
)

func TestRecording(t *testing.T) {
	r, err := selection.NewRecording(selection.Named("a", "b"), 100,
		[][]selection.Point{{{0, 5}, {10, 4}, {100, 3}}, {{0, 6}, {13, math.NaN()}}},
		selection.RecordedBranch{Branch: selection.Branch{Step: 20, Decay: 5}, Losses: []float64{3.5, 3.4}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 2 || r.Name(1) != "b" || r.Steps() != 100 {
		t.Errorf("%d candidates, %s, %d steps", r.Len(), r.Name(1), r.Steps())
	}
	inf := math.Inf(1)
	for _, w := range []struct {
		indices []int
		step    int
		want    []float64 // nil means an error
	}{
		{[]int{1, 0}, 0, []float64{6, 5}},
		{[]int{0}, 10, []float64{4}},
		{[]int{1}, 10, nil}, // before it diverged, but not evaluated
		{[]int{0}, 11, nil},
		{[]int{1}, 13, []float64{inf}},
		{[]int{0, 1}, 100, []float64{3, inf}}, // after the end of its curve
		{nil, 50, []float64{}},
	} {
		got, err := r.Losses(t.Context(), w.indices, w.step)
		if (err != nil) != (w.want == nil) || len(got) != len(w.want) {
			t.Errorf("losses of %v at %d: %v, %v", w.indices, w.step, got, err)
			continue
		}
		for j := range got {
			if got[j] != w.want[j] {
				t.Errorf("losses of %v at %d: %v, want %v", w.indices, w.step, got, w.want)
			}
		}
	}
	// Candidate 1 had diverged when the branch started.
	if got, err := r.Decayed(t.Context(), []int{0, 1}, 20, 5); err != nil || got[0] != 3.5 || got[1] != inf {
		t.Errorf("branches: %v, %v", got, err)
	}
}

func TestNewRecordingErrors(t *testing.T) {
	good := [][]selection.Point{{{0, 5}, {10, 4}}}
	for name, try := range map[string]func() (*selection.Recording, error){
		"no candidates": func() (*selection.Recording, error) { return selection.NewRecording(selection.Named(), 10, nil) },
		"numbers differ": func() (*selection.Recording, error) {
			return selection.NewRecording(selection.Named("a", "b"), 10, good)
		},
		"no steps":       func() (*selection.Recording, error) { return selection.NewRecording(selection.Named("a"), 0, good) },
		"no name":        func() (*selection.Recording, error) { return selection.NewRecording(selection.Named(""), 10, good) },
		"beyond the end": func() (*selection.Recording, error) { return selection.NewRecording(selection.Named("a"), 9, good) },
		"branch of nothing": func() (*selection.Recording, error) {
			return selection.NewRecording(selection.Named("a"), 10, good, selection.RecordedBranch{})
		},
		"same name twice": func() (*selection.Recording, error) {
			return selection.NewRecording(selection.Named("a", "a"), 10, [][]selection.Point{good[0], good[0]})
		},
		"same step twice": func() (*selection.Recording, error) {
			return selection.NewRecording(selection.Named("a"), 10, [][]selection.Point{{{0, 5}, {0, 4}}})
		},
		"negative step": func() (*selection.Recording, error) {
			return selection.NewRecording(selection.Named("a"), 10, [][]selection.Point{{{-1, 5}}})
		},
	} {
		if r, err := try(); err == nil || r != nil {
			t.Errorf("%s: no error", name)
		}
	}
}
