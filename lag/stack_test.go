package lag_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// stacking grows a model from 1 to 2 to 3 layers on the pure-Go backend.
func stacking(t *testing.T) lag.Stacking {
	t.Helper()
	c, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	c.Task = smoke(t).Task
	c.Stages = lag.EqualStages([]growth.Depths{{1}, {2}, {3}}, 60)
	c.Arms = lag.StackingArms("lag:2", c.Stages)
	c.Strategies = []string{"stack", "interleave", "repeat-last-1", "random-top"}
	c.Schedule = train.Schedule{Kind: train.Linear, Peak: 1e-2, WarmUp: 5}
	c.EvaluateEvery, c.CheckpointEvery = 4, 4
	return c
}

func stackIn(dir string, c lag.Stacking, observe progress.Observer) (*result.Stacking, error) {
	return lag.Stack(context.Background(), c, lag.Options{Dir: dir, DataDir: filepath.Join(filepath.Dir(dir), "data"), Backend: backend.Go, Observe: observe})
}

// TestStack runs a stacking twice and compares the bytes of the results. Each
// arm must use its budget to within one step. The FLOPs in its curve must
// ascend, and one schedule and one order of batches must continue through all
// stages.
func TestStack(t *testing.T) {
	c, root := stacking(t), t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	study, err := stackIn(a, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stackIn(b, c, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, a, "stacking_result.json") != resultBytes(t, b, "stacking_result.json") {
		t.Error("two runs of one stacking gave different results")
	}
	loaded, again, err := lag.LoadStacking(a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("stacking.json: %s", diff)
	}
	if diff := cmp.Diff(study, loaded, cmp.Comparer(sameNumber)); diff != "" {
		t.Errorf("stacking_result.json: %s", diff)
	}
	runs := recordedRuns(t, a)
	if len(study.Arms) != len(c.Arms) {
		t.Fatalf("%d arms, want %d", len(study.Arms), len(c.Arms))
	}
	last := 0.0 // FLOPs of a step of the last stage
	for _, arm := range study.Arms {
		n := len(arm.Curve)
		between := arm.Curve[n-1].Step - arm.Curve[n-2].Step
		last = (arm.Curve[n-1].FLOPs - arm.Curve[n-2].FLOPs) / float64(between)
		if left := study.Budget - arm.FLOPs; left < -1e-6*study.Budget || left >= last*(1+1e-9) {
			t.Errorf("%s: %g of the budget of %g FLOPs are unused; a step takes %g", arm.Name, left, study.Budget, last)
		}
		if arm.Status != result.StatusComplete || arm.Curve[n-1].Loss != arm.Final || arm.Curve[n-1].FLOPs != arm.FLOPs {
			t.Errorf("%s: status %s, final loss %v, %g FLOPs; its curve ends with %+v", arm.Name, arm.Status, arm.Final, arm.FLOPs, arm.Curve[n-1])
		}
		for i := range n - 1 {
			p, q := arm.Curve[i], arm.Curve[i+1]
			if q.FLOPs < p.FLOPs || q.Step < p.Step || q.Step > p.Step && q.FLOPs == p.FLOPs {
				t.Errorf("%s: its curve goes from %+v to %+v", arm.Name, p, q)
			}
		}
		followArm(t, c, arm, runs)
	}
	adaptive := study.Arms[0]
	if adaptive.ExtraFLOPs <= 0 || adaptive.Stages[2].ExtraSteps != 2*(adaptive.Stages[2].Candidates-1) {
		t.Errorf("adaptive spent %g FLOPs on probes: %+v", adaptive.ExtraFLOPs, adaptive.Stages)
	}
	for _, arm := range study.Arms[1:] {
		if arm.ExtraFLOPs != 0 {
			t.Errorf("%s spent %g FLOPs on probes", arm.Name, arm.ExtraFLOPs)
		}
	}
}

// followArm checks the logs of an arm's runs, stage by stage.
func followArm(t *testing.T, c lag.Stacking, arm result.ArmOutcome, runs []recordedRun) {
	t.Helper()
	whole := c.Schedule
	for _, s := range arm.Stages {
		whole.Steps += s.Steps
	}
	step := 0
	for i, stage := range arm.Stages {
		j := slices.IndexFunc(runs, func(r recordedRun) bool {
			return r.Seed == arm.Seed && slices.Equal(r.Model.Depths(), stage.Depths) && r.Schedule.Start == step && r.Schedule.Steps == stage.Steps &&
				r.Schedule.Length == whole.Steps && (i == 0 && r.Strategy == nil || i > 0 && r.Strategy != nil && slices.Equal(r.Strategy.Map, stage.Map)) &&
				len(r.training()) == stage.Steps
		})
		if j < 0 {
			t.Errorf("%s: stage %d has no run of %d steps from %d", arm.Name, i+1, stage.Steps, step)
			return
		}
		if runs[j].FirstBatch != step {
			t.Errorf("%s: stage %d begins at step %d with batch %d", arm.Name, i+1, step, runs[j].FirstBatch)
		}
		for _, m := range runs[j].training() {
			if want := whole.At(step + m.Step); math.Abs(m.Rate-want) > 1e-12 {
				t.Errorf("%s: at step %d the rate is %g, want %g, as in one schedule over all stages", arm.Name, step+m.Step, m.Rate, want)
			}
		}
		step += stage.Steps
	}
}

// TestStackInterrupted checks that a stacking that is interrupted many times
// has the same result as one without interruptions, and trains no step twice.
func TestStackInterrupted(t *testing.T) {
	c, root := stacking(t), t.TempDir()
	c.Arms = c.Arms[:1]
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "interrupted")
	if _, err := stackIn(whole, c, nil); err != nil {
		t.Fatal(err)
	}
	interruptions, steps := 0, 0
	for {
		ctx, cancel := context.WithCancel(context.Background())
		left := 7 + interruptions // steps of this attempt
		_, err := lag.Stack(ctx, c, lag.Options{Dir: dir, DataDir: filepath.Join(root, "data"), Backend: backend.Go, Observe: func(e progress.Event) {
			if e.Phase == progress.PhaseStack && e.Point == nil && e.Done > 0 {
				steps++
				if left--; left == 0 {
					cancel()
				}
			}
		}})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if interruptions++; interruptions > 50 {
			t.Fatal("it never ends")
		}
	}
	if interruptions < 4 {
		t.Errorf("it was interrupted %d times; this test expects more", interruptions)
	}
	if resultBytes(t, whole, "stacking_result.json") != resultBytes(t, dir, "stacking_result.json") {
		t.Error("the interrupted stacking has another result")
	}
	want := 0
	for _, r := range recordedRuns(t, whole) {
		want += len(r.training())
	}
	if steps != want {
		t.Errorf("%d steps were trained in total, want %d", steps, want)
	}
}

// TestScratchArm checks that the arm from scratch equals a training of the last
// stage's model. Layers of the arm have open gates, so that the two
// computations differ in rounding.
func TestScratchArm(t *testing.T) {
	c, root := stacking(t), t.TempDir()
	c.Arms = []lag.Arm{{Name: "scratch", Stages: []result.Stage{{Depths: growth.Depths{3}, Steps: 1}}}}
	study, err := stackIn(filepath.Join(root, "stacking"), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	arm := study.Arms[0]
	training := lag.Training{Name: "scratch", Task: c.Task, MicroBatches: 1, Schedule: c.Schedule, EvaluateEvery: c.EvaluateEvery, CheckpointEvery: 100}
	training.Schedule.Steps = arm.Stages[0].Steps
	training.Seed = c.Seeds[0]
	if training.Model, err = c.Model.WithDepths(3); err != nil {
		t.Fatal(err)
	}
	trained, err := lag.Train(context.Background(), training, lag.Options{Dir: filepath.Join(root, "training"), DataDir: filepath.Join(root, "data"), Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	if len(trained.Curve) != len(arm.Curve) {
		t.Fatalf("the training was evaluated %d times, the arm %d times", len(trained.Curve), len(arm.Curve))
	}
	for i, p := range trained.Curve {
		if q := arm.Curve[i]; p.Step != q.Step || math.Abs(float64(p.Loss-q.Loss)) > 1e-5*float64(p.Loss) {
			t.Errorf("the training has the loss %v at step %d, the arm %v at step %d", p.Loss, p.Step, q.Loss, q.Step)
		}
	}
}

// TestStackDiverges checks that an arm that diverges is an outcome, not an
// error.
func TestStackDiverges(t *testing.T) {
	c, dir := stacking(t), filepath.Join(t.TempDir(), "a")
	c.Stages = c.Stages[:2]
	c.Schedule.Peak = 1e30
	c.Arms = []lag.Arm{{Name: "adaptive", Rule: "lag:2"}, {Name: "scratch", Stages: c.Stages[1:]}}
	study, err := stackIn(dir, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, arm := range study.Arms {
		if arm.Status != result.StatusDiverged || !math.IsNaN(float64(arm.Final)) || len(arm.Stages) != 1 {
			t.Errorf("%s: status %s, final loss %v, %d stages; want a divergence in the first", arm.Name, arm.Status, arm.Final, len(arm.Stages))
		}
	}
	if len(study.Warnings) < 2 || !strings.Contains(study.Warnings[0], "adaptive diverged") || !strings.Contains(study.Verdict, "adaptive diverged, scratch diverged") {
		t.Errorf("warnings %q, verdict %s", study.Warnings, study.Verdict)
	}
	if _, _, err := lag.LoadStacking(dir); err != nil {
		t.Error(err)
	}
}

// TestAllCandidatesDiverge checks that an arm ends when all candidates of a
// growth have diverged, and that their cost counts.
func TestAllCandidatesDiverge(t *testing.T) {
	c := stacking(t)
	c.Schedule.Peak, c.Schedule.WarmUp = 1e8, 0
	c.Stages = []result.Stage{{Depths: growth.Depths{1}, Steps: 1}, {Depths: growth.Depths{2}, Steps: 30}}
	c.Arms = []lag.Arm{{Name: "adaptive", Rule: "lag:4"}}
	study, err := stackIn(filepath.Join(t.TempDir(), "a"), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	arm := study.Arms[0]
	if arm.Status != result.StatusDiverged || len(arm.Stages) != 2 {
		t.Fatalf("%+v, want a divergence of all candidates in the second stage", arm)
	}
	lost := arm.Stages[1]
	if lost.Strategy != "" || !math.IsNaN(float64(lost.Loss)) || lost.ExtraSteps != 4*lost.Candidates || arm.ExtraFLOPs <= 0 || arm.FLOPs <= arm.ExtraFLOPs {
		t.Errorf("the arm spent %g FLOPs, %g on candidates; its second stage is %+v", arm.FLOPs, arm.ExtraFLOPs, lost)
	}
}
