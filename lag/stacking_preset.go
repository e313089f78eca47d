package lag

import (
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// quickStacking grows the model of the study "quick" in three stages. On two cores
// of an AMD EPYC with XLA it takes 21 minutes; the final losses are 2.635 (MIDAS) to
// 2.873 (late growth).
//
//	go run ./lag/cmd/lag stack -preset quick
//
// The pool has nine strategies; some exist for only one of the two growths. The
// lag is short. With all strategies, or with a lag of 30, the probes would take
// more than a third of the budget.
func quickStacking() (Stacking, error) {
	study, err := quick()
	stages := EqualStages([]growth.Depths{{3}, {6}, {9}}, 3600)
	return Stacking{
		Name: "quick-stacking", Task: study.Task, Stages: stages, Arms: StackingArms("lag:20", stages),
		Schedule: train.Schedule{Kind: train.Linear, Peak: 4e-3, WarmUp: 100},
		PoolOptions: PoolOptions{GateSteps: 30, Moments: growth.MomentsCopy, Rewarm: 30, Strategies: []string{
			"stack", "interleave", "repeat-last-1", "repeat-middle-1", "repeat-last-3", "repeat-middle-3", "random-top", "stack-zero", "interleave-zero",
		}},
		Seeds: []int64{1, 2}, EvaluateEvery: 100, CheckpointEvery: 200,
	}, err
}

// bertStacking does the same with the model of the study "bert". Its stages are
// twice as long, because the model must leave the unigram plateau in the first
// stage.
//
//	go run ./lag/cmd/lag stack -preset bert -workers 2
//
// On the machine of [quickStacking] it takes 50 minutes. On 50 MB of Wikipedia the
// final losses are 2.963 (adaptive) to 3.145 (late growth).
func bertStacking() (Stacking, error) {
	c, err := quickStacking()
	if err != nil {
		return c, err
	}
	study, err := bertStudy()
	c.Name, c.Task = "bert-stacking", study.Task
	c.Stages = EqualStages([]growth.Depths{{3}, {6}, {9}}, 7200)
	c.Arms = StackingArms("lag:20", c.Stages)
	c.Schedule.Peak = 3e-3
	c.EvaluateEvery = 200
	return c, err
}

// smokeStacking runs in seconds on the pure-Go backend. It shows that
// everything works; its numbers mean nothing. Final losses are 4.44 to 4.51.
//
//	go run ./lag/cmd/lag stack -preset smoke
func smokeStacking() (Stacking, error) {
	study, err := smoke()
	if err != nil {
		return Stacking{}, err
	}
	c, err := quickStacking()
	if err != nil {
		return c, err
	}
	c.Name, c.Task = "smoke-stacking", study.Task
	c.Model, err = study.Model.WithDepths(2)
	c.Stages = EqualStages([]growth.Depths{{2}, {3}, {4}}, 120)
	c.Arms = StackingArms("lag:2", c.Stages)
	c.Schedule.WarmUp, c.GateSteps, c.Rewarm, c.Strategies = 5, 5, 5, []string{"stack", "interleave", "repeat-last-1", "repeat-middle-1", "random-top"}
	c.Seeds, c.EvaluateEvery, c.CheckpointEvery = []int64{1}, 10, 10
	return c, err
}
