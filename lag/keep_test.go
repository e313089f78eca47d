package lag_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/inspect"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// keeping returns a study with two seeds, decay branches and a control.
func keeping(t *testing.T, keep lag.Keep) lag.StudyConfig {
	t.Helper()
	config := smoke(t)
	config.Growth.Seeds = []int64{1, 2}
	config.Growth.Controls = []result.Control{result.ControlScratchSteps}
	config.Keep = keep
	return config
}

// statesOf returns the names of the saved states in a study's directory by run.
func statesOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	states := make(map[string][]string)
	for _, run := range runsOf(t, dir) {
		paths, damaged, err := train.CheckpointFiles(run)
		if err != nil || len(damaged) > 0 {
			t.Fatalf("%s has the damaged files %v, error %v", run, damaged, err)
		}
		for _, path := range paths {
			states[filepath.Base(run)] = append(states[filepath.Base(run)], filepath.Base(path))
		}
	}
	return states
}

// neededStates returns what a study keeps that keeps what is needed: the states of
// its source, and the final states of LAG's pick and the best candidate of each seed.
func neededStates(t *testing.T, whole string) map[string][]string {
	t.Helper()
	study, config, err := lag.LoadStudy(whole)
	if err != nil {
		t.Fatal(err)
	}
	all, want := statesOf(t, whole), make(map[string][]string)
	for run, states := range all {
		spec, err := engine.ReadSpec(filepath.Join(whole, run))
		if err != nil {
			t.Fatal(err)
		}
		if spec.Kind == progress.PhasePretrain {
			want[run] = states
		}
	}
	for i, seed := range study.Seeds {
		outcomes := study.Under(i)
		pick, _ := study.PickUnder(result.RuleLAG, seed)
		best := slices.MinFunc(outcomes, func(a, b result.Outcome) int {
			if a.Final < b.Final {
				return -1
			}
			return 1
		})
		for _, name := range []string{pick.Name, best.Name} {
			run := runOf(t, whole, config, name, seed)
			want[run] = all[run][len(all[run])-1:]
		}
	}
	return want
}

// runOf returns the name of a candidate's run.
func runOf(t *testing.T, dir string, config lag.StudyConfig, strategy string, seed int64) string {
	t.Helper()
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	wanted, ok := pool.ByName(strategy)
	if !ok {
		t.Fatalf("there is no strategy %q", strategy)
	}
	wanted.Name, wanted.Source = "", ""
	for _, run := range runsOf(t, dir) {
		spec, err := engine.ReadSpec(run)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Kind == progress.PhaseProbe && spec.Seed == seed && cmp.Equal(*spec.Strategy, wanted) {
			return filepath.Base(run)
		}
	}
	t.Fatalf("%s has no run of %s with seed %d", dir, strategy, seed)
	return ""
}

// TestKeep runs a study with both policies. The results must be the same, and what
// is kept must be what the policy says. What was removed can be made again.
func TestKeep(t *testing.T) {
	root := t.TempDir()
	all, needed := filepath.Join(root, "all"), filepath.Join(root, "needed")
	for dir, keep := range map[string]lag.Keep{all: lag.KeepAll, needed: ""} {
		if _, err := run(t, keeping(t, keep), dir, backend.Go, nil); err != nil {
			t.Fatal(err)
		}
	}
	if resultBytes(t, all, result.StudyResult) != resultBytes(t, needed, result.StudyResult) {
		t.Error("the results differ")
	}
	want := neededStates(t, all)
	if diff := cmp.Diff(want, statesOf(t, needed)); diff != "" {
		t.Errorf("states, want and got:\n%s", diff)
	}
	whole := statesOf(t, all)
	if len(whole) != len(runsOf(t, all)) || len(want) >= len(whole)/2 {
		t.Errorf("of %d runs %d keep states with one policy and %d with the other", len(runsOf(t, all)), len(whole), len(want))
	}
	for name := range whole {
		kept, released := filepath.Join(all, name), filepath.Join(needed, name)
		if want[name] != nil {
			if _, err := trained.Load(released); err != nil {
				t.Errorf("a model that is kept: %v", err)
			}
			continue
		}
		_, err := trained.Load(released)
		if err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "removed when nothing needed it") ||
			!strings.Contains(err.Error(), "lag runs continue "+released) || strings.Contains(err.Error(), "damage") {
			t.Fatalf("a model whose state was removed: %v", err)
		}
		report, err := inspect.Inspect(released)
		if err != nil || len(report.Damage) > 0 || !strings.Contains(report.Released, "lag runs continue") {
			t.Fatalf("its report is %+v, error %v", report, err)
		}
		if spec, _ := engine.ReadSpec(released); spec.Kind == progress.PhaseProbe {
			if _, err := lag.Continue(t.Context(), released, lag.Options{}); err != nil {
				t.Fatal(err)
			}
			again, err := trained.Load(released)
			before, loadErr := trained.Load(kept)
			if err := errors.Join(err, loadErr); err != nil || again.Fingerprint() != before.Fingerprint() {
				t.Errorf("the state that was made again is another one, error %v", err)
			}
			want[name] = nil
		}
	}

	// Asking again removes nothing of a complete study, whatever its policy.
	made := statesOf(t, needed)
	for _, keep := range []lag.Keep{lag.KeepAll, lag.KeepNeeded} {
		for dir, states := range map[string]map[string][]string{all: whole, needed: made} {
			if _, err := run(t, keeping(t, keep), dir, backend.Go, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(states, statesOf(t, dir)); diff != "" {
				t.Errorf("asked again with %q, states before and after:\n%s", keep, diff)
			}
		}
	}
	if resultBytes(t, all, result.StudyResult) != resultBytes(t, needed, result.StudyResult) {
		t.Error("the results differ after asking again")
	}
}

// TestKeepInterrupted interrupts a study again and again. Then it must have the
// result and the states of one that was not.
func TestKeepInterrupted(t *testing.T) {
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "interrupted")
	if _, err := run(t, keeping(t, lag.KeepAll), whole, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	config := keeping(t, lag.KeepNeeded)
	for tries := 1; ; tries++ {
		ctx, cancel := context.WithCancel(t.Context())
		events := 0
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, Observe: func(e progress.Event) {
			if e.Done > 0 && e.Point == nil && e.Phase != progress.PhasePrepare { // a step of training
				events++
			}
			if events == 17 {
				cancel()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Run(ctx)
		cancel()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err == nil {
			if tries < 5 {
				t.Errorf("the study was interrupted only %d times", tries-1)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || tries > 100 {
			t.Fatalf("try %d: %v", tries, err)
		}
	}
	if resultBytes(t, whole, result.StudyResult) != resultBytes(t, dir, result.StudyResult) {
		t.Error("the results differ")
	}
	if diff := cmp.Diff(neededStates(t, whole), statesOf(t, dir)); diff != "" {
		t.Errorf("states, want and got:\n%s", diff)
	}
}

// TestKeepJoined lets several workers train a study, each of which removes what it
// finds needless, and changes the policy on the way.
func TestKeepJoined(t *testing.T) {
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "joined")
	if _, err := run(t, keeping(t, lag.KeepAll), whole, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	// One seed with all states first, as an earlier version has left it.
	first := keeping(t, lag.KeepAll)
	first.Growth.Seeds = first.Growth.Seeds[:1]
	if _, err := run(t, first, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, result.StudyConfig)); err != nil { // a worker does not replace it
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, result.StudyResult)); err != nil {
		t.Fatal(err)
	}
	config := keeping(t, lag.KeepNeeded)
	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() {
			if _, err := join(t, config, lag.Options{Dir: dir}); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, whole, result.StudyResult) != resultBytes(t, dir, result.StudyResult) {
		t.Error("the results differ")
	}
	if diff := cmp.Diff(neededStates(t, whole), statesOf(t, dir)); diff != "" {
		t.Errorf("states, want and got:\n%s", diff)
	}
}

// TestKeepSelected checks that a rule's pick has its state, also if the study has
// removed it before, and that it then stays.
func TestKeepSelected(t *testing.T) {
	config, dir := keeping(t, lag.KeepNeeded), filepath.Join(t.TempDir(), "study")
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	before := statesOf(t, dir)
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(pool.Names(), func(name string) bool { return before[runOf(t, dir, config, name, 2)] == nil })
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	selected, err := s.Select(t.Context(), selection.Strategy{Name: pool[i].Name}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trained.Load(filepath.Join(dir, selected.Run)); err != nil {
		t.Errorf("the pick: %v", err)
	}
	want := maps.Clone(before)
	if want[selected.Run] = statesOf(t, dir)[selected.Run]; len(want[selected.Run]) == 0 {
		t.Fatal("the pick has no state")
	}
	if err := os.Remove(filepath.Join(dir, result.StudyResult)); err != nil { // so that the study removes what nothing needs
		t.Fatal(err)
	}
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	got := statesOf(t, dir)
	if n := len(want[selected.Run]); len(got[selected.Run]) != 1 || got[selected.Run][0] != want[selected.Run][n-1] {
		t.Errorf("the pick has the states %v, want the final one of %v", got[selected.Run], want[selected.Run])
	}
	delete(want, selected.Run)
	delete(got, selected.Run)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states of the others, want and got:\n%s", diff)
	}
}

// TestKeepUnknown: a policy that there is not is refused.
func TestKeepUnknown(t *testing.T) {
	config := keeping(t, "nedeed")
	if err := config.Validate(); err == nil || !strings.Contains(err.Error(), `did you mean "needed"`) {
		t.Errorf("got error %v", err)
	}
	stacking, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	stacking.Keep = "none"
	if err := stacking.Validate(); err == nil || !strings.Contains(err.Error(), "needed and all") {
		t.Errorf("got error %v", err)
	}
}

// TestKeepExtended gives a study that has its result another seed. What was kept
// beside that result stays, whatever the policy is now; the states of the new runs go.
func TestKeepExtended(t *testing.T) {
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "extended")
	if _, err := run(t, keeping(t, lag.KeepAll), whole, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	first := keeping(t, lag.KeepAll)
	first.Growth.Seeds = first.Growth.Seeds[:1]
	if _, err := run(t, first, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	want := neededStates(t, whole)
	maps.Copy(want, statesOf(t, dir))
	for range 2 { // also when it is asked for again
		if _, err := run(t, keeping(t, lag.KeepNeeded), dir, backend.Go, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, statesOf(t, dir)); diff != "" {
			t.Errorf("states, want and got:\n%s", diff)
		}
	}
	if resultBytes(t, whole, result.StudyResult) != resultBytes(t, dir, result.StudyResult) {
		t.Error("the results differ")
	}
}

// TestKeepAnotherRule gives a study a rule whose decay branches start where no state
// was kept. The candidates are trained to there again, and these states go too.
func TestKeepAnotherRule(t *testing.T) {
	config, dir := smoke(t), filepath.Join(t.TempDir(), "study")
	config.Growth.Rules = []string{selection.LAG{Lag: config.Growth.Lag}.String()}
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	before := len(runsOf(t, dir))
	config.Growth.Rules = append(config.Growth.Rules, selection.Decay{Probe: config.Growth.Lag, Length: 2}.String())
	r, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want, got := 2*len(r.Strategies), len(runsOf(t, dir))-before; got != want {
		t.Fatalf("it made %d runs more, want %d", got, want)
	}
	for name, states := range statesOf(t, dir) {
		spec, err := engine.ReadSpec(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if spec.Kind == progress.PhaseBranch {
			t.Errorf("the branch %s has the states %v", name, states)
		}
	}
}
