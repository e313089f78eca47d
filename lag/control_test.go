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
	if len(study.Controls) != 4 || len(study.Comparisons) != 2 {
		t.Fatalf("%d outcomes and %d comparisons of 2 controls under 2 seeds", len(study.Controls), len(study.Comparisons))
	}
	T := config.Growth.Schedule.Steps
	candidate := study.TrainingFLOPs()
	for i, o := range study.Controls {
		end := o.Curve[len(o.Curve)-1]
		if o.Name != result.Controls()[i%2] || o.Seed != int64(i/2+1) || o.Status != result.StatusComplete || end.Step != o.Steps || end.Loss != o.Final || o.Curve[0].Step != 0 {
			t.Errorf("outcome %d is %+v", i, o)
		}
		budget, step := candidate, candidate/float64(T)
		if o.Name == result.ControlScratch {
			budget += study.Source.FLOPs
		}
		if o.FLOPs > budget*(1+1e-9) || o.FLOPs <= budget-step {
			t.Errorf("%s spends %g FLOPs, want %g to within one step of %g", o.Name, o.FLOPs, budget, step)
		}
	}
	if cmp.Equal(study.Controls[0].Curve, study.Controls[2].Curve) {
		t.Error("two seeds gave the same training")
	}
	// Both start from the same weights, but on different batches.
	if a, b := study.Controls[0].Curve, study.Controls[1].Curve; a[0] != b[0] || a[1].Loss == b[1].Loss {
		t.Errorf("the controls begin with %v and %v", a[:2], b[:2])
	}
	if warnings := strings.Join(study.Warnings, " "); !strings.Contains(warnings, "control scratch is still on the unigram plateau") {
		t.Errorf("the warnings are %q", study.Warnings)
	}
	if !strings.Contains(study.Verdict, "From scratch, for what the source and one candidate cost") || !strings.Contains(study.Verdict, "From scratch, in as many steps as a candidate") {
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
	config.Growth.Strategies, config.Growth.Controls = []string{"stack"}, result.Controls()
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
	if len(found) != 2 {
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
	config.Growth.Controls = []result.Control{result.ControlScratch}
	if err := config.Validate(); err == nil || !strings.Contains(err.Error(), `use "scratch-steps"`) {
		t.Errorf("got error %v", err)
	}
}
