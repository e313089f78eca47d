package lag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

func run(t *testing.T, config lag.StudyConfig, dir, engine string, observe progress.Observer) (*result.Study, error) {
	t.Helper()
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: engine, Observe: observe})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Run(context.Background())
}

// checkEvents checks what live figures need: the unigram entropy, candidates with
// their places in the pool, and a training loss for each step.
func checkEvents(t *testing.T, study *result.Study, events []progress.Event) {
	t.Helper()
	losses := map[progress.Phase]int{}
	for _, e := range events {
		if e.Phase == progress.PhasePrepare {
			continue
		}
		if e.Unigram != study.Source.UnigramEntropy {
			t.Fatalf("an event of %s has the unigram entropy %v, want %v", e.Run, e.Unigram, study.Source.UnigramEntropy)
		}
		if e.Phase == progress.PhaseProbe && study.Strategies[e.Place].Name != e.Run {
			t.Fatalf("candidate %s has the place of %s", e.Run, study.Strategies[e.Place].Name)
		}
		if !math.IsNaN(e.Loss) {
			losses[e.Phase]++
		}
	}
	if n, m := losses[progress.PhasePretrain], losses[progress.PhaseProbe]; n != study.Source.Steps || m != study.Steps*len(study.Strategies) {
		t.Errorf("%d training losses of the source and %d of the candidates, want one a step", n, m)
	}
}

// TestStudy runs a study in two directories. The results must have the same
// bytes, and be complete and consistent.
func TestStudy(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		config, root := smoke(t), t.TempDir()
		first, second := filepath.Join(root, "a"), filepath.Join(root, "b")
		if b.Kind == backend.Go {
			first, _ = doneStudy(t)
		} else if _, err := run(t, config, first, b.Kind, nil); err != nil {
			t.Fatal(err)
		}
		var events []progress.Event
		if _, err := run(t, config, second, b.Kind, func(e progress.Event) { events = append(events, e) }); err != nil {
			t.Fatal(err)
		}
		if resultBytes(t, first, "result.json") != resultBytes(t, second, "result.json") {
			t.Error("two runs of one study gave different results")
		}
		study, loaded, err := lag.LoadStudy(first)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(config, loaded); diff != "" {
			t.Errorf("study.json: %s", diff)
		}
		check(t, study, config)
		checkEvents(t, study, events)
	})
}

func check(t *testing.T, r *result.Study, config lag.StudyConfig) {
	t.Helper()
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	seeds := max(len(config.Growth.Seeds), 1)
	if len(r.Strategies) != seeds*len(pool) || len(r.Correlation) == 0 || len(r.Picks) != seeds*len(r.Rules) {
		t.Fatalf("%d outcomes of %d strategies with %d seeds, %d correlations, %d picks of %d rules",
			len(r.Strategies), len(pool), seeds, len(r.Correlation), len(r.Picks), len(r.Rules))
	}
	for i, seed := range r.Seeds {
		best := math.Inf(1)
		for j, s := range r.Under(i) {
			if s.Name != pool[j].Name || s.Seed != seed {
				t.Errorf("outcome %d with seed %d is that of %s with seed %d, want %s", j, seed, s.Name, s.Seed, pool[j].Name)
			}
			if s.Curve[0].Step != 0 || s.Curve[len(s.Curve)-1].Step != r.Steps || s.Curve[len(s.Curve)-1].Loss != s.Final {
				t.Errorf("%s: its curve does not start at step 0 and end with the final loss at step %d: %v", s.Name, r.Steps, s.Curve)
			}
			best = min(best, float64(s.Final))
		}
		for _, p := range r.Picks {
			if p.Rule == result.RuleOracle && p.Regret != 0 {
				t.Errorf("the oracle's regret is %v", p.Regret)
			}
			for _, s := range r.Under(i) {
				if p.Seed == seed && s.Name == p.Strategy && math.Abs(float64(s.Final)-best-float64(p.Regret)) > 1e-12 {
					t.Errorf("rule %s picks %s with regret %v, but its final loss is %v above the best", p.Rule, p.Strategy, p.Regret, float64(s.Final)-best)
				}
			}
		}
	}
	if last := r.Correlation[len(r.Correlation)-1]; last.Step != r.Steps || float64(last.Spearman) < 1-1e-12 {
		t.Errorf("the final loss does not correlate with itself: %+v", last)
	}
	for _, s := range r.Strategies {
		if s.Name == "stack-gated" && math.Abs(s.Initial()-float64(r.Source.Loss)) > 1e-6 {
			t.Errorf("a gated strategy starts at a loss of %v, the source ended at %v", s.Initial(), r.Source.Loss)
		}
	}
}

// TestAgain checks that running a complete study again trains nothing.
func TestAgain(t *testing.T) {
	config := smoke(t)
	dir, _ := doneStudy(t)
	steps := 0
	if _, err := run(t, config, dir, backend.Go, func(e progress.Event) {
		if e.Phase != progress.PhasePrepare && e.Point == nil && e.Done > 0 {
			steps++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if steps != 0 {
		t.Errorf("the second run trained %d steps", steps)
	}
}

// TestDivergence checks that a candidate that diverges is recorded, ranks last,
// and does not stop the study.
func TestDivergence(t *testing.T) {
	config := smoke(t)
	config.Growth.Schedule.Peak = 1e30
	study, err := run(t, config, t.TempDir(), backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range study.Strategies {
		if s.Status != result.StatusDiverged || !math.IsNaN(float64(s.Final)) || !math.IsInf(s.At(study.Steps), 1) {
			t.Errorf("%s: status %s, final loss %v, want a divergence", s.Name, s.Status, s.Final)
		}
	}
}

// TestOneDiverges checks that candidates that diverge during training are
// recorded with their steps and rank last, and that the study continues with
// the others.
func TestOneDiverges(t *testing.T) {
	config, dir := selecting(t), t.TempDir()
	config.Growth.Rules = []string{"lag:4", "top:3,4", "oracle"}
	study, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded, _, err := lag.LoadStudy(dir)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	runs := recordedRuns(t, dir)
	for i, o := range study.Strategies {
		r, _ := of(runs, progress.PhaseProbe, pool[i], config.Seed)
		diverged := r.events(train.EventDiverged)
		if !pool[i].Restart {
			if o.Status != result.StatusComplete || o.DivergedAt != nil || len(diverged) > 0 || len(r.training()) != study.Steps {
				t.Errorf("%s: status %s at %v, %d steps", o.Name, o.Status, o.DivergedAt, len(r.training()))
			}
			continue
		}
		if o.Status != result.StatusDiverged || o.DivergedAt == nil || !math.IsNaN(float64(o.Final)) || !math.IsInf(o.At(study.Steps), 1) {
			t.Errorf("%s: %+v, want a divergence", o.Name, o)
			continue
		}
		if len(diverged) != 1 || diverged[0].Step != *o.DivergedAt || len(r.training()) != *o.DivergedAt {
			t.Errorf("%s: it was trained for %d steps and diverged at %d; its log says %v", o.Name, len(r.training()), *o.DivergedAt, diverged)
		}
		if got := loaded.Strategies[i].DivergedAt; got == nil || *got != *o.DivergedAt || !math.IsInf(loaded.Strategies[i].At(study.Steps), 1) {
			t.Errorf("%s: result.json says that it diverged at %v", o.Name, got)
		}
	}
	if last := study.Correlation[len(study.Correlation)-1]; last.Step != study.Steps || last.Spearman < 1-1e-12 {
		t.Errorf("the final loss does not correlate with itself: %+v", last)
	}
	for _, p := range study.Picks {
		if s, _ := pool.ByName(p.Strategy); s.Name == "" || s.Restart {
			t.Errorf("%s picks %q", p.Rule, p.Strategy)
		}
	}
	if all := strings.Join(study.Warnings, " "); !strings.Contains(all, "2 of 8 candidates diverged") {
		t.Errorf("warnings: %s", all)
	}
}

// TestCustomStrategy checks that a study includes the user's own strategy.
func TestCustomStrategy(t *testing.T) {
	config := smoke(t)
	config.Growth.To = growth.Depths{3}
	config.Growth.Strategies = []string{"stack"}
	config.Growth.Custom = growth.Pool{growth.Custom("mine", growth.Map{growth.New, 0, growth.New}, growth.Copy)}
	config.Growth.Custom[0].Moments = growth.MomentsReset
	study, err := run(t, config, t.TempDir(), backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(study.Strategies) != 2 || study.Strategies[1].Name != "mine" {
		t.Errorf("the study tried %v", study.Strategies)
	}
}

// TestTruncatedCheckpoint checks that the result is the same if the source's
// last checkpoint is truncated, in which case training continues from the one
// before, and if all are, in which case it starts again.
func TestTruncatedCheckpoint(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	_, want := doneStudy(t)
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pretrain(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	truncate := func(pattern string) (last string) {
		t.Helper()
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("checkpoints: %v, %v", found, err)
		}
		for _, path := range found {
			if err := os.Truncate(path, 1000); err != nil {
				t.Fatal(err)
			}
		}
		return found[len(found)-1]
	}
	last := fmt.Sprintf("step-%08d.safetensors", config.Pretrain.Schedule.Steps)
	source := filepath.Dir(filepath.Dir(truncate(filepath.Join(dir, "*", "checkpoint", last))))
	got, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got *result.Study) {
		t.Helper()
		wantText, err := json.Marshal(want)
		gotText, err2 := json.Marshal(got)
		if diff := cmp.Diff(string(wantText), string(gotText)); diff != "" || err != nil || err2 != nil {
			t.Errorf("after %s: %s, %v, %v", what, diff, err, err2)
		}
	}
	same("a damaged checkpoint", got)

	probes, err := filepath.Glob(filepath.Join(dir, "*", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range probes { // so that they are grown again
		if probe := filepath.Dir(path); probe != source {
			if err := os.RemoveAll(probe); err != nil {
				t.Fatal(err)
			}
		}
	}
	truncate(filepath.Join(source, "checkpoint", "*.safetensors"))
	if got, err = run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	same("damage to all checkpoints", got)
}

// TestOtherConfiguration checks that a study in the directory of another
// configuration removes that one's result, but not its runs.
func TestOtherConfiguration(t *testing.T) {
	config := smoke(t)
	dir, _ := doneStudy(t)
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, _, err := lag.LoadStudy(dir); err != nil {
		t.Errorf("opening the study again removed its result: %v", err)
	}
	config.Growth.Strategies = []string{"stack"}
	before := tree(t, dir)
	if s, err = lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("opening a study changed files: %s", diff)
	}
	if _, err := s.Pretrain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := lag.LoadStudy(dir); err == nil {
		t.Error("the result of another configuration was kept")
	}
	if _, err := os.Stat(filepath.Join(dir, "result.json.old")); err != nil {
		t.Error(err)
	}
}

// tree returns the contents of all files in a directory tree.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestMoreRules adds a rule to a complete study. The rule needs decay branches
// from states that the study has not kept. The result must be that of a study
// that had the rule from the start, and no candidate is trained to the end
// again.
func TestMoreRules(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack", "random-top"}
	config.Growth.Rules = []string{"lag:5"}
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	if _, err := run(t, config, a, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	config.Growth.Rules = []string{"lag:5", "decay:5,2"}
	steps := 0
	if _, err := run(t, config, a, backend.Go, func(e progress.Event) {
		if e.Point == nil && e.Done > 0 && e.Phase != progress.PhasePrepare {
			steps++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if want := 2 * (5 + 2); steps != want {
		t.Errorf("the new rule took %d steps, want %d: those up to the branches, and the branches", steps, want)
	}
	if _, err := run(t, config, b, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, a, "result.json") != resultBytes(t, b, "result.json") {
		t.Error("the result differs from that with the rule from the start")
	}
}
