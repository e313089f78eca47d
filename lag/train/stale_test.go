package train_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// cutLog cuts the log of a run after its line about the update of a step.
func cutLog(t *testing.T, run *train.Run, step int) {
	t.Helper()
	var kept []byte
	for i, line := range bytes.SplitAfter(readFile(t, run, "metrics.jsonl"), []byte("\n")) {
		kept = append(kept, line...)
		if m := readMetrics(t, run)[i]; m.Event == train.EventTrain && m.Step == step {
			break
		}
	}
	if err := os.WriteFile(filepath.Join(dirOf(t, run), "metrics.jsonl"), kept, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestInterruptedAfterDamage interrupts a run whose log was damaged, before it
// comes to the states that it had saved. Each call must go on where the one
// before it stopped, and not train again what it has trained.
func TestInterruptedAfterDamage(t *testing.T) {
	b := testbackend.Go(t)
	whole := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, whole)
	// damaged returns a run with states after 20, 30 and 37 steps, whose log ends at step 12.
	damaged := func() *train.Run {
		run := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
		run.Checkpoints.KeepAt = []int{20}
		interrupt(t, run, 37)
		cutLog(t, run, 11)
		return run
	}

	run := damaged()
	for _, at := range []int{15, 25, 28} {
		interrupt(t, run, at)
		if list := states(t, run); !slices.Contains(list, checkpointNames(at)[0]) || slices.Contains(list, checkpointNames(37)[0]) {
			t.Errorf("interrupted at step %d, there are %v", at, list)
		}
	}
	first := -1
	run.Observe = func(step int, _ float64, validation bool) {
		if !validation && first < 0 {
			first = step
		}
	}
	do(t, run)
	if first != 29 {
		t.Errorf("the last call began with step %d, want 29", first)
	}
	sameEnd(t, "interrupted after the damage", endOf(t, run), endOf(t, whole))
	if got, want := states(t, run), checkpointNames(20, 30, 40); !slices.Equal(got, want) {
		t.Errorf("there are %v at the end, want %v", got, want)
	}

	run = damaged()
	updates := 0
	run.Observe = func(_ int, _ float64, validation bool) {
		if !validation {
			updates++
		}
	}
	for range 3 {
		if _, err := run.To(t.Context(), 15); err != nil {
			t.Fatal(err)
		}
	}
	if updates != 15 {
		t.Errorf("training to step 15 three times took %d updates", updates)
	}
	do(t, run)
	sameEnd(t, "trained to step 15 after the damage", endOf(t, run), endOf(t, whole))
}

// states returns the names of the checkpoints that a run can use.
func states(t *testing.T, run *train.Run) []string {
	t.Helper()
	paths, _, err := train.CheckpointFiles(dirOf(t, run))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}
