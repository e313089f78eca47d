package lag

import (
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestKeepPickedMeanwhile: a rule in another process picks candidates after it was
// asked which are picked, and before their states are removed.
func TestKeepPickedMeanwhile(t *testing.T) {
	config, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	config.Keep, config.Growth.Schedule.Steps, config.Growth.Lag = KeepAll, 8, 4
	config.Pretrain.Schedule.Steps, config.Pretrain.EvaluateEvery, config.BatchSize = 10, 5, 4
	config.Growth.Strategies, config.Growth.Rules = []string{"stack", "stack-zero", "random-top"}, []string{"lag:4"}
	s, err := Open(config, Options{Dir: filepath.Join(t.TempDir(), "study"), Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := s.probes()
	if err != nil {
		t.Fatal(err)
	}
	picked := make(map[string]bool)
	p.releaser = s.session.NewReleaser("of a test")
	p.releaser.Needed = func() (map[string]bool, error) {
		before := picked
		picked = make(map[string]bool)
		for _, run := range p.candidates[0].Runs {
			picked[run.Address()] = true
		}
		return before, nil
	}
	p.releaser.Candidates(p.candidates[0], s.lagSteps())
	for _, run := range p.candidates[0].Runs {
		dir := filepath.Join(s.Dir(), run.Address())
		if there, err := train.HasState(t.Context(), dir, config.Growth.Schedule.Steps); err != nil || !there {
			t.Errorf("the pick %s has no final state, error %v", run.Address(), err)
		}
	}
}
