package lag_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestFinalEvaluations checks that a study whose final losses are means trains
// nothing that the same study without means does not, that analyzing again gives the
// same result as running, and that rules pick live as in the analysis.
func TestFinalEvaluations(t *testing.T) {
	config := smoke(t)
	dir, plain := doneStudy(t)
	before := resultBytes(t, dir, "result.json")
	runsBefore, err := filepath.Glob(filepath.Join(dir, "*", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if config.Growth.FinalEvaluations = 3; config.Validate() != nil {
		t.Fatal(config.Validate())
	}
	study, err := run(t, config, dir, backend.Go, func(e progress.Event) {
		if e.Point == nil && e.Done > 0 {
			t.Errorf("%s %s is trained again", e.Phase, e.Run)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	runsAfter, err := filepath.Glob(filepath.Join(dir, "*", "config.json"))
	if err != nil || !cmp.Equal(runsBefore, runsAfter) {
		t.Errorf("the runs were %v, and are %v (%v)", runsBefore, runsAfter, err)
	}
	steps, err := config.FinalSteps()
	if err != nil || len(steps) != 3 || !cmp.Equal(steps, study.FinalSteps()) || study.FinalEvaluations != 3 || study.ConfigHash != plain.ConfigHash {
		t.Errorf("the final steps are %v and %v of %d, %v", steps, study.FinalSteps(), study.FinalEvaluations, err)
	}
	for i, o := range study.Strategies {
		mean := (o.At(steps[0]) + o.At(steps[1]) + o.At(steps[2])) / 3
		if math.Abs(float64(o.Final)-mean) > 1e-12 || !cmp.Equal(o.Curve, plain.Strategies[i].Curve) || o.Final == plain.Strategies[i].Final {
			t.Errorf("%s ends at %v, want %v; without means %v", o.Name, o.Final, mean, plain.Strategies[i].Final)
		}
	}
	means := resultBytes(t, dir, "result.json")

	// Again without means, and with.
	for _, c := range []struct {
		n    int
		want string
	}{{0, before}, {3, means}} {
		if err := lag.SetFinalEvaluations(t.Context(), dir, c.n); err != nil {
			t.Fatal(err)
		}
		again, err := lag.AnalyzeAgain(t.Context(), dir, nil)
		if err != nil || again.Save(dir) != nil {
			t.Fatal(err, again.Save(dir))
		}
		if diff := cmp.Diff(c.want, resultBytes(t, dir, "result.json")); diff != "" {
			t.Errorf("analyzed again with %d, the result differs: %s", c.n, diff)
		}
	}
	saved := resultBytes(t, dir, "study.json")
	if err := lag.SetFinalEvaluations(t.Context(), dir, 99); err == nil || !strings.Contains(err.Error(), "growth.final_evaluations is 99; it must be at most") || saved != resultBytes(t, dir, "study.json") {
		t.Errorf("got error %v", err)
	}

	absent := filepath.Join(t.TempDir(), "absent")
	if err := lag.SetFinalEvaluations(t.Context(), absent, 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("the directory was made")
	}

	s := open(t, config, dir)
	for _, text := range []string{"oracle", "top:3,5", "lag:5"} {
		rule, err := selection.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		live, err := s.Select(context.Background(), rule, config.Seed)
		if err != nil {
			t.Fatal(err)
		}
		picks, err := study.Replay(context.Background(), []selection.Rule{rule})
		if err != nil || picks[0].Strategy != live.Strategy {
			t.Errorf("%s picks %s live and %+v from the record, %v", text, live.Strategy, picks, err)
		}
		if o := outcomeOf(study, live.Strategy); math.Abs(float64(o.Final-live.Final)) > 1e-12 {
			t.Errorf("%s: %s ends at %v live and at %v in the record", text, live.Strategy, live.Final, o.Final)
		}
	}
}

func outcomeOf(r *result.Study, name string) result.Outcome {
	for _, o := range r.Strategies {
		if o.Name == name {
			return o
		}
	}
	return result.Outcome{Final: result.Undefined()}
}

// TestImpossibleFinals checks that a number of evaluations that are not there is
// refused before anything is trained.
func TestImpossibleFinals(t *testing.T) {
	for n, want := range map[int]string{-1: "growth.final_evaluations is -1; it must not be negative", 20: "growth.final_evaluations is 20; it must be at most"} {
		config := smoke(t)
		config.Growth.FinalEvaluations = n
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: got error %v", n, err)
		}
	}
}
