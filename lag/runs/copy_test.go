package runs

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestCopy: a study with another rule trains nothing that it has as copies, and
// comes to the same losses. After the pretraining alone was copied, a rule that
// picks live picks as it does on the recorded curves.
func TestCopy(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies = []string{"stack", "random-top"}
	config.Growth.Rules = []string{"lag:5", "halving:2,2"}
	first := options(root, "first")
	recorded := runStudy(t, config, first)
	if err := os.WriteFile(filepath.Join(first.Dir, must(List(first.Dir))(t)[0].Name, dirlock.Name), nil, 0o644); err != nil {
		t.Fatal(err)
	}

	config.Growth.Rules = append(config.Growth.Rules, "decay:3,2")
	second := options(root, "second")
	copied := must(Copy(ctx, first.Dir, second.Dir, nil))(t)
	if len(copied) != 3 || copied[0].Kind != progress.PhasePretrain {
		t.Fatalf("copied %+v, want the source and two candidates", copied)
	}
	if _, err := os.Stat(filepath.Join(second.Dir, copied[0].Name, dirlock.Name)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock was copied: %v", err)
	}
	trained := make(map[progress.Phase]int)
	branches := make(map[progress.Part]bool)
	second.Observe = func(e progress.Event) {
		if e.Done > 0 && e.Point == nil {
			trained[e.Phase]++
			branches[e.Part()] = true
		}
	}
	again := runStudy(t, config, second)
	if trained[progress.PhasePretrain]+trained[progress.PhaseProbe] > 0 || trained[progress.PhaseBranch] == 0 {
		t.Errorf("progress of training by phase: %v, want that of the decay branches alone", trained)
	}
	// Candidates are trained again to where their branches begin, and that is no branch.
	steps := int64(config.Growth.Schedule.Steps)
	if want := map[progress.Part]bool{{Phase: progress.PhaseBranch, From: 3, Total: 2}: true, {Phase: progress.PhaseBranch, Total: steps}: true}; !maps.Equal(branches, want) {
		t.Errorf("parts of training: %v, want %v", branches, want)
	}
	for i, o := range again.Strategies {
		if o.Final != recorded.Strategies[i].Final {
			t.Errorf("%s ends at %v, in the first study at %v", o.Name, o.Final, recorded.Strategies[i].Final)
		}
	}
	if more := must(Copy(ctx, first.Dir, second.Dir, nil))(t); len(more) > 0 {
		t.Errorf("copied again: %+v", more)
	}

	config.Growth.Rules = config.Growth.Rules[:2]
	third := options(root, "third")
	isSource := func(r Run) bool { return r.Kind == progress.PhasePretrain }
	if copied := must(Copy(ctx, first.Dir, third.Dir, isSource))(t); len(copied) != 1 {
		t.Fatalf("copied %+v, want the source", copied)
	}
	rule := selection.Halving{Eta: 2, First: 2}
	s := must(lag.Open(config, third))(t)
	defer s.Close()
	live := must(s.Select(ctx, rule, s.Seeds()[0]))(t)
	if replayed := must(recorded.Replay(ctx, []selection.Rule{rule}))(t); live.Strategy != replayed[0].Strategy || live.ExtraSteps != replayed[0].ExtraSteps {
		t.Errorf("live %s with %d extra steps, replayed %+v", live.Strategy, live.ExtraSteps, replayed[0])
	}
}

// TestCopyStops: a canceled copy leaves no part of a run, and what is not
// complete is not copied.
func TestCopyStops(t *testing.T) {
	root := t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies = []string{"stack", "random-top"}
	o := options(root, "first")
	s := must(lag.Open(config, o))(t)
	must(s.Select(context.Background(), selection.LAG{Lag: config.Growth.Lag}, s.Seeds()[0]))(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	target := filepath.Join(root, "second")
	if _, err := Copy(canceled, o.Dir, target, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled copy returns %v", err)
	}
	if entries := must(os.ReadDir(target))(t); len(entries) > 0 {
		t.Errorf("a canceled copy leaves %v", entries)
	}
	copied := must(Copy(context.Background(), o.Dir, target, nil))(t)
	if len(copied) != 2 || copied[1].Kind != progress.PhaseProbe || copied[1].Steps != copied[1].Of {
		t.Errorf("copied %+v, want the source and the strategy that was picked", copied)
	}
}
