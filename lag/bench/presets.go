package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/train"
)

// presetResult is where the time of a whole study goes, in one process, with the
// defaults of a preset and its data prepared.
type presetResult struct {
	Preset     string     `json:"preset"`
	Conditions conditions `json:"conditions"`
	Wall       float64    `json:"wall_s"` // from the start of the command to its end
	parts
}

// parts are what a study's logs say.
type parts struct {
	Steps       int     `json:"steps"`        // training steps
	Training    float64 `json:"training_s"`   // of these steps
	Evaluations int     `json:"evaluations"`  // of the validation loss
	Evaluating  float64 `json:"evaluating_s"` // of these
	Compiling   float64 `json:"compiling_s"`  // what first steps and first evaluations of a run took longer than others
}

// share returns the part of the time that is not training.
func (p presetResult) share() float64 { return 1 - p.Training/p.Wall }

// measurePreset runs a study of a preset whole, with no compiled programs. Its data
// is prepared before.
func (b *bench) measurePreset(ctx context.Context, preset string) error {
	where := conditionsNow(ctx, b.root, b.backend, 1)
	file, err := os.Create(filepath.Join(b.logs, "preset "+preset+".log"))
	if err != nil {
		return err
	}
	defer file.Close()
	out := filepath.Join(b.scratch, "preset-"+preset)
	study := func(name string, flags ...string) error {
		flags = append([]string{"study", "-preset", preset, "-backend", b.backend, "-data", filepath.Join(b.scratch, "data"), "-out", filepath.Join(out, name)}, flags...)
		cmd := exec.CommandContext(ctx, b.lag(), flags...)
		cmd.Env = append(os.Environ(), programs.Env+"="+filepath.Join(out, "programs-"+name))
		return together(ctx, file, []*exec.Cmd{cmd})
	}
	if err := study("prepare", append(slices.Clone(fewSteps), "-early-validation", "0", "-seeds", "1")...); err != nil {
		return err
	}
	result := presetResult{Preset: preset, Conditions: where}
	begun := time.Now()
	if err := study("whole"); err != nil {
		return err
	}
	result.Wall = time.Since(begun).Seconds()
	if result.parts, err = partsOf(filepath.Join(out, "whole")); err != nil {
		return err
	}
	log.Info("preset", "name", preset, "seconds", round2(result.Wall), "not training", round2(result.share()))
	b.results.putPreset(result)
	return b.write()
}

// partsOf reads the logs of a study.
func partsOf(dir string) (p parts, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return p, err
	}
	for _, entry := range entries {
		run := filepath.Join(dir, entry.Name())
		if _, err := os.Stat(filepath.Join(run, train.MetricsFile)); err != nil {
			continue // not a run
		}
		metrics, err := train.ReadMetrics(run)
		if err != nil {
			return p, err
		}
		p.add(metrics)
	}
	if p.Steps == 0 {
		return p, fmt.Errorf("%s has no run that was trained", dir)
	}
	return p, nil
}

// add adds the log of a run. Its first step and its first evaluation may compile
// their program.
func (p *parts) add(metrics []train.Metric) {
	var training, full, early []float64
	whole := 0
	for _, m := range metrics {
		whole = max(whole, len(m.Batches))
	}
	for _, m := range metrics {
		switch {
		case m.Event == train.EventTrain:
			training = append(training, m.Seconds)
		case m.Event == train.EventValidation && len(m.Batches) == whole:
			full = append(full, m.Seconds)
		case m.Event == train.EventValidation: // of a part of the validation set
			early = append(early, m.Seconds)
		}
	}
	p.Steps, p.Evaluations = p.Steps+len(training), p.Evaluations+len(full)+len(early)
	for _, list := range [][]float64{full, early} {
		seconds, compiling := withoutFirst(list)
		p.Evaluating, p.Compiling = p.Evaluating+seconds, p.Compiling+compiling
	}
	seconds, compiling := withoutFirst(training)
	p.Training, p.Compiling = p.Training+seconds, p.Compiling+compiling
}

// withoutFirst returns the sum of some times, in which the first is no longer than
// the median of the others, and what it was longer. A single one is all in the sum.
func withoutFirst(list []float64) (sum, longer float64) {
	if len(list) > 1 {
		longer = max(0, list[0]-spreadOf(list[1:]).Median)
	}
	for _, seconds := range list {
		sum += seconds
	}
	return sum - longer, longer
}

func (r *results) putPreset(p presetResult) {
	r.Presets = replaced(r.Presets, p, func(o presetResult) bool { return o.Preset == p.Preset })
}

func writePresets(w io.Writer, list []presetResult) {
	if len(list) == 0 {
		return
	}
	fmt.Fprint(w, "\n### Where the time of a study goes\n\nPresets of `lag study` with their defaults, in one process, data prepared, no compiled programs.\n\n")
	head(w, "preset", "seconds in all", "training steps", "seconds of these", "evaluations", "seconds of these", "compiling, s", "start, logs, checkpoints, analysis, figures, s", "not training")
	var where []string
	for _, p := range list {
		rest := p.Wall - p.Training - p.Evaluating - p.Compiling
		row(w, p.Preset, fmt.Sprintf("%.0f", p.Wall), thousands(float64(p.Steps)), fmt.Sprintf("%.0f", p.Training), thousands(float64(p.Evaluations)),
			fmt.Sprintf("%.1f", p.Evaluating), fmt.Sprintf("%.1f", p.Compiling), fmt.Sprintf("%.1f", rest), percent(p.share()))
		if text := p.Preset + ": " + p.Conditions.String(); !slices.Contains(where, text) {
			where = append(where, text)
		}
	}
	fmt.Fprintln(w)
	for _, text := range where {
		fmt.Fprintf(w, "%s.\n", text)
	}
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
