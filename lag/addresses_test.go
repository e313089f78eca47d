package lag

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// TestAddresses pins the addresses of the runs of all presets, for data of the
// fingerprint "pinned" on the backend "go". testdata/addresses.json was written
// by version 0.1. A run whose address moves is trained again by everyone who has
// it: this file may change only together with [train.FormatVersion].
func TestAddresses(t *testing.T) {
	got := make(map[string]string)
	put := func(key string, run *train.Run, err error) {
		t.Helper()
		if err == nil {
			got[key], err = address(run)
		}
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	for _, name := range Presets() {
		config, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		config.Growth.Controls = result.Controls()
		s := &Study{Config: config, session: pinnedSession(t, config.Task, config.seeds())}
		if s.Pool, err = config.Pool(); err != nil {
			t.Fatal(err)
		}
		if s.rules, err = config.rules(s.Pool); err != nil {
			t.Fatal(err)
		}
		run, err := s.pretraining()
		put("study "+name+" pretrain", run, err)
		for i, seed := range config.seeds() {
			key := fmt.Sprintf("study %s seed %d ", name, seed)
			r, err := s.race(seed, i)
			if err != nil {
				t.Fatal(err)
			}
			for j, run := range r.runs {
				put(key+s.Pool[j].Name, run, nil)
			}
			for _, b := range selection.Branches(s.rules...) {
				run, err := r.branch(context.Background(), 0, b)
				put(fmt.Sprintf("%s%s branch %d,%d", key, s.Pool[0].Name, b.Step, b.Decay), run, err)
			}
			for _, control := range config.Growth.Controls {
				run, err := s.control(control, seed, progress.Event{})
				put(key+"control "+string(control), run, err)
			}
		}
	}
	for _, name := range StackingPresets() {
		c, err := StackingPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		s := pinnedSession(t, c.Task, c.Seeds)
		cost := func(m model.Model) float64 { return s.cost(m).FLOPs }
		budget := 0.0
		for _, stage := range c.Stages {
			m, err := c.Model.WithDepths(stage.Depths...)
			if err != nil {
				t.Fatal(err)
			}
			budget += float64(stage.Steps) * cost(m)
		}
		for _, seed := range c.Seeds {
			for _, arm := range c.Arms {
				key := fmt.Sprintf("stacking %s seed %d %s", name, seed, arm.Name)
				segments, err := c.segments(arm, budget, cost)
				if err != nil {
					t.Fatal(err)
				}
				ch := &chain{session: s, config: c, arm: arm, seed: seed, segments: segments}
				source, err := ch.first(segments[0], progress.Event{})
				put(key+" stage 1", source, err)
				if len(segments) == 1 {
					continue
				}
				g := segments[1]
				r, err := s.newRace(growing{
					kind: progress.PhaseStack, source: source, model: segments[0].model, to: g.Depths, seed: seed, schedule: g.schedule,
					evaluate: ch.evaluate(g), firstBatch: g.schedule.Start, rules: g.rules(), every: c.CheckpointEvery,
				}, g.pool, progress.Event{})
				if err != nil {
					t.Fatal(err)
				}
				for i, run := range r.runs {
					put(key+" stage 2 "+g.pool[i].Name, run, nil)
				}
			}
		}
	}
	for _, name := range TrainingPresets() {
		c, err := TrainingPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		put("training "+name, &train.Run{Config: trainingConfig{Training: c.computes(), Backend: "go", Data: "pinned"}}, nil)
	}

	text, err := os.ReadFile(filepath.Join("testdata", "addresses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs have moved (-want +got):\n%s", diff)
	}
}

// pinnedSession is a session with data in name only.
func pinnedSession(t *testing.T, task Task, seeds []int64) *session {
	t.Helper()
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	s := &session{task: task, backend: b, dataset: &data.Dataset{Fingerprint: "pinned"}, feeds: make(map[int64]*feed),
		programs: make(map[string]*train.Program), events: make(map[*train.Run]progress.Event)}
	for _, seed := range append(seeds, task.Seed) {
		s.feeds[seed] = &feed{}
	}
	return s
}
