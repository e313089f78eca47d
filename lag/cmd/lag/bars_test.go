package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag/progress"
)

// TestMeasuringBars: without a terminal, there is a line for each model.
func TestMeasuringBars(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	b := newBars(out)
	for i, name := range []string{"source", "stack"} {
		for done := range 3 {
			b.observe(progress.Event{Phase: progress.PhaseMeasure, Run: name, Index: i, Count: 2, Done: int64(done), Total: 2, Loss: math.NaN()})
		}
	}
	text, err := os.ReadFile(path)
	if want := "measure source: model 1 of 2\nmeasure stack: model 2 of 2\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
}

// TestBars: decay branches that begin at several steps, of several seeds, are counted
// apart, though processes go back and forth between them.
func TestBars(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	b := newBars(out)
	const runs = 4
	for i := range runs {
		for _, from := range []int{8, 48} {
			b.observe(progress.Event{Phase: progress.PhaseBranch, Run: "stack", Index: i, Count: runs, From: from, Done: 1, Total: 2, Loss: math.NaN()})
			if got := b.count(); got != int64(i) {
				t.Errorf("from step %d, %d branches have ended in run %d, want %d", from, got, i, i)
			}
			b.observe(progress.Event{Phase: progress.PhaseBranch, Run: "stack", Index: i, Count: runs, From: from, Done: 2, Total: 2, Loss: math.NaN()})
			if got := b.count(); got != int64(i+1) {
				t.Errorf("from step %d, %d branches have ended after run %d, want %d", from, got, i, i+1)
			}
		}
	}
}
