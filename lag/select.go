package lag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// Select grows the source model, trained first where it is not, and lets a rule
// pick a strategy under a seed, which is one of the study's: candidates are trained
// only as far as the rule asks, and the winner goes on to the end. The runs are
// those of the study, so that neither repeats what the other has done. The outcome
// is also written to selected/ in the study's directory.
func (s *Study) Select(ctx context.Context, rule selection.Rule, seed int64) (*result.Selected, error) {
	index := slices.Index(s.Config.seeds(), seed)
	T := s.Config.Growth.Schedule.Steps
	switch {
	case index < 0:
		return nil, fmt.Errorf("the study has no seed %d; it has %v", seed, s.Config.seeds())
	case rule == nil:
		return nil, errors.New("no selection rule is given")
	}
	if err := s.Config.CheckRule(rule); err != nil {
		return nil, err
	}
	s.failed = nil // it is tried again
	if _, err := s.Pretrain(ctx); err != nil {
		return nil, err
	}
	race, err := s.race(seed, index)
	if err != nil {
		return nil, err
	}
	choice, extra, err := selection.Pick(ctx, rule, race)
	if err != nil {
		return nil, err
	}
	if choice.Index < 0 && race.device != nil {
		return nil, advise("no candidate is left that the rule followed, each having diverged or failed", race.device)
	}
	selected := &result.Selected{
		Rule: rule.String(), Seed: seed, Final: result.Undefined(), Trained: choice.Trained, Branched: choice.Branched, Pool: s.Pool.Names(),
		ExtraSteps: total(extra), ExtraFLOPs: float64(total(extra)) * race.runs[0].FLOPs,
	}
	if winner := choice.Index; winner >= 0 {
		if err := race.to(ctx, []int{winner}, T); err != nil {
			return nil, err
		}
		selected.Strategy = s.Pool[winner].Name
		if selected.Run, err = address(race.runs[winner]); err != nil {
			return nil, err
		}
		o := race.outcomes[winner]
		if o.Failed != nil {
			return nil, fmt.Errorf("strategy %s, which %s picks: %w; mend that and pick again, what was trained is kept", selected.Strategy, rule, o.Failed)
		}
		if o.DivergedAt == nil {
			selected.Final = result.Number(o.Curve[len(o.Curve)-1].Value())
		}
	}
	selected.Failures = s.failures(seed)
	name := fmt.Sprintf("%s-seed-%d.json", strings.NewReplacer(":", "-", ",", "-", "/", "-").Replace(selected.Rule), seed)
	dir := filepath.Join(s.dir, result.SelectedDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return selected, atomicfile.WriteJSON(filepath.Join(dir, name), selected)
}

// CheckRule tells why a rule cannot pick live in a study: it does not fit the
// training, finds no strategy in the pool, or looks where the study does not
// evaluate.
func (c Config) CheckRule(rule selection.Rule) error {
	pool, err := c.Pool()
	if err != nil {
		return err
	}
	rules, err := c.rules(pool)
	if err != nil {
		return err
	}
	if err := selection.Check(rule, c.grown(pool), c.Growth.Schedule.Steps); err != nil {
		return err
	}
	return c.covers(rule, rules)
}

// covers tells why the candidates of a study are not evaluated where a rule
// looks, the study's own rules being others.
func (c Config) covers(rule selection.Rule, rules []selection.Rule) error {
	T := c.Growth.Schedule.Steps
	steps := c.Growth.evaluationSteps(rules)
	for _, step := range rule.Evaluations(T) {
		if !slices.Contains(steps, step) {
			return advice.Errorf(advice.Rules, "rule %q looks at step %d, where the study does not evaluate; put it among the study's rules", rule, step)
		}
	}
	return nil
}
