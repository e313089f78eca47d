package lag

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// validateControls says which control is impossible.
func (c Config) validateControls() error {
	controls := c.Growth.Controls
	for i, control := range controls {
		switch {
		case !slices.Contains(result.Controls(), control):
			return fmt.Errorf("there is no control %q; the controls are %q", control, result.Controls())
		case slices.Contains(controls[:i], control):
			return fmt.Errorf("the controls have %q twice; give each once", control)
		case control == result.ControlScratch && c.Pretrain.Initial != "":
			return fmt.Errorf("control %q spends what the source cost, and what that of %s did is not known; take %q", control, c.Pretrain.Initial, result.ControlScratchSteps)
		case control == result.ControlScratchSteps:
			if err := c.ControlSchedule().Validate(); err != nil {
				return fmt.Errorf("control %q: %w", control, err)
			}
		}
	}
	return nil
}

// ControlSchedule is the learning-rate schedule of the controls: the whole of that
// after growing, with the longer of the two warm-ups, since nothing in the model is
// trained yet. Its steps are those of a candidate; a control may have more.
func (c Config) ControlSchedule() train.Schedule {
	schedule := c.Growth.Schedule
	schedule.Start, schedule.Length, schedule.Rewarm, schedule.RewarmFrom = 0, 0, 0, 0
	schedule.WarmUp = max(schedule.WarmUp, c.Pretrain.Schedule.WarmUp)
	return schedule
}

// controlSchedule is that of one control, with its steps.
func (s *Study) controlSchedule(control result.Control) (train.Schedule, error) {
	c := s.Config
	schedule := c.ControlSchedule()
	if control == result.ControlScratch {
		grown, err := c.Model.WithDepths(c.Growth.To...)
		if err != nil {
			return schedule, err
		}
		schedule.Steps += int(float64(c.Pretrain.Schedule.Steps) * s.cost(c.Model).FLOPs / s.cost(grown).FLOPs)
	}
	if err := schedule.Validate(); err != nil {
		return schedule, fmt.Errorf("control %q: %w", control, err)
	}
	return schedule, nil
}

// checkControls says which control is impossible, now that its cost is known.
func (s *Study) checkControls() error {
	for _, control := range s.Config.Growth.Controls {
		if _, err := s.controlSchedule(control); err != nil {
			return err
		}
	}
	return nil
}

// control returns the run of a control under a seed.
func (s *Study) control(control result.Control, seed int64, event progress.Event) (*train.Run, error) {
	c := s.Config
	schedule, err := s.controlSchedule(control)
	if err != nil {
		return nil, err
	}
	model, err := c.Model.WithDepths(c.Growth.To...)
	if err != nil {
		return nil, err
	}
	whole := c.Growth
	whole.Schedule = schedule
	evaluate := append(evaluationsEvery(c.Pretrain.EvaluateEvery, schedule.Steps), whole.evaluationSteps(nil)...)
	slices.Sort(evaluate)
	config := s.runConfig(progress.PhaseControl, model, seed, schedule, slices.Compact(evaluate))
	if control == result.ControlScratchSteps {
		config.FirstBatch = c.Pretrain.Schedule.Steps
	}
	run, err := s.newRun(config, train.Checkpoints{Every: c.CheckpointEvery}, event)
	if err != nil {
		return nil, err
	}
	s.begin(run, func(context.Context) (*train.State, error) { return run.Program.NewState(seed), nil })
	return run, nil
}

// TrainControls trains the study's controls under each of its seeds, all of a seed
// before the next. One that diverges, or whose device fails, is an outcome.
func (s *Study) TrainControls(ctx context.Context) ([]result.ControlOutcome, error) {
	var outcomes []result.ControlOutcome
	var runs []*train.Run
	controls, seeds := s.Config.Growth.Controls, s.Config.seeds()
	for _, seed := range seeds {
		for _, control := range controls {
			event := progress.Event{Phase: progress.PhaseControl, Run: string(control), Seed: seed, Index: len(runs), Count: len(controls) * len(seeds)}
			run, err := s.control(control, seed, event)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
			outcomes = append(outcomes, result.ControlOutcome{Name: control, Seed: seed, Steps: run.Schedule.Steps, Final: result.Undefined()})
		}
	}
	trained, err := s.share(ctx, runs, math.MaxInt)
	if err != nil {
		return nil, err
	}
	for i, t := range trained {
		o := &outcomes[i]
		o.Curve, o.FLOPs = points(t.Curve), float64(t.Steps)*runs[i].FLOPs
		if o.Status, o.DivergedAt = statusOf(t), t.DivergedAt; o.Status == result.StatusComplete {
			o.Final = o.Curve[len(o.Curve)-1].Loss
		}
	}
	return outcomes, nil
}
