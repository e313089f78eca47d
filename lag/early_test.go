package lag_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestEarlyValidation checks which losses of candidates are those of a part of
// the validation set: the batch on which the source's loss is nearest to its
// mean. Decay branches and the source are always evaluated on the whole set.
func TestEarlyValidation(t *testing.T) {
	config, err := smokeConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.ValidationBatches, config.Growth.EarlyBatches = 3, 1
	dir := t.TempDir()
	study, err := run(t, config, dir, "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	if study.EarlyBatches != 1 {
		t.Errorf("the result has early evaluations of %d batches, want 1", study.EarlyBatches)
	}
	metrics := map[progress.Phase][]map[int][]float64{} // losses on the batches, by step
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		spec, err := engine.ReadSpec(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // not a run
		}
		log, err := train.ReadMetrics(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		batches := map[int][]float64{}
		for _, m := range log {
			if m.Event == train.EventValidation {
				batches[m.Step] = m.Batches
			}
		}
		metrics[spec.Kind] = append(metrics[spec.Kind], batches)
	}
	for _, phase := range []progress.Phase{progress.PhasePretrain, progress.PhaseBranch} {
		for _, run := range metrics[phase] {
			for step, batches := range run {
				if len(batches) != 3 {
					t.Errorf("%s, step %d: %d batches, want all 3", phase, step, len(batches))
				}
			}
		}
	}
	early := 0
	for _, run := range metrics[progress.PhaseProbe] {
		for step, batches := range run {
			want := 3
			if step > 0 && step < config.Growth.Lag {
				want = 1
				early++
			}
			if len(batches) != want {
				t.Errorf("candidate, step %d: %d batches, want %d", step, len(batches), want)
			}
		}
	}
	if n := len(metrics[progress.PhaseProbe]); n != len(study.Strategies) || early != 3*n {
		t.Errorf("%d early evaluations of %d candidates, want 3 each at steps 1, 2 and 4", early, n)
	}

	// With all batches, the early losses are other numbers, and the others the same.
	config.Growth.EarlyBatches = 0
	whole, err := run(t, config, t.TempDir(), "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for i, o := range whole.Strategies {
		for j, p := range o.Curve {
			same := study.Strategies[i].Curve[j] == p
			if p.Step == 0 || p.Step >= config.Growth.Lag {
				if !same {
					t.Errorf("%s, step %d: the loss on the whole set is %v and %v", o.Name, p.Step, p.Loss, study.Strategies[i].Curve[j].Loss)
				}
			} else if !same {
				differ++
			}
		}
	}
	if differ == 0 {
		t.Error("early losses are those of the whole set")
	}

	config.Growth.EarlyBatches = 3 // not fewer than all: the same runs
	if again, err := run(t, config, t.TempDir(), "go", nil); err != nil || again.EarlyBatches != 0 {
		t.Errorf("with all batches early: %v, want a result without early batches", err)
	}
	config.Growth.EarlyBatches = -1
	if config.Validate() == nil {
		t.Error("a negative number of batches is accepted")
	}
}

// TestEarlyWarning: a result says when early evaluations use too little text.
func TestEarlyWarning(t *testing.T) {
	dir, _ := doneStudy(t)
	study, err := result.LoadStudy(dir)
	if err != nil {
		t.Fatal(err)
	}
	says := func() bool {
		if err := study.Again(t.Context()); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(study.Warnings, func(w string) bool { return len(w) > 40 && w[:21] == "The early evaluations" })
	}
	spread := func(scale float64) {
		for i := range study.Strategies {
			for j, p := range study.Strategies[i].Curve {
				if p.Step > 0 && p.Step < study.Lag {
					study.Strategies[i].Curve[j].Loss = result.Number(5 + scale*math.Sin(float64(i)))
				}
			}
		}
	}
	study.EarlyBatches = 1
	if spread(1e-9); !says() {
		t.Error("no warning where the losses hardly differ")
	}
	if spread(100); says() {
		t.Error("a warning where the losses differ by far more than the error")
	}
	if study.EarlyBatches = 0; says() {
		t.Error("a warning without early evaluations on a part of the set")
	}
}
