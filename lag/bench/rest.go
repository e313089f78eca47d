package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// rest are the figures of lag alone. Each list has an entry for each round.
type rest struct {
	FirstStepCold []float64 `json:"first_step_mini_cold_s"` // with no compiled programs
	FirstStep     []float64 `json:"first_step_mini_s"`      // from the start of go run until a step was logged
	Layers12      []float64 `json:"compile_12_s"`           // a first step, less one that comes later
	Layers24      []float64 `json:"compile_24_s"`
	Grow          []float64 `json:"grow_base_s"` // BERT-Base from 6 to 12 layers, with moments
	Analyze       []float64 `json:"analyze_s"`   // 200 candidates with 1,000 evaluations each
}

// Names of measurements that this program makes in a process of its own.
const (
	growCommand    = "grow"
	analyzeCommand = "analyze"
)

// measureRest measures them in rounds.
func measureRest(ctx context.Context, root, scratch, logs, backend string, threads, rounds int) (*rest, error) {
	r := &rest{}
	own, err := executable()
	if err != nil {
		return nil, err
	}
	for round := range rounds + 1 { // the first fills Go's build cache, and makes the data
		kept := filepath.Join(scratch, fmt.Sprintf("programs-%d", round))
		for _, to := range []*[]float64{&r.FirstStepCold, &r.FirstStep} {
			seconds, err := firstStep(ctx, root, scratch, kept, backend)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				*to = append(*to, seconds)
			}
		}
	}
	for range rounds {
		for _, layers := range []int{12, 24} {
			s := bertShape(fmt.Sprintf("deep-%d", layers), layers, 128, 4, 1024, 8, 64, bert.Learned, 1e-4)
			dir := filepath.Join(scratch, s.name)
			if err := writeShape(dir, s, backend, threads); err != nil {
				return nil, err
			}
			m := &measured{}
			p, err := race{shape: s, dir: dir, logs: logs, turn: 0.1}.begin(ctx, contestant{name: ownName, command: own, env: cold}, m)
			if err != nil {
				return nil, err
			}
			step, _, err := p.steps(10)
			if err := errors.Join(err, p.stop()); err != nil {
				return nil, err
			}
			if seconds := m.First - step/10; layers == 12 {
				r.Layers12 = append(r.Layers12, seconds)
			} else {
				r.Layers24 = append(r.Layers24, seconds)
			}
		}
		for _, timed := range []struct {
			command string
			to      *[]float64
		}{{growCommand, &r.Grow}, {analyzeCommand, &r.Analyze}} {
			out, err := exec.CommandContext(ctx, own[0], timed.command).Output()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", timed.command, err)
			}
			var seconds float64
			if err := json.Unmarshal(out, &seconds); err != nil {
				return nil, fmt.Errorf("%s: %w", timed.command, err)
			}
			*timed.to = append(*timed.to, seconds)
		}
	}
	return r, nil
}

// firstStep starts lag train with go run and returns the seconds until its log
// has a step. A checkpoint after every step makes it write the log at once.
// Compiled programs are in the directory kept.
func firstStep(ctx context.Context, root, scratch, kept, backend string) (float64, error) {
	out := filepath.Join(scratch, "first-step")
	if err := os.RemoveAll(out); err != nil {
		return 0, err
	}
	var stderr bytes.Buffer
	config := filepath.Join(scratch, "mini.json")
	if err := writeMini(config); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", "./lag/cmd/lag", "train", "-config", config, "-backend", backend, "-out", out, "-data", filepath.Join(scratch, "data"))
	cmd.Dir, cmd.Stderr, cmd.Stdout, cmd.WaitDelay = root, &stderr, io.Discard, 5*time.Second
	cmd.Env = append(os.Environ(), programs.Env+"="+kept)
	ownGroup(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err == nil {
				err = errors.New("its log has no step")
			}
			return 0, fmt.Errorf("lag train: %w: %s", err, strings.TrimSpace(stderr.String()))
		case <-tick.C:
			if logged(out) {
				seconds := time.Since(begun).Seconds()
				err := end(cmd)
				<-ended // killed
				return seconds, err
			}
		}
	}
}

// writeMini writes the configuration of a training of the shape mini.
func writeMini(path string) error {
	config, err := lag.TrainingPreset("bert")
	if err != nil {
		return err
	}
	mini := bert.New(4, 256, 4, 8192, 128)
	config.Model, config.BatchSize, config.Objective.Settings = model.Model{Config: mini}, 16, objective.DefaultMLM(128)
	config.Data.VocabSize, config.CheckpointEvery = mini.VocabSize, 1
	config.Schedule.Steps, config.Schedule.WarmUp = 2, 0
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

// logged reports whether a run in a directory has logged a step.
func logged(dir string) bool {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, entry.Name(), train.MetricsFile))
		if bytes.Contains(text, []byte(`"event":"train"`)) {
			return true
		}
	}
	return false
}

// growBase returns the seconds that BERT-Base takes to grow from 6 to 12 layers
// in memory, with its moments.
func growBase() (float64, error) {
	config, err := bert.Preset("base")
	if err != nil {
		return 0, err
	}
	config = config.WithLayers(6)
	optimizer := train.NewAdamW()
	snap, err := train.NewState(config.Parameters(), optimizer, 1).Snapshot(config.Parameters(), optimizer)
	if err != nil {
		return 0, err
	}
	stack, err := growth.GStack(6, 12)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	_, err = snap.Grow(config.Stacks(), []growth.Strategy{stack}, nil)
	return time.Since(begun).Seconds(), err
}

// analyze returns the seconds that the analysis of a study takes that has 200
// candidates with 1,000 evaluations each.
func analyze(ctx context.Context) (float64, error) {
	const candidates, evaluations, lagSteps = 200, 1000, 100
	made := synthetic.Result(1, 17, 1)
	var list []result.Outcome
	for i := range candidates {
		o := made.Strategies[i%15] // those that do not diverge
		o.Name = fmt.Sprintf("%s %d", o.Name, i/15)
		from := o.Curve
		o.Curve = nil
		for k := range evaluations {
			p := from[k*len(from)/evaluations]
			p.Step, p.Loss = k, p.Loss-result.Number(1e-6*float64(k*(i+1)))
			o.Curve = append(o.Curve, p)
		}
		o.Final = o.Curve[evaluations-1].Loss
		o.Batches = []result.BatchLosses{{Step: lagSteps, Losses: o.Batches[0].Losses}, {Step: evaluations - 1, Losses: o.Batches[1].Losses}}
		list = append(list, o)
	}
	made.Strategies, made.Steps, made.Lag = list, evaluations-1, lagSteps
	var rules []selection.Rule
	for _, text := range []string{"lag:100", "loss-at-init", "halving:2,100", "oracle"} {
		rule, err := selection.Parse(text)
		if err != nil {
			return 0, err
		}
		rules = append(rules, rule)
	}
	begun := time.Now()
	err := made.Analyze(ctx, rules)
	return time.Since(begun).Seconds(), err
}
