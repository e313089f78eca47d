package lag

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// validateControls reports the first invalid control. rules are those of the study.
func (c StudyConfig) validateControls(rules []selection.Rule) error {
	controls := c.Growth.Controls
	for i, control := range controls {
		kind := control.Kind()
		if kind == "" {
			return fmt.Errorf("the control %q has no name; the controls are %q, each alone or with a peak learning rate, as in %q", control, result.Controls(), result.ControlScratch.WithPeak(0.001))
		}
		if !slices.Contains(result.Controls(), kind) {
			return fmt.Errorf("there is no control %q%s; the controls are %q", kind, closest.Hint(kind, result.Controls()), result.Controls())
		}
		if slices.Contains(controls[:i], control) {
			return fmt.Errorf("the controls have %q twice; give each once", control)
		}
		peak, err := c.controlPeak(control)
		if err != nil {
			return err
		}
		for _, other := range controls[:i] {
			if same, err := c.controlPeak(other); err == nil && other.Kind() == kind && same == peak {
				return fmt.Errorf("the controls %q and %q are the same training, with the peak learning rate %g; remove one", other, control, peak)
			}
		}
		switch {
		case kind != result.ControlScratchSteps && c.Pretrain.Initial != "":
			return fmt.Errorf("control %q spends as much as the source model cost, and the cost of %s is not known; use %q", control, c.Pretrain.Initial, result.ControlScratchSteps)
		case kind == result.ControlScratchProbes && !slices.ContainsFunc(rules, func(r selection.Rule) bool { return r.String() == c.lagRule().String() }):
			return advice.Errorf(advice.Rules, "control %q spends as much as the rule %s, which is not among the study's rules; add it, or use %q", control, c.lagRule(), result.ControlScratch)
		case kind == result.ControlScratchSteps:
			if err := c.ControlSchedule().Validate(); err != nil {
				return fmt.Errorf("control %q: %w", control, err)
			}
		}
	}
	return nil
}

// lagRule returns LAG with the study's lag.
func (c StudyConfig) lagRule() selection.LAG { return selection.LAG{Lag: c.Growth.Lag} }

// controlPeak returns the peak learning rate of a control.
func (c StudyConfig) controlPeak(control result.Control) (float64, error) {
	peak, err := control.Peak()
	if err == nil && peak == 0 {
		peak = c.Growth.Schedule.Peak
	}
	return peak, err
}

// ControlSchedule returns the learning-rate schedule of the controls. It is the
// whole schedule of the training after growing, with the longer of the two
// warm-ups, because no part of the model is trained yet. It has as many steps
// as a candidate; a control may have more, and a peak of its own.
func (c StudyConfig) ControlSchedule() train.Schedule {
	schedule := c.Growth.Schedule
	schedule.Start, schedule.Length, schedule.Rewarm, schedule.RewarmFrom = 0, 0, 0, 0
	schedule.WarmUp = max(schedule.WarmUp, c.Pretrain.Schedule.WarmUp)
	return schedule
}

// controlSchedule returns the schedule of one control, with its number of
// steps.
func (c StudyConfig) controlSchedule(control result.Control) (schedule train.Schedule, err error) {
	schedule = c.ControlSchedule()
	if schedule.Peak, err = c.controlPeak(control); err != nil {
		return schedule, err
	}
	if kind := control.Kind(); kind != result.ControlScratchSteps {
		grown, err := c.Model.WithDepths(c.Growth.To...)
		if err != nil {
			return schedule, err
		}
		schedule.Steps += int(float64(c.Pretrain.Schedule.Steps) * c.stepFLOPs(c.Model) / c.stepFLOPs(grown))
		if kind == result.ControlScratchProbes {
			pool, err := c.Pool()
			if err != nil {
				return schedule, err
			}
			probes, err := expectedExtra(c.lagRule(), c.grown(pool), c.Growth.Schedule.Steps)
			if err != nil {
				return schedule, err
			}
			schedule.Steps += probes
		}
	}
	if err := schedule.Validate(); err != nil {
		return schedule, fmt.Errorf("control %q: %w", control, err)
	}
	return schedule, nil
}

// checkControls returns an error if the schedule of a control is invalid, or if two
// controls are the same training, as with a pool of one strategy, which has no probes.
func (s *Study) checkControls() error {
	schedules := make(map[train.Schedule]result.Control)
	for _, control := range s.Config.Growth.Controls {
		schedule, err := s.Config.controlSchedule(control)
		if err != nil {
			return err
		}
		if control.Kind() == result.ControlScratchSteps { // on other batches
			continue
		}
		if other, ok := schedules[schedule]; ok {
			return fmt.Errorf("the controls %q and %q are the same training of %s; remove one", other, control, plain.Count(schedule.Steps, "step"))
		}
		schedules[schedule] = control
	}
	return nil
}

// control returns the run of a control with a seed.
func (s *Study) control(control result.Control, seed int64, label progress.Event) (*engine.Run, error) {
	c := s.Config
	schedule, err := c.controlSchedule(control)
	if err != nil {
		return nil, err
	}
	m, err := c.Model.WithDepths(c.Growth.To...)
	if err != nil {
		return nil, err
	}
	whole := c.Growth
	whole.Schedule = schedule
	evaluate := append(engine.EvaluationsEvery(c.Pretrain.EvaluateEvery, schedule.Steps), whole.evaluationSteps(nil)...)
	slices.Sort(evaluate)
	spec := s.session.Spec(progress.PhaseControl, m, seed, schedule, slices.Compact(evaluate))
	if control.Kind() == result.ControlScratchSteps {
		spec.FirstBatch = c.Pretrain.Schedule.Steps
	}
	run, err := s.session.NewRun(spec, nil, train.Checkpoints{Every: c.CheckpointEvery}, label)
	if err == nil {
		run.Last = true
	}
	return run, err
}

// controls are the controls of a study, ordered by seed.
type controls struct {
	names    []result.Control
	runs     []*engine.Run
	trained  []train.Outcome
	releaser *engine.Releaser // nil if all states are kept
	swept    bool             // a control has a learning rate of its own
}

// controls returns the study's controls, not yet trained.
func (s *Study) controls() (*controls, error) {
	c := &controls{}
	names, seeds := s.Config.Growth.Controls, s.Seeds()
	for _, seed := range seeds {
		for place, name := range names {
			label := progress.Event{Phase: progress.PhaseControl, Run: string(name), Seed: seed, Index: len(c.runs), Count: len(names) * len(seeds), Place: place}
			run, err := s.control(name, seed, label)
			if err != nil {
				return nil, err
			}
			c.names, c.runs, c.swept = append(c.names, name), append(c.runs, run), c.swept || name != name.Kind()
		}
	}
	c.releaser = s.releaser(c.runs...)
	return c, nil
}

// jobs returns a job for each control, which trains it.
func (c *controls) jobs() (jobs []engine.Job) {
	c.trained = make([]train.Outcome, len(c.runs))
	for i, run := range c.runs {
		jobs = append(jobs, func(_ context.Context, bring engine.Bring) error {
			outcomes, err := bring([]*engine.Run{run}, math.MaxInt)
			if err != nil {
				return err
			}
			if c.trained[i] = outcomes[0]; c.releaser != nil {
				c.releaser.Run(run)
			}
			return nil
		})
	}
	return jobs
}

// outcomes describes the trained controls.
func (c *controls) outcomes() []result.ControlOutcome {
	var list []result.ControlOutcome
	for i, t := range c.trained {
		run := c.runs[i]
		o := result.ControlOutcome{
			Name: c.names[i], Seed: run.Spec.Seed, Steps: run.Spec.Schedule.Steps, Final: result.Undefined(),
			Curve: points(t.Curve), FLOPs: float64(t.Steps) * run.FLOPs, Status: statusOf(t), DivergedAt: t.DivergedAt,
		}
		if c.swept {
			o.Peak = run.Spec.Schedule.Peak
		}
		if o.Status == result.StatusComplete {
			o.Final = o.Curve[len(o.Curve)-1].Loss
		}
		list = append(list, o)
	}
	return list
}

// TrainControls trains the study's controls with each of its seeds and returns
// their outcomes, ordered by seed. A control that diverges, or in which the
// device fails, is an outcome, not an error.
func (s *Study) TrainControls(ctx context.Context) ([]result.ControlOutcome, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	c, err := s.controls()
	if err == nil {
		err = s.session.Do(ctx, c.jobs()...)
	}
	if err != nil {
		return nil, err
	}
	c.releaseAll()
	return c.outcomes(), nil
}
