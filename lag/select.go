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
	"github.com/landscape-aware/growing/lag/selection"
)

// Selected is what a rule picked live: with candidates trained as far as it asked,
// and the winner to the end from its own state.
type Selected struct {
	Rule       string   `json:"rule"`
	Seed       int64    `json:"seed"`
	Strategy   string   `json:"strategy"`    // empty where all stopped that the rule followed
	Final      Number   `json:"final"`       // validation loss of the winner at the end, nats
	Run        string   `json:"run"`         // name of the winner's directory within the study's
	Trained    []int    `json:"trained"`     // steps of each strategy of the pool before the winner went on
	Branched   []int    `json:"branched"`    // steps of each strategy's decay branches
	ExtraSteps int      `json:"extra_steps"` // beyond training the winner alone
	ExtraFLOPs float64  `json:"extra_flops"` // of these steps
	Pool       []string `json:"pool"`        // names of the strategies

	Failures []Failure `json:"failures,omitempty"` // of the device, in candidates that the rule passed over for that
}

// Select grows the source model, trained first where it is not, and lets a rule
// pick a strategy under a seed, which is one of the study's: candidates are trained
// only as far as the rule asks, and the winner goes on to the end. The runs are
// those of the study, so that neither repeats what the other has done. The outcome
// is also written to selected/ in the study's directory.
func (s *Study) Select(ctx context.Context, rule selection.Rule, seed int64) (*Selected, error) {
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
	rule = resolve(rule, s.Config.Model.Depths(), s.Config.Growth.To, s.Pool)
	s.failed = nil // it is tried again
	if _, err := s.Pretrain(ctx); err != nil {
		return nil, err
	}
	race, err := s.race(seed, index)
	if err != nil {
		return nil, err
	}
	choice, extra, err := pick(ctx, rule, race, learnSteps(race.pool))
	if err != nil {
		return nil, err
	}
	if choice.Index < 0 && race.device != nil {
		return nil, advise("no candidate is left that the rule followed, each having diverged or failed", race.device)
	}
	selected := &Selected{
		Rule: rule.String(), Seed: seed, Final: undefined(), Trained: choice.Trained, Branched: choice.Branched, Pool: s.Pool.Names(),
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
			selected.Final = Number(o.Curve[len(o.Curve)-1].Value())
		}
	}
	selected.Failures = s.failures(seed)
	name := fmt.Sprintf("%s-seed-%d.json", strings.NewReplacer(":", "-", ",", "-", "/", "-").Replace(selected.Rule), seed)
	dir := filepath.Join(s.dir, "selected")
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
	rule = resolve(rule, c.Model.Depths(), c.Growth.To, pool)
	if err := rule.Validate(c.Growth.Schedule.Steps); err != nil {
		return err
	}
	if err := named(rule, pool); err != nil {
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
			return fmt.Errorf("rule %q looks at step %d, where the study does not evaluate; put it among the study's rules (-rules)", rule, step)
		}
	}
	return nil
}
