package lag

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// validateControls reports the first invalid control.
func (c StudyConfig) validateControls() error {
	controls := c.Growth.Controls
	for i, control := range controls {
		switch {
		case !slices.Contains(result.Controls(), control):
			return fmt.Errorf("there is no control %q%s; the controls are %q", control, closest.Hint(control, result.Controls()), result.Controls())
		case slices.Contains(controls[:i], control):
			return fmt.Errorf("the controls have %q twice; give each once", control)
		case control == result.ControlScratch && c.Pretrain.Initial != "":
			return fmt.Errorf("control %q spends as much as the source model cost, and the cost of %s is not known; use %q", control, c.Pretrain.Initial, result.ControlScratchSteps)
		case control == result.ControlScratchSteps:
			if err := c.ControlSchedule().Validate(); err != nil {
				return fmt.Errorf("control %q: %w", control, err)
			}
		}
	}
	return nil
}

// ControlSchedule returns the learning-rate schedule of the controls. It is the
// whole schedule of the training after growing, with the longer of the two
// warm-ups, because no part of the model is trained yet. It has as many steps
// as a candidate; a control may have more.
func (c StudyConfig) ControlSchedule() train.Schedule {
	schedule := c.Growth.Schedule
	schedule.Start, schedule.Length, schedule.Rewarm, schedule.RewarmFrom = 0, 0, 0, 0
	schedule.WarmUp = max(schedule.WarmUp, c.Pretrain.Schedule.WarmUp)
	return schedule
}

// controlSchedule returns the schedule of one control, with its number of
// steps.
func (c StudyConfig) controlSchedule(control result.Control) (train.Schedule, error) {
	schedule := c.ControlSchedule()
	if control == result.ControlScratch {
		grown, err := c.Model.WithDepths(c.Growth.To...)
		if err != nil {
			return schedule, err
		}
		schedule.Steps += int(float64(c.Pretrain.Schedule.Steps) * c.stepFLOPs(c.Model) / c.stepFLOPs(grown))
	}
	if err := schedule.Validate(); err != nil {
		return schedule, fmt.Errorf("control %q: %w", control, err)
	}
	return schedule, nil
}

// checkControls returns an error if the schedule of a control is invalid.
func (s *Study) checkControls() error {
	for _, control := range s.Config.Growth.Controls {
		if _, err := s.Config.controlSchedule(control); err != nil {
			return err
		}
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
	if control == result.ControlScratchSteps {
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
			c.names, c.runs = append(c.names, name), append(c.runs, run)
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
