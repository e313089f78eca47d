package lag

import (
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/selection"
)

// PlannedRun is a training run that a study needs.
type PlannedRun struct {
	Kind  progress.Phase // pretrain, probe, branch or control
	Name  string         // strategy of a candidate or of a branch's candidate, or the control; empty for the source
	Seed  int64
	Steps int
	From  int     // of a decay branch: the step of its candidate at which it starts
	Peak  float64 // of a control: its peak learning rate
	FLOPs float64 // counted cost of all its steps
}

// PlannedRuns returns the runs of the study in the order in which one process
// trains them: the source, and with each seed the candidates in the order of the
// pool, each with its decay branches, then the controls. Candidates that diverge, and
// [Study.Select], train less than that.
func (c StudyConfig) PlannedRuns() ([]PlannedRun, error) {
	pool, err := c.Pool()
	if err != nil {
		return nil, err
	}
	rules, err := c.rules(pool)
	if err != nil {
		return nil, err
	}
	grown, err := c.Model.WithDepths(c.Growth.To...)
	if err != nil {
		return nil, err
	}
	cost := c.stepFLOPs(grown)
	steps := c.Pretrain.Schedule.Steps
	list := []PlannedRun{{Kind: progress.PhasePretrain, Seed: c.Seed, Steps: steps, FLOPs: float64(steps) * c.stepFLOPs(c.Model)}}
	for _, seed := range c.seeds() {
		for _, s := range pool {
			steps := c.Growth.Schedule.Steps
			list = append(list, PlannedRun{Kind: progress.PhaseProbe, Name: s.Name, Seed: seed, Steps: steps, FLOPs: float64(steps) * cost})
			for _, b := range selection.Branches(rules...) {
				list = append(list, PlannedRun{Kind: progress.PhaseBranch, Name: s.Name, Seed: seed, Steps: b.Decay, From: b.Step, FLOPs: float64(b.Decay) * cost})
			}
		}
	}
	for _, seed := range c.seeds() {
		for _, control := range c.Growth.Controls {
			schedule, err := c.controlSchedule(control)
			if err != nil {
				return nil, err
			}
			list = append(list, PlannedRun{Kind: progress.PhaseControl, Name: string(control), Seed: seed, Steps: schedule.Steps, Peak: schedule.Peak, FLOPs: float64(schedule.Steps) * cost})
		}
	}
	return list, nil
}
