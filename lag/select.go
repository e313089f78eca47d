package lag

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Select grows the source model and lets a rule pick a strategy with one of the
// study's seeds. It trains the source model first if necessary. It trains
// candidates only as far as the rule asks, and the picked one to the end.
// Select and [Study.Run] share runs, so neither repeats the other's work.
// Select also writes the outcome to selected/ in the study's directory; the state
// of the picked candidate then stays, and is made again if it was removed, see
// [KeepNeeded]. It is an error if the options ask for more than one worker.
func (s *Study) Select(ctx context.Context, rule selection.Rule, seed int64) (*result.Selected, error) {
	index := slices.Index(s.Seeds(), seed)
	switch {
	case index < 0:
		return nil, fmt.Errorf("the study has no seed %d; it has %v", seed, s.Seeds())
	case rule == nil:
		return nil, errors.New("no selection rule was given")
	case s.options.several() != "":
		return nil, fmt.Errorf("a rule picks in one process; %s have nothing to share", s.options.several())
	case s.options.On != nil:
		return nil, errors.New("a rule picks in this process; give no engine")
	}
	if err := s.Config.CheckRule(rule); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	s.session.ForgetFailures() // try them again
	if _, err := s.Pretrain(ctx); err != nil {
		return nil, err
	}
	candidates, err := s.candidates(seed, index)
	if err != nil {
		return nil, err
	}
	var selected *result.Selected
	if err := s.session.Do(ctx, func(ctx context.Context, bring engine.Bring) error {
		selected, err = s.selectFrom(ctx, rule, seed, candidates.With(bring))
		return err
	}); err != nil {
		return nil, err
	}
	selected.Failures = s.session.Failures(seed)
	name := fmt.Sprintf("%s-seed-%d.json", strings.NewReplacer(":", "-", ",", "-", "/", "-").Replace(selected.Rule), seed)
	dir := filepath.Join(s.Dir(), result.SelectedDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// Written first: the state of a run that is named there is not removed.
	if err := sealed.Write(filepath.Join(dir, name), selected); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(candidates.Runs, func(r *engine.Run) bool { return r.Address() == selected.Run }); i >= 0 {
		if err := candidates.Runs[i].EnsureFinal(ctx, candidates.Outcome(i)); err != nil {
			return nil, fmt.Errorf("the state of strategy %s, which %s picked: %w; fix this and select again", selected.Strategy, rule, err)
		}
	}
	return selected, nil
}

// selectFrom lets a rule pick one of the candidates and trains it to the end.
func (s *Study) selectFrom(ctx context.Context, rule selection.Rule, seed int64, candidates *engine.Candidates) (*result.Selected, error) {
	final, err := s.Config.FinalSteps()
	if err != nil {
		return nil, err
	}
	choice, extra, err := selection.Pick(ctx, rule, ending{candidates, final})
	if err != nil {
		return nil, err
	}
	if choice.Index < 0 && candidates.Failure() != nil {
		return nil, engine.Advise("all candidates that the rule followed diverged or failed", candidates.Failure())
	}
	selected := &result.Selected{
		Rule: rule.String(), Seed: seed, Final: result.Undefined(), Trained: choice.Trained, Branched: choice.Branched, Pool: s.Pool.Names(),
		ExtraSteps: total(extra), ExtraFLOPs: float64(total(extra)) * candidates.Runs[0].FLOPs,
	}
	for _, i := range choice.Undecided {
		selected.Undecided = append(selected.Undecided, s.Pool[i].Name)
	}
	winner := choice.Index
	if winner < 0 {
		return selected, nil
	}
	if err := candidates.To(ctx, []int{winner}, candidates.Steps()); err != nil {
		return nil, err
	}
	selected.Strategy, selected.Run = s.Pool[winner].Name, candidates.Runs[winner].Address()
	o := candidates.Outcome(winner)
	if o.Failed != nil {
		return nil, fmt.Errorf("strategy %s, which %s picked: %w; fix this and select again, completed training is kept", selected.Strategy, rule, o.Failed)
	}
	if o.DivergedAt == nil {
		selected.Final = result.Number(meanAt(o, final))
	}
	return selected, nil
}

// ending are candidates whose loss at the end is the mean of the evaluations at some
// steps, as in the analysis of a study.
type ending struct {
	*engine.Candidates
	steps []int
}

// Losses implements [selection.Candidates].
func (e ending) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	losses, err := e.Candidates.Losses(ctx, indices, step)
	if err != nil || step < e.Steps() || len(e.steps) < 2 {
		return losses, err
	}
	for j, i := range indices {
		if o := e.Outcome(i); o.Failed == nil && o.DivergedAt == nil {
			losses[j] = meanAt(o, e.steps)
		}
	}
	return losses, nil
}

// meanAt returns the mean of a run's losses at some steps; NaN if one is not there.
func meanAt(o train.Outcome, steps []int) float64 {
	sum, n := 0.0, 0
	for _, l := range o.Curve {
		if slices.Contains(steps, l.Step) {
			sum, n = sum+l.Value(), n+1
		}
	}
	if n < len(steps) {
		return math.NaN()
	}
	return sum / float64(n)
}

// total returns the sum of steps.
func total(steps []int) int {
	sum := 0
	for _, n := range steps {
		sum += n
	}
	return sum
}

// CheckRule returns an error if a rule cannot be used with [Study.Select]:
// because it does not fit the training, its strategy is not in the pool, or it
// needs losses at steps where the study does not evaluate.
func (c StudyConfig) CheckRule(rule selection.Rule) error {
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
	steps := c.Growth.evaluationSteps(rules)
	for _, step := range rule.Evaluations(c.Growth.Schedule.Steps) {
		if !slices.Contains(steps, step) {
			return advice.Errorf(advice.Rules, "rule %q needs the loss at step %d, where the study does not evaluate; add the rule to the study's rules", rule, step)
		}
	}
	return nil
}
