package lag_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// TestControls checks that adding controls to a study trains nothing else
// again, that the controls have the right cost, and that they do not change
// what the result says about strategies.
func TestControls(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Seeds = []int64{1, 2}
	config.Growth.Strategies = []string{"stack", "stack-zero", "random-top"}
	before, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	config.Growth.Controls = result.Controls()
	trained := make(map[progress.Phase]int)
	study, err := run(t, config, dir, backend.Go, func(e progress.Event) {
		if e.Point == nil && e.Done > 0 {
			trained[e.Phase]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if trained[progress.PhasePretrain] > 0 || trained[progress.PhaseProbe] > 0 {
		t.Errorf("completed runs are trained again: %v", trained)
	}
	if len(study.Controls) != 6 || len(study.Comparisons) != 3 {
		t.Fatalf("%d outcomes and %d comparisons of 3 controls under 2 seeds", len(study.Controls), len(study.Comparisons))
	}
	T := config.Growth.Schedule.Steps
	candidate := study.TrainingFLOPs()
	for i, o := range study.Controls {
		end := o.Curve[len(o.Curve)-1]
		if o.Name != result.Controls()[i%3] || o.Seed != int64(i/3+1) || o.Peak != 0 || o.Status != result.StatusComplete || end.Step != o.Steps || end.Loss != o.Final || o.Curve[0].Step != 0 {
			t.Errorf("outcome %d is %+v", i, o)
		}
		budget, step := candidate, candidate/float64(T)
		switch o.Name {
		case result.ControlScratch:
			budget += study.Source.FLOPs
		case result.ControlScratchProbes:
			_, pick := study.PickUnder(result.RuleLAG, o.Seed)
			if budget += study.Source.FLOPs + pick.ExtraFLOPs; pick.ExtraSteps != 2*config.Growth.Lag {
				t.Errorf("LAG took %d more steps for 2 other candidates", pick.ExtraSteps)
			}
		}
		if o.FLOPs > budget*(1+1e-9) || o.FLOPs <= budget-step {
			t.Errorf("%s spends %g FLOPs, want %g to within one step of %g", o.Name, o.FLOPs, budget, step)
		}
	}
	if cmp.Equal(study.Controls[0].Curve, study.Controls[3].Curve) {
		t.Error("two seeds gave the same training")
	}
	// Both start from the same weights, but on different batches.
	if a, b := study.Controls[0].Curve, study.Controls[1].Curve; a[0] != b[0] || a[1].Loss == b[1].Loss {
		t.Errorf("the controls begin with %v and %v", a[:2], b[:2])
	}
	if warnings := strings.Join(study.Warnings, " "); !strings.Contains(warnings, "control scratch is still on the unigram plateau") {
		t.Errorf("the warnings are %q", study.Warnings)
	}
	if !strings.Contains(study.Verdict, "From scratch, for what the source and one candidate cost") || !strings.Contains(study.Verdict, "From scratch, in as many steps as a candidate") ||
		!strings.Contains(study.Verdict, "From scratch, for what the source, LAG's probes and one candidate cost") {
		t.Errorf("the verdict is %q", study.Verdict)
	}
	plain := *study
	plain.Controls, plain.Comparisons = nil, nil
	if diff := cmp.Diff(before, &plain, cmpopts.EquateNaNs(), cmp.Comparer(sameNumber), cmpopts.IgnoreFields(result.Study{}, "Verdict", "Warnings")); diff != "" {
		t.Errorf("the controls changed the result for the strategies: %s", diff)
	}
	plan, err := runs.PlanCleaning(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range plan.Items {
		if item.Reason == runs.Unused {
			t.Errorf("a run of the study is listed as unused: %s", item.Path)
		}
	}
}

// TestControlRuns checks that a control follows the candidates' schedule from
// its beginning, with the warm-up of pretraining. A control with as many steps
// as a candidate sees the same batches.
func TestControlRuns(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Strategies, config.Growth.Controls = []string{"stack"}, []result.Control{result.ControlScratch, result.ControlScratchSteps}
	config.Growth.Schedule = train.Schedule{Kind: train.WSD, Peak: 2e-3, WarmUp: 5, Decay: 5, DecayShape: train.DecayLinear, Start: 20, Steps: 10, Length: 30}
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	type runConfig struct {
		Kind       progress.Phase
		Schedule   train.Schedule
		FirstBatch int `json:"first_batch"`
		Parent     string
	}
	var found []runConfig
	files, _ := filepath.Glob(filepath.Join(dir, "*", "config.json"))
	for _, file := range files {
		var c runConfig
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &c)
		}
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == progress.PhaseControl {
			found = append(found, c)
		}
	}
	if len(found) != 2 { // a pool of one strategy has no probes
		t.Fatalf("%d runs of controls, want 2", len(found))
	}
	for _, c := range found {
		want := train.Schedule{Kind: train.WSD, Peak: 2e-3, WarmUp: 5, Decay: 5, DecayShape: train.DecayLinear, Steps: c.Schedule.Steps}
		if c.Schedule != want || c.Parent != "" || c.FirstBatch != 0 && c.FirstBatch != config.Pretrain.Schedule.Steps {
			t.Errorf("a control is %+v", c)
		}
		if same := c.FirstBatch != 0; same != (c.Schedule.Steps == config.Growth.Schedule.Steps) {
			t.Errorf("a control of %d steps begins with batch %d", c.Schedule.Steps, c.FirstBatch)
		}
	}
}

// TestControlErrors checks that invalid controls are reported before any
// training.
func TestControlErrors(t *testing.T) {
	for want, change := range map[string]func(*lag.StudyConfig){
		`no control "late"`: func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"late"} },
		`"scratch" twice`:   func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"scratch", "scratch"} },
		`control "scratch-steps": a warm`: func(c *lag.StudyConfig) {
			c.Growth.Controls = result.Controls()
			c.Pretrain.Schedule.Steps, c.Pretrain.Schedule.WarmUp = 20, 15
		},
		`no control "scratch-probe" (did you mean "scratch-probes"?)`: func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"scratch-probe@0.1"} },
		`control "scratch@fast" has the peak learning rate "fast"`:    func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"scratch@fast"} },
		`control "scratch@-1" has the peak learning rate "-1"`:        func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"scratch@-1"} },
		`"scratch@0.01" and "scratch@1e-2" are the same training`:     func(c *lag.StudyConfig) { c.Growth.Controls = []result.Control{"scratch@0.01", "scratch@1e-2"} },
		`"scratch" and "scratch@0.25" are the same training`: func(c *lag.StudyConfig) {
			c.Growth.Schedule.Peak, c.Growth.Controls = 0.25, []result.Control{"scratch", "scratch@0.25"}
		},
		`as much as the rule lag:`: func(c *lag.StudyConfig) {
			c.Growth.Rules, c.Growth.Controls = []string{"oracle"}, []result.Control{"scratch-probes"}
		},
		`"scratch" and "scratch-probes" are the same training`: func(c *lag.StudyConfig) {
			c.Growth.Strategies, c.Growth.Controls = []string{"stack"}, []result.Control{"scratch", "scratch-probes"}
		},
	} {
		config := smoke(t)
		change(&config)
		trained := false
		_, err := run(t, config, t.TempDir(), backend.Go, func(e progress.Event) { trained = trained || e.Phase == progress.PhasePretrain })
		if err == nil || !strings.Contains(err.Error(), want) || trained {
			t.Errorf("got error %v, want one with %q; trained %t", err, want, trained)
		}
	}
}

// TestControlFails checks that a control that fails or diverges does not affect
// the others.
func TestControlFails(t *testing.T) {
	config := smoke(t)
	config.Growth.Controls = result.Controls()
	config.Growth.Strategies = []string{"stack", "stack-zero"}
	d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
		if e.Run == string(result.ControlScratch) && e.Done >= 3 && op == testbackend.Run {
			return errMemory
		}
		return nil
	}}
	study, err := d.run(t, config, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	failed, other := study.Controls[0], study.Controls[1]
	if failed.Status != result.StatusFailed || !math.IsNaN(float64(failed.Final)) || other.Status != result.StatusComplete {
		t.Errorf("the controls are %+v and %+v", failed, other)
	}
	if c := study.Comparisons[0]; !math.IsNaN(float64(c.Final)) || !math.IsNaN(float64(c.BeatenBy)) {
		t.Errorf("a control that failed compares as %+v", c)
	}
	if !strings.Contains(strings.Join(study.Warnings, " "), "control scratch under seed 1 after 3 steps (RESOURCE_EXHAUSTED") || !strings.Contains(study.Verdict, "does not get to the end") {
		t.Errorf("warnings %q, verdict %q", study.Warnings, study.Verdict)
	}

	// The training after growing is a late part of its schedule, so the full
	// schedule of a control starts with a far higher rate.
	config.Growth.Controls = []result.Control{result.ControlScratchSteps}
	config.Pretrain.Schedule.WarmUp = 0
	config.Growth.Schedule = train.Schedule{Kind: train.Linear, Peak: 1e5, Steps: 10, Start: 60_000_000, Length: 60_000_010}
	if study, err = run(t, config, t.TempDir(), backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if o := study.Controls[0]; o.Status != result.StatusDiverged || o.DivergedAt == nil || !strings.Contains(strings.Join(study.Warnings, " "), "control scratch-steps diverged under seed 1") {
		t.Errorf("the control is %+v; warnings %q", o, study.Warnings)
	}
}

// TestControlsOfInitialModel checks the controls of a study of an existing
// model, whose cost is not known.
func TestControlsOfInitialModel(t *testing.T) {
	dir := t.TempDir()
	training := smallTraining(t, "bert")
	trained, err := lag.Train(context.Background(), training, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	config, err := lag.Preset("bert")
	if err != nil {
		t.Fatal(err)
	}
	warmUp := config.ControlSchedule().WarmUp
	if err := config.SetInitial(trained.Dir); err != nil {
		t.Fatal(err)
	}
	if len(config.Growth.Controls) != 0 {
		t.Errorf("the controls are %v", config.Growth.Controls)
	}
	config.Pretrain.Schedule.Steps = 100 // further pretraining does not make the cost known
	if got := config.ControlSchedule().WarmUp; got != warmUp || got == 0 {
		t.Errorf("with further pretraining, the warm-up of the controls is %d steps; it was %d", got, warmUp)
	}
	for _, control := range []result.Control{result.ControlScratch, result.ControlScratchProbes, result.ControlScratch.WithPeak(0.5)} {
		config.Growth.Controls = []result.Control{control}
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), `use "scratch-steps"`) {
			t.Errorf("%s: got error %v", control, err)
		}
	}
	config.Growth.Controls = result.Controls()
	if err := config.SetInitial(trained.Dir); err != nil || !cmp.Equal(config.Growth.Controls, []result.Control{result.ControlScratchSteps}) {
		t.Errorf("the controls are %v, %v", config.Growth.Controls, err)
	}
}

// TestControlRates checks a sweep of the learning rate of a control: its runs differ
// in their peak alone, the comparison takes the best, and the runs and the result
// of a control without a rate stay as they were.
func TestControlRates(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack", "stack-zero"}
	config.Growth.Controls = []result.Control{result.ControlScratch}
	before, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	peak := config.Growth.Schedule.Peak
	low, high := result.ControlScratch.WithPeak(peak/100), result.ControlScratch.WithPeak(peak*1.5)
	config.Growth.Controls = []result.Control{result.ControlScratch, high, low}
	trained := make(map[string]bool)
	study, err := run(t, config, dir, backend.Go, func(e progress.Event) {
		if e.Point == nil && e.Done > 0 {
			trained[e.Run] = true
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(trained, map[string]bool{string(low): true, string(high): true}) {
		t.Errorf("trained %v, want the two new rates alone", trained)
	}
	if before.Controls[0].Peak != 0 || study.Controls[0].Peak != peak || study.Controls[1].Peak != peak*1.5 || study.Controls[2].Peak != peak/100 {
		t.Errorf("the peaks are %v before, then %v, %v, %v", before.Controls[0].Peak, study.Controls[0].Peak, study.Controls[1].Peak, study.Controls[2].Peak)
	}
	if !cmp.Equal(before.Controls[0].Curve, study.Controls[0].Curve) || study.Controls[1].Curve[0] != study.Controls[0].Curve[0] || study.Controls[1].Curve[1] == study.Controls[0].Curve[1] {
		t.Error("the control without a rate changed, or another rate is the same training")
	}
	c := study.Comparisons[0]
	if len(study.Comparisons) != 1 || len(c.Rates) != 3 || c.Rates[0].Control != low || c.Rates[2].Control != high {
		t.Fatalf("the comparisons are %+v", study.Comparisons)
	}
	spent := 0.0
	for _, o := range study.Controls {
		if o.Final < c.Final {
			t.Errorf("%s ends lower, at %v, than the best, %s at %v", o.Name, o.Final, c.Control, c.Final)
		}
		spent += o.FLOPs
	}
	if total := c.FLOPs + c.SweepFLOPs; math.Abs(total-spent) > 1e-9*spent {
		t.Errorf("the comparison counts %g FLOPs of %g", total, spent)
	}
	if !strings.Contains(study.Verdict, "the best by the final loss of 3 peak learning rates") || !strings.Contains(study.Verdict, "for free: the other rates cost") {
		t.Errorf("the verdict is %q", study.Verdict)
	}
	loaded, err := result.LoadStudy(dir)
	if err != nil || !cmp.Equal(loaded.Comparisons, study.Comparisons, cmp.Comparer(sameNumber)) {
		t.Errorf("the file has %+v, %v", loaded, err)
	}
	// Runs of a rate that is no longer swept are unused, those of the others not.
	config.Growth.Controls = []result.Control{result.ControlScratch, low}
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	plan, err := runs.PlanCleaning(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	unused := 0
	for _, item := range plan.Items {
		if item.Reason == runs.Unused {
			unused++
		}
	}
	if unused != 1 {
		t.Errorf("%d runs are unused, want that of the rate that was removed", unused)
	}
}
