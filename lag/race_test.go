package lag_test

import (
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestRace: a study that has a race among its rules records the losses on single
// batches at its looks, so that the replay ends as the live race does. Without
// the rule it records none there.
func TestRace(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	race := selection.Race{Doublings: 1, First: 1}
	config.Growth.Rules = []string{"lag:5", race.String(), "oracle"}
	study, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range study.Strategies {
		var steps []int
		for _, b := range o.Batches {
			steps = append(steps, b.Step)
		}
		if want := []int{1, 2, study.Lag, study.Steps}; !slices.Equal(steps, want) {
			t.Errorf("%s has losses on single batches at %v, want %v", o.Name, steps, want)
		}
	}
	pick, ok := study.Pick(race.String())
	if !ok {
		t.Fatalf("the rule is not among %v", study.Rules)
	}
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	selected, err := s.Select(t.Context(), race, config.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if selected.Strategy != pick.Strategy || selected.ExtraSteps != pick.ExtraSteps || !slices.Equal(selected.Undecided, pick.Undecided) {
		t.Errorf("live %+v, replayed %+v", selected, pick)
	}
	// The same rule on a study without it uses the losses at the lag.
	config.Growth.Rules = []string{"lag:5", "halving:2,1", "oracle"}
	if study, err = run(t, config, t.TempDir(), backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	for _, o := range study.Strategies {
		if len(o.Batches) != 2 {
			t.Errorf("%s has losses on single batches at %d steps, want 2", o.Name, len(o.Batches))
		}
	}
	if picks, err := study.Replay(t.Context(), []selection.Rule{race}); err != nil || picks[0].Strategy == "" {
		t.Errorf("the replay gives %+v, %v", picks, err)
	}
}
