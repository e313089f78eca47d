package lag

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestAddresses checks the addresses of the runs of all presets against
// testdata/addresses.json, for data with the fingerprint "pinned" on the
// backend "go". Version 0.1 wrote that file. If an address changes, every user
// trains that run again: the file may change only together with
// [train.FormatVersion]. A preset that gets another configuration adds to it, and
// the one that it had stays, as "quick" does.
func TestAddresses(t *testing.T) {
	got := make(map[string]string)
	put := func(key string, run *engine.Run, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		got[key] = run.Address()
	}
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	for name, config := range everyStudy(t) {
		config.Growth.Controls = result.Controls()
		s, err := Open(config, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.session = engine.Sketch(config.Task, b, "pinned")
		run, err := s.source()
		put("study "+name+" pretrain", run, err)
		for i, seed := range config.seeds() {
			key := fmt.Sprintf("study %s seed %d ", name, seed)
			c, err := s.candidates(seed, i)
			if err != nil {
				t.Fatal(err)
			}
			for j, run := range c.Runs {
				put(key+s.Pool[j].Name, run, nil)
			}
			for _, b := range selection.Branches(s.rules...) {
				run, err := c.Branch(0, b)
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
		budget, err := c.budget()
		if err != nil {
			t.Fatal(err)
		}
		arms, err := c.arms(engine.Sketch(c.Task, b, "pinned"), budget)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range arms {
			key := fmt.Sprintf("stacking %s seed %d %s", name, a.seed, a.arm.Name)
			source, err := a.first(progress.Event{})
			put(key+" stage 1", source, err)
			if len(a.stages) == 1 {
				continue
			}
			c, err := a.candidates(1, source, progress.Event{})
			if err != nil {
				t.Fatal(err)
			}
			for i, run := range c.Runs {
				put(key+" stage 2 "+a.stages[1].pool[i].Name, run, nil)
			}
		}
	}
	for _, name := range TrainingPresets() {
		c, err := TrainingPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		run, err := c.run(engine.Sketch(c.Task, b, "pinned"))
		put("training "+name, run, err)
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
		t.Errorf("addresses changed (-want +got):\n%s", diff)
	}
}

// everyStudy returns the configurations of all presets of studies, past ones too.
func everyStudy(t *testing.T) map[string]StudyConfig {
	t.Helper()
	all := make(map[string]StudyConfig)
	for _, name := range Presets() {
		config, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = config
	}
	// The preset quick had fewer steps and more strategies.
	all["quick of 3000 steps"] = all["quick"]
	before := all["quick"]
	before.Pretrain.Schedule.Steps, before.Growth.Schedule.Steps, before.Growth.Few = 1200, 150, false
	all["quick"] = before
	return all
}
