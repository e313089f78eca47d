package lag_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/progress"
)

// changeBERT returns a function that changes the model of a study.
func changeBERT(change func(*bert.Config)) func(*lag.StudyConfig) {
	return func(c *lag.StudyConfig) {
		m := c.Model.Config.(bert.Config)
		change(&m)
		c.Model.Config = m
	}
}

// TestBadInput checks that each mistake gives one line that says what is wrong.
func TestBadInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*lag.StudyConfig)
		dir    string
		want   string
	}{
		"to smaller than from":      {change: changeBERT(func(m *bert.Config) { m.Layers = 4 }), want: "cannot grow"},
		"heads":                     {change: func(c *lag.StudyConfig) { _ = c.SetModel("heads", "3") }, want: "do not divide the hidden size"},
		"empty corpus":              {change: func(c *lag.StudyConfig) { c.Data.Corpus.Source = file }, want: file},
		"missing corpus":            {change: func(c *lag.StudyConfig) { c.Data.Corpus.Source = file + ".missing" }, want: file + ".missing"},
		"corpus shorter than batch": {change: func(c *lag.StudyConfig) { c.BatchSize = 5000 }, want: "shorter than a batch"},
		"validation set too short":  {change: func(c *lag.StudyConfig) { c.ValidationBatches = 5000 }, want: "validation set is too short"},
		"vocabulary":                {change: changeBERT(func(m *bert.Config) { m.VocabSize = 65 }), want: "does not match"},
		"sequence too long":         {change: func(c *lag.StudyConfig) { c.Objective = c.Objective.WithSequenceLength(17) }, want: "positions"},
		"unknown strategy":          {change: func(c *lag.StudyConfig) { c.Growth.Strategies = []string{"magic"} }, want: "magic"},
		"no name":                   {change: func(c *lag.StudyConfig) { c.Name = "" }, want: "name"},
		"name in red":               {change: func(c *lag.StudyConfig) { c.Name = "a\x1b[31mb" }, want: "unprintable"},
		"name above":                {change: func(c *lag.StudyConfig) { c.Name = ".." }, want: "not a name for a study"},
		"name of two lines":         {change: func(c *lag.StudyConfig) { c.Name = "a\nb" }, want: "unprintable"},
		"unknown rule":              {change: func(c *lag.StudyConfig) { c.Growth.Rules = []string{"best-of:3"} }, want: "best-of:3"},
		"rule beyond the end":       {change: func(c *lag.StudyConfig) { c.Growth.Rules = []string{"lag:10"} }, want: "before the end"},
		"rule without a strategy":   {change: func(c *lag.StudyConfig) { c.Growth.Rules = []string{"strategy:magic"} }, want: "no candidate has this name"},
		"seed twice":                {change: func(c *lag.StudyConfig) { c.Growth.Seeds = []int64{3, 3} }, want: "twice"},
		"restart without a start": {change: func(c *lag.StudyConfig) {
			s := growth.Custom("again", growth.Map{0, 0}, growth.Copy)
			s.Restart = true
			c.Growth.Custom = growth.Pool{s}
		}, want: "give it a start"},
		"restart with a long warm-up": {change: func(c *lag.StudyConfig) {
			s := growth.Custom("again", growth.Map{0, 0}, growth.Copy)
			s.Restart = true
			c.Growth.Custom = growth.Pool{s}
			c.Growth.Schedule.Start, c.Growth.Schedule.WarmUp = 20, 15
		}, want: "a warm-up of 15 steps does not fit"},
		"other stacks":        {change: func(c *lag.StudyConfig) { c.Growth.To = growth.Depths{2, 2} }, want: "stack"},
		"no objective":        {change: func(c *lag.StudyConfig) { c.Objective.Settings = nil }, want: "no objective"},
		"no checkpoints":      {change: func(c *lag.StudyConfig) { c.CheckpointEvery = 0 }, want: "checkpoint_every"},
		"lag too long":        {change: func(c *lag.StudyConfig) { c.Growth.Lag = 10 }, want: "lag"},
		"directory is a file": {change: func(*lag.StudyConfig) {}, dir: filepath.Join(file, "study"), want: file},
		"unknown backend":     {change: func(*lag.StudyConfig) {}, want: "unknown backend"},
	} {
		t.Run(name, func(t *testing.T) {
			config, engine := smoke(t), backend.Go
			test.change(&config)
			if test.dir == "" {
				test.dir = t.TempDir()
			}
			if name == "unknown backend" {
				engine = "abacus"
			}
			_, err := run(t, config, test.dir, engine, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %v", err)
			}
		})
	}
	if _, err := lag.Preset("slow"); err == nil || !strings.Contains(err.Error(), "quick") {
		t.Errorf("an unknown preset: got error %v, want a list of the presets", err)
	}
	if _, _, err := lag.LoadStudy(t.TempDir()); err == nil {
		t.Error("an empty directory is not an error")
	}
}

// TestDamagedKeptStates damages the states of candidates from which decay
// branches start, when the branches are gone. The branches must be trained
// again, twice, with the same result.
func TestDamagedKeptStates(t *testing.T) {
	config, dir := smoke(t), filepath.Join(t.TempDir(), "study")
	config.Growth.Strategies, config.Growth.Rules, config.Keep = []string{"stack", "random-top"}, []string{"lag:5", "decay:5,2"}, lag.KeepAll
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	want := resultBytes(t, dir, "result.json")
	for range 2 { // the second time, there are runs that were trained to the branches again
		damaged := 0
		for _, path := range runsOf(t, dir) {
			spec, err := engine.ReadSpec(path)
			if err != nil {
				t.Fatal(err)
			}
			if spec.Kind == progress.PhaseBranch && spec.Strategy == nil {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if kept := filepath.Join(path, "checkpoint", "step-00000005.safetensors"); spec.Kind == progress.PhaseProbe || spec.Kind == progress.PhaseBranch {
				if err := os.Truncate(kept, 500); err != nil {
					t.Fatal(err)
				}
				damaged++
			}
		}
		if damaged < 2 {
			t.Fatalf("%d states were damaged, want those of 2 candidates or more", damaged)
		}
		if _, err := run(t, config, dir, backend.Go, nil); err != nil {
			t.Fatal(err)
		}
		if resultBytes(t, dir, "result.json") != want {
			t.Error("the result differs")
		}
	}
}
