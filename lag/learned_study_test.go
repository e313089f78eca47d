package lag_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

const learnSteps = 6

// learning returns a study with two strategies: stack, and LiGO with stack's
// coefficients as its start. The model is an encoder (2 -> 3) or an
// encoder-decoder (1,1 -> 2,2).
func learning(t *testing.T, family string) lag.StudyConfig {
	t.Helper()
	config := smoke(t)
	from, to := growth.Depths{2}, growth.Depths{3}
	if family == "ul2" {
		config.Task = smallTraining(t, "ul2").Task
		from, to = growth.Depths{1, 1}, growth.Depths{2, 2}
	}
	var err error
	if config.Model, err = config.Model.WithDepths(from...); err != nil {
		t.Fatal(err)
	}
	pool, err := growth.NewPoolFor(from, to, &growth.Options{Wide: true, LearnSteps: learnSteps})
	if err != nil {
		t.Fatal(err)
	}
	ligo, ok := pool.ByName("ligo")
	if !ok {
		t.Fatal("the wide pool has no ligo")
	}
	ligo.Learn.Rate = 0.05
	config.Growth.To, config.Growth.Strategies, config.Growth.Custom = to, []string{"stack"}, growth.Pool{ligo}
	return config
}

// learnedBytes returns the contents of the study's only file of learned
// coefficients.
func learnedBytes(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "learned.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the files of coefficients are %v, want one: %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLearnedStudy checks that a study with learned coefficients gives the same
// bytes each time, also if it is interrupted before or after they are learned.
// The coefficients change the start of training, and their cost is counted.
func TestLearnedStudy(t *testing.T) {
	for _, family := range []string{"bert", "ul2"} {
		t.Run(family, func(t *testing.T) {
			config, root := learning(t, family), t.TempDir()
			dirs := []string{filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "interrupted")}
			study, err := run(t, config, dirs[0], backend.Go, nil)
			if err != nil {
				t.Fatal(err)
			}
			interruptLearned(t, config, dirs[2])
			for _, dir := range dirs[1:] {
				if _, err := run(t, config, dir, backend.Go, nil); err != nil {
					t.Fatal(err)
				}
				if resultBytes(t, dirs[0], "result.json") != resultBytes(t, dir, "result.json") || learnedBytes(t, dirs[0]) != learnedBytes(t, dir) {
					t.Errorf("%s: the result or the coefficients differ", dir)
				}
			}
			stack, ligo := study.Strategies[0], study.Strategies[1]
			if stack.Name != "stack" || ligo.Name != "ligo" || ligo.LearnSteps != learnSteps || stack.LearnSteps != 0 {
				t.Fatalf("%s learned %d steps, %s %d", stack.Name, stack.LearnSteps, ligo.Name, ligo.LearnSteps)
			}
			if want := stack.FLOPs * float64(study.Steps+learnSteps) / float64(study.Steps); math.Abs(ligo.FLOPs-want) > 1e-9*want {
				t.Errorf("ligo took %g FLOPs, want %g", ligo.FLOPs, want)
			}
			if ligo.Initial() == stack.Initial() {
				t.Error("the learned coefficients change nothing")
			}
		})
	}
}

// interruptLearned starts a study and stops it twice: before ligo learns its
// coefficients, and while it is trained.
func interruptLearned(t *testing.T, config lag.StudyConfig, dir string) {
	t.Helper()
	for _, moment := range []struct {
		run  string
		done int64
	}{{"stack", int64(config.Growth.Schedule.Steps)}, {"ligo", 3}} {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(context.Background())
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, Observe: func(e progress.Event) {
			if e.Phase == progress.PhaseProbe && e.Run == moment.run && e.Done == moment.done {
				cancel(stop)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Run(ctx)
		s.Close()
		if !errors.Is(err, stop) {
			t.Errorf("stopped at step %d of %s: got error %v, want %v", moment.done, moment.run, err, stop)
		}
	}
}

// TestLearnedStacking checks that learning counts toward the budget of the arm
// whose rule needs it.
func TestLearnedStacking(t *testing.T) {
	c, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	c.Task = smoke(t).Task
	if c.Model, err = c.Model.WithDepths(2); err != nil {
		t.Fatal(err)
	}
	c.Stages = lag.EqualStages([]growth.Depths{{2}, {3}}, 240)
	c.Wide, c.Strategies, c.Seeds = true, []string{"stack", "ligo"}, c.Seeds[:1]
	c.Arms = []lag.Arm{{Name: "adaptive", Rule: "lag:2"}, {Name: "ligo", Rule: "strategy:ligo"}, {Name: "stack", Rule: "strategy:stack"}}
	study, err := lag.Stack(context.Background(), c, lag.Options{Dir: t.TempDir(), Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2 + growth.DefaultLearnSteps, growth.DefaultLearnSteps, 0} {
		arm := study.Arms[i]
		stage := arm.Stages[1]
		if got := stage.ExtraSteps + stage.LearnSteps; got != want {
			t.Errorf("arm %s spent %d steps on probes and learning, want %d", arm.Name, got, want)
		}
		perStep := arm.Curve[len(arm.Curve)-1].FLOPs - arm.Curve[len(arm.Curve)-2].FLOPs
		perStep /= float64(arm.Curve[len(arm.Curve)-1].Step - arm.Curve[len(arm.Curve)-2].Step)
		if arm.FLOPs > study.Budget*(1+1e-9) || arm.FLOPs < study.Budget-perStep {
			t.Errorf("arm %s took %g FLOPs, want at most one step of %g below the budget of %g", arm.Name, arm.FLOPs, perStep, study.Budget)
		}
	}
}

// TestLearningDiverges checks that a strategy whose coefficients diverge is
// recorded as diverged at step 0.
func TestLearningDiverges(t *testing.T) {
	config := smoke(t)
	config.Growth.Strategies = []string{"stack", "random-top"}
	ligo, err := growth.LearnedLiGO(1, 2, 3, 1e38)
	if err != nil {
		t.Fatal(err)
	}
	config.Growth.Custom = growth.Pool{ligo}
	study, err := run(t, config, t.TempDir(), backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := study.Strategies[2]
	if o.Status != result.StatusDiverged || o.DivergedAt == nil || *o.DivergedAt != 0 || !math.IsInf(o.At(0), 1) {
		t.Errorf("a learning that diverged is recorded as %+v", o)
	}
}
