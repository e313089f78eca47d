package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

const (
	killedStrategies = "stack,interleave,repeat-last-1,repeat-middle-1,append-1@1,random-bottom,random-middle,random-top,stack-zero,interleave-zero,stack-gated,interleave-gated"
	killedInterval   = 4 // steps between checkpoints in the smoke preset
)

// killedArguments returns the arguments of a study of 12 strategies on the
// pure-Go backend, each with a decay branch, and controls.
func killedArguments(t *testing.T, dir string) []string {
	return append(studyArguments(t, dir, backend.Go), "-from", "3", "-to", "4", "-strategies", killedStrategies, "-pretrain", "120", "-seeds", "1,2", "-controls", "scratch")
}

// killedRuns is the number of runs of that study.
const killedRuns = 1 + 2*12*2 + 2

// finish runs a command to its end and returns the study's result.json.
func finish(t *testing.T, arguments []string) []byte {
	t.Helper()
	cmd, output := lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	text, err := os.ReadFile(filepath.Join(arguments[6], "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A moment is a stage of a study.
type moment int

const (
	starting moment = iota
	preparing
	pretraining
	probing
	branching
	controlling
	analyzing
	finished
)

// spans are the approximate lengths of the moments. Kills are in the first part
// of each.
var spans = []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 75 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 5 * time.Millisecond}

var moments = []string{"start", "preparation", "pretraining", "probing", "decay branches", "controls", "analysis", "after the end"}

// momentOf returns a study's moment from its directory.
func momentOf(dir string) moment {
	if _, err := os.Stat(filepath.Join(dir, "result.json")); err == nil {
		return finished
	}
	configs, _ := filepath.Glob(filepath.Join(dir, "*", "config.json"))
	results, _ := filepath.Glob(filepath.Join(dir, "*", "result.json"))
	switch {
	case len(configs) == 0:
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), ".lag-data")); err != nil {
			return starting
		}
		return preparing
	case len(configs) == 1 && len(results) == 0:
		return pretraining
	case len(results) == killedRuns:
		return analyzing
	}
	now := probing
	for _, path := range configs {
		var config struct {
			Kind progress.Phase `json:"kind"`
		}
		if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &config) != nil {
			continue
		}
		switch config.Kind {
		case progress.PhaseBranch:
			now = max(now, branching)
		case progress.PhaseControl:
			now = controlling
		}
	}
	return now
}

// safeLogs returns, for each run, the lines of its log up to its newest
// checkpoint.
func safeLogs(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	safe := make(map[string][]byte)
	runs, err := filepath.Glob(filepath.Join(dir, "*", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range runs {
		run := filepath.Dir(path)
		snap, err := train.LoadCheckpoint(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(run, "metrics.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		lost := 0
		var kept []byte
		for line := range bytes.Lines(text) {
			var m train.Metric
			if json.Unmarshal(line, &m) != nil {
				continue // incomplete line
			}
			if m.Step < snap.Step || m.Step == snap.Step && m.Event != train.EventTrain {
				kept = append(kept, line...)
			} else if m.Event == train.EventTrain {
				lost++
			}
		}
		if lost > killedInterval {
			t.Errorf("run %s logged %d steps after its newest checkpoint, at step %d", filepath.Base(run), lost, snap.Step)
		}
		safe[run] = kept
	}
	return safe
}

// TestKill kills a study of 12 strategies and two seeds with SIGKILL at twenty
// moments, with -short at seven, from the preparation of its data to its
// analysis. Steps before a checkpoint must not be trained again; the log shows
// this, because each line contains the time of its step. The final result.json
// must be that of an undisturbed study.
func TestKill(t *testing.T) {
	root := t.TempDir()
	arguments := killedArguments(t, filepath.Join(root, "whole", "study"))
	want := finish(t, arguments)
	dir := filepath.Join(root, "killed", "study")
	arguments[6] = dir
	random := rand.New(rand.NewPCG(1, 2))
	fell := make(map[string]int)
	check := func(safe map[string][]byte) {
		t.Helper()
		for run, before := range safe {
			after, err := os.ReadFile(filepath.Join(run, "metrics.jsonl"))
			if err != nil || !bytes.HasPrefix(after, before) {
				t.Errorf("run %s repeated steps that were in its checkpoint (%v)", filepath.Base(run), err)
			}
		}
	}
	safe := make(map[string][]byte)
	for i := range 20 {
		if testing.Short() && i%10 != 5 { // two kills
			continue
		}
		// Three kills during preparation, five during pretraining, and so on.
		target := []moment{preparing, pretraining, probing, branching, controlling, analyzing}[[]int{0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5}[i]]
		cmd, _ := lagCommand(t, arguments...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for running := true; running && momentOf(dir) < target; {
			select {
			case err := <-ended:
				ended <- err
				running = false
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(time.Duration(random.Int64N(int64(spans[target]))))
		cmd.Process.Kill()
		if err := <-ended; err == nil {
			t.Logf("the study ended before it was killed in the %s", moments[target])
		}
		fell[moments[momentOf(dir)]]++
		check(safe)
		safe = safeLogs(t, dir)
	}
	t.Logf("kills by moment: %v", fell)
	got := finish(t, arguments)
	check(safe)
	if !bytes.Equal(got, want) {
		t.Error("result.json differs from that of an undisturbed study")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*", "*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("these files are left: %v, %v", left, err)
	}
}

// TestKillXLA kills a small study on XLA, which compiles for seconds.
func TestKillXLA(t *testing.T) {
	b := testbackend.XLA(t)
	testbackend.Slow(t, b)
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "whole", "study"), b.Kind), "-strategies", "stack,random-top", "-rules", "lag:5 loss-at-init random:1")
	begin := time.Now()
	want := finish(t, arguments)
	took := time.Since(begin)
	arguments[6] = filepath.Join(root, "killed", "study")
	cmd, _ := lagCommand(t, arguments...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(took * 2 / 3)
	cmd.Process.Kill()
	cmd.Wait()
	if got := finish(t, arguments); !bytes.Equal(got, want) {
		t.Error("result.json differs from that of an undisturbed study")
	}
}
