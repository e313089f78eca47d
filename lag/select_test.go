package lag_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// selecting is a study of 2 -> 4 layers with all selection rules. Its training
// is a late part of its schedule, which starts with a far higher rate. Two
// candidates restart the schedule and diverge: one at once, the other after
// some steps, because it first trains only its new layers. One candidate learns
// coefficients before it is grown.
func selecting(t *testing.T) lag.StudyConfig {
	t.Helper()
	config := smoke(t)
	var err error
	if config.Model, err = config.Model.WithDepths(2); err != nil {
		t.Fatal(err)
	}
	const steps, lagged, start = 12, 4, 60_000_000
	g := &config.Growth
	g.To, g.Lag = growth.Depths{4}, lagged
	g.Schedule = train.Schedule{Kind: train.Linear, Peak: 1e5, Steps: steps, Start: start, Length: start + steps} // 2e-2 at the first step
	g.Strategies = []string{"interleave", "repeat-last-1", "repeat-middle-1", "interleave-zero", "interleave-gated"}
	restarting := growth.Custom("restarting", growth.Map{0, 1, 1, 1}, growth.Copy)
	restarting.Restart = true
	first := growth.Custom("new-first", growth.Map{0, 0, 0, 1}, growth.Copy)
	first.Restart, first.NewFirst = true, 3
	learning, err := growth.LearnedLiGO(2, 4, 3, 1e-2)
	if err != nil {
		t.Fatal(err)
	}
	g.Custom = growth.Pool{restarting, first, learning}
	g.Rules = []string{"halving:3,2", "random:7", "strategy:interleave-zero", "strategy:restarting", "decay:0,2"}
	for _, rule := range selection.All(lagged, steps) {
		g.Rules = append(g.Rules, rule.String())
	}
	return config
}

// open opens a study on the pure-Go backend. Studies in the same parent
// directory share data.
func open(t *testing.T, config lag.StudyConfig, dir string) *lag.Study {
	t.Helper()
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestSelect checks that every rule, used live in an empty directory, picks the
// same as on the recorded curves of the complete study, with the same cost and
// the same final loss, and trains nothing further than it asked. A study that
// continues from the runs of these selections has the same result.
func TestSelect(t *testing.T) {
	config, root := selecting(t), t.TempDir()
	ctx := context.Background()
	whole := filepath.Join(root, "whole")
	study, err := run(t, config, whole, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	diverged := make(map[int]bool)
	for _, o := range study.Strategies {
		if o.DivergedAt != nil {
			diverged[*o.DivergedAt] = true
		}
	}
	if len(diverged) != 2 || diverged[0] || diverged[study.Steps] {
		t.Fatalf("candidates diverged at %v; this test expects one at once and one later", diverged)
	}
	all := open(t, config, filepath.Join(root, "all"))
	for i, text := range config.Growth.Rules {
		if testing.Short() && i%2 == 1 {
			continue
		}
		rule, err := selection.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		want := offline(t, study, rule)
		dir := filepath.Join(root, "live", text)
		got, err := open(t, config, dir).Select(ctx, rule, config.Seed)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(result.Selected{}, "Run", "Trained", "Branched", "Pool"), cmpopts.EquateNaNs(),
			cmpopts.EquateApprox(1e-12, 0), cmp.Comparer(sameNumber)); diff != "" {
			t.Errorf("%s: offline and live differ: %s", text, diff)
		}
		trainedAsAsked(t, config, dir, got)

		// Now after the earlier rules, which have left candidates at many
		// steps.
		again, err := all.Select(ctx, rule, config.Seed)
		if err != nil {
			t.Errorf("%s after %v: %v", text, config.Growth.Rules[:i], err)
		} else if diff := cmp.Diff(got, again, cmp.Comparer(sameNumber)); diff != "" {
			t.Errorf("%s after %v: %s", text, config.Growth.Rules[:i], diff)
		}
	}
	if _, err := all.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, all.Dir(), "result.json") != resultBytes(t, whole, "result.json") {
		t.Error("a study whose candidates were trained rule by rule has another result")
	}
}

// sameNumber reports whether a and b have the same bits, or are both NaN.
func sameNumber(a, b result.Number) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || math.IsNaN(float64(a)) && math.IsNaN(float64(b))
}

// offline returns what a rule picks on the curves of a study.
func offline(t *testing.T, study *result.Study, rule selection.Rule) *result.Selected {
	t.Helper()
	picks, err := study.Replay(context.Background(), []selection.Rule{rule})
	if err != nil || len(picks) != 1 {
		t.Fatalf("%s: picks %v, error %v", rule, picks, err)
	}
	p := picks[0]
	s := &result.Selected{Rule: rule.String(), Seed: p.Seed, Strategy: p.Strategy, ExtraSteps: p.ExtraSteps, ExtraFLOPs: p.ExtraFLOPs, Final: result.Number(math.NaN())}
	if _, ok := rule.(selection.Random); ok { // its replay is an expected value
		names := make([]string, len(study.Strategies))
		for i, o := range study.Strategies {
			names[i] = o.Name
		}
		recording, err := selection.NewRecording(selection.Named(names...), study.Steps, make([][]selection.Point, len(names)))
		if err != nil {
			t.Fatal(err)
		}
		choice, err := rule.Pick(context.Background(), recording)
		if err != nil {
			t.Fatal(err)
		}
		s.Strategy = names[choice.Index]
	}
	for _, o := range study.Strategies {
		if o.Name == s.Strategy {
			s.Final = o.Final
		}
	}
	return s
}

// trainedAsAsked checks the logs of a live selection: the winner was trained to
// the end, the others as far as the selection says.
func trainedAsAsked(t *testing.T, config lag.StudyConfig, dir string, s *result.Selected) {
	t.Helper()
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	runs := recordedRuns(t, dir)
	candidates, branches := 0, 0
	for i, strategy := range pool {
		r, started := of(runs, progress.PhaseProbe, strategy, config.Seed)
		if started {
			candidates++
		}
		steps, want := len(r.training()), s.Trained[i]
		diverged := len(r.events(train.EventDiverged)) > 0
		switch {
		case strategy.Name == s.Strategy:
			if want = config.Growth.Schedule.Steps; steps != want && !diverged {
				t.Errorf("%s: the winner %s was trained %d steps, want %d", s.Rule, strategy.Name, steps, want)
			}
			if filepath.Base(r.dir) != s.Run {
				t.Errorf("%s: the winner's run is %s, not %s", s.Rule, filepath.Base(r.dir), s.Run)
			}
		case diverged && steps > want, !diverged && steps != want:
			t.Errorf("%s: the loser %s was trained %d steps, the rule asked for %d", s.Rule, strategy.Name, steps, want)
		}
		if s.Branched[i] > 0 {
			branches++
		}
	}
	if got := len(runs) - 1 - candidates; got > branches {
		t.Errorf("%s: %d branches were trained, the rule asked for %d", s.Rule, got, branches)
	}
	if _, err := os.Stat(filepath.Join(dir, "result.json")); err == nil {
		t.Errorf("%s: a selection wrote the study's result", s.Rule)
	}
}

// TestSelectBadInput checks that each mistake gives one line that says what is
// wrong, before anything is trained.
func TestSelectBadInput(t *testing.T) {
	config := smoke(t)
	config.Growth.Rules = []string{"lag:5"}
	s := open(t, config, filepath.Join(t.TempDir(), "study"))
	for name, test := range map[string]struct {
		rule selection.Rule
		seed int64
		want string
	}{
		"no rule":           {nil, 1, "no selection rule"},
		"seed":              {selection.LAG{Lag: 5}, 99, "no seed 99"},
		"not evaluated":     {selection.LAG{Lag: 3}, 1, "does not evaluate"},
		"beyond the end":    {selection.LAG{Lag: 10}, 1, "before the end"},
		"no such candidate": {selection.Strategy{Name: "magic"}, 1, "no candidate has this name"},
	} {
		_, err := s.Select(context.Background(), test.rule, test.seed)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", name, err, test.want)
		}
	}
	if runs := recordedRuns(t, s.Dir()); len(runs) > 0 {
		t.Errorf("%d runs were trained despite the mistakes", len(runs))
	}
}

// TestSelectBranches lets a rule with decay branches pick in a study whose own rules
// have none.
func TestSelectBranches(t *testing.T) {
	config := smoke(t)
	config.Growth.Rules = []string{selection.LAG{Lag: config.Growth.Lag}.String()}
	rule := selection.Decay{Probe: 1, Length: 2}
	selected, err := open(t, config, filepath.Join(t.TempDir(), "study")).Select(t.Context(), rule, config.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if pool := len(selected.Pool); selected.ExtraSteps != (pool-1)*rule.Probe+pool*rule.Length {
		t.Errorf("it took %d steps more than one training of %d candidates", selected.ExtraSteps, pool)
	}
}
