package result

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
)

func measured() *Downstream {
	return &Downstream{
		ConfigHash: "c", Backend: "go",
		Tasks: []DownstreamTask{
			{Name: "follow", Key: "k", Measure: MeasureAccuracy, Train: 20, Test: 10, Groups: 4, Baseline: 0.5},
			{Name: "loss on book", Key: "l", Measure: MeasureLoss, Test: 300, Groups: 8, Baseline: Undefined()},
		},
		Scores: []DownstreamScore{
			{Task: "follow", Seed: 1, Run: "a", Score: 0.6, Lo: 0.5, Hi: 0.7},
			{Task: "follow", Strategy: "stack", Seed: 2, Run: "b", Score: 0.8, Lo: Undefined(), Hi: Undefined()},
			{Task: "loss on book", Strategy: "stack", Seed: 2, Run: "b", Score: 3.5, Lo: 3.4, Hi: 3.7},
		},
	}
}

func TestDownstream(t *testing.T) {
	dir, r := t.TempDir(), &Study{ConfigHash: "c", Backend: "go"}
	if d, err := DownstreamOf(dir, r); d != nil || err != nil {
		t.Errorf("without a file: %v, %v", d, err)
	}
	if err := measured().Save(dir); err != nil {
		t.Fatal(err)
	}
	d, err := DownstreamOf(dir, r)
	if err != nil || d == nil {
		t.Fatal(d, err)
	}
	if s, ok := d.Score("follow", "stack", 2); !ok || s.Score != 0.8 {
		t.Errorf("score %+v, %t", s, ok)
	}
	if s, ok := d.Score("follow", "", 7); !ok || s.Score != 0.6 {
		t.Errorf("score of the source %+v, %t: it has one seed", s, ok)
	}
	if _, ok := d.Score("follow", "stack", 1); ok {
		t.Error("there is a score that was not measured")
	}
	r.ConfigHash = "other"
	if d, err := DownstreamOf(dir, r); d != nil || err != nil {
		t.Errorf("of another configuration: %v, %v", d, err)
	}

	path := filepath.Join(dir, DownstreamResult)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "0.8", "0.9", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDownstream(dir); !sealed.IsDamaged(err) || !strings.Contains(err.Error(), "measure again") {
		t.Errorf("a changed score: %v", err)
	}
	if _, err := LoadDownstream(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestImpossibleDownstream(t *testing.T) {
	for _, c := range []struct {
		change func(*Downstream)
		want   string
	}{
		{func(d *Downstream) { d.Tasks, d.Scores = nil, nil }, "another file"},
		{func(d *Downstream) { d.Scores[0].Score = 1.5 }, "outside [0, 1]"},
		{func(d *Downstream) { d.Scores[2].Score = -1 }, "outside [0,"},
		{func(d *Downstream) { d.Scores[0].Lo = 0.9 }, "from 0.9 to 0.7"},
		{func(d *Downstream) { d.Scores[0].Halves = []Number{0.5, 2} }, "outside [0, 1]"},
		{func(d *Downstream) { d.Scores[0].Halves = []Number{0.5} }, "1 halves"},
		{func(d *Downstream) { d.Scores[0].Task = "none" }, `the task "none"`},
		{func(d *Downstream) { d.Tasks[0].Measure = "speed" }, `measure "speed"`},
		{func(d *Downstream) { d.Tasks[1].Name = "follow" }, "two tasks"},
		{func(d *Downstream) { d.Tasks[0].Train = -1 }, "train"},
		{func(d *Downstream) { d.Scores[0].Strategy = "a\x1b[31m" }, "unprintable"},
	} {
		d := measured()
		c.change(d)
		if err := d.Save(t.TempDir()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
