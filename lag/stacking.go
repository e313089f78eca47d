package lag

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Stacking is everything that determines a comparison of ways to grow a model
// from scratch in stages: gradual stacking (Reddi et al. 2023, Efficient Training
// of Language Models using Few-Shot Learning), with one strategy at every stage
// or, adaptively, with the one that a selection rule such as LAG picks there,
// beside controls. All arms may spend the same FLOPs. It is saved as stacking.json.
type Stacking struct {
	Name string `json:"name"` // of the comparison; no part of what it computes
	Task        // its model is that of the first stage

	// Stages are the plan. Its FLOPs, without any probing, are the budget of every arm.
	Stages []Stage `json:"stages"`
	Arms   []Arm   `json:"arms"`

	// Schedule is the learning rate over all stages of an arm, whatever their
	// number of steps, which is left 0 here.
	Schedule train.Schedule `json:"schedule"`
	PoolOptions
	Seeds []int64 `json:"seeds"` // each for all arms: initial weights, batches, masks, dropout and new layers

	EvaluateEvery   int `json:"evaluate_every"`   // steps between validation losses
	CheckpointEvery int `json:"checkpoint_every"` // steps between checkpoints; no part of what is computed
}

// Stage is a part of a training at one depth.
type Stage = result.Stage

// scheduleOfStage is a stage's part of a schedule, as far as strategies must fit
// it: a stage after the first begins at a later position.
func scheduleOfStage(s Stage, whole train.Schedule) train.Schedule {
	whole.Start, whole.Steps = 1, s.Steps
	return whole
}

// Arm is one way to train.
type Arm struct {
	Name string `json:"name"`
	Rule string `json:"rule,omitempty"` // picks the strategy at every growth, see [selection.Parse]; none for an arm of one stage

	// Stages are the arm's own where it does not follow the plan, as training
	// from scratch or growing once do. Only the proportion of their steps counts.
	Stages []Stage `json:"stages,omitempty"`
}

// EqualStages, and ProportionalStages in general, divide a number of steps among
// stages of growing depth by a power of the stage's number:
//
//	steps[i] = total · i^alpha / sum over j of j^alpha,  i = 1 .. k
//
// as Reddi et al. 2023 and Saunshi et al. 2024 (arXiv 2409.19044) do. Equal stages
// have alpha 0. What rounding leaves goes to the last stage.
func EqualStages(depths []growth.Depths, total int) []Stage {
	return ProportionalStages(depths, total, 0)
}

// ProportionalStages is described at [EqualStages].
func ProportionalStages(depths []growth.Depths, total int, alpha float64) []Stage {
	sum := 0.0
	for i := range depths {
		sum += math.Pow(float64(i+1), alpha)
	}
	stages, left := make([]Stage, len(depths)), total
	for i, d := range depths {
		stages[i] = Stage{Depths: d, Steps: int(float64(total) * math.Pow(float64(i+1), alpha) / sum)}
		left -= stages[i].Steps
	}
	if len(stages) > 0 {
		stages[len(stages)-1].Steps += left
	}
	return stages
}

// Names of arms of [StackingArms].
const (
	AdaptiveArm = "adaptive"    // its rule picks at every stage
	LateArm     = "late growth" // grows once, after all stages but the last
)

// StackingArms are the arms that a comparison wants: the rule at every stage,
// the last and the middle block repeated at every stage, one growth after the
// stages before the last, and training from scratch.
func StackingArms(rule string, stages []Stage) []Arm {
	arms := []Arm{{Name: AdaptiveArm, Rule: rule}, {Name: "stack-last", Rule: "stack-last"}, {Name: "midas", Rule: "midas"}}
	last := stages[len(stages)-1]
	if n := len(stages); n > 2 {
		early := 0
		for _, s := range stages[:n-1] {
			early += s.Steps
		}
		arms = append(arms, Arm{Name: LateArm, Rule: "stack-last", Stages: []Stage{{Depths: stages[0].Depths, Steps: early}, last}})
	}
	return append(arms, Arm{Name: "scratch", Stages: []Stage{last}})
}

// UnmarshalJSON reads a configuration. Unknown and missing fields are errors.
func (c *Stacking) UnmarshalJSON(text []byte) error {
	type fields Stacking
	var config fields
	if err := strictjson.Decode(text, &config); err != nil {
		return fmt.Errorf("stacking: %w", err)
	}
	*c = Stacking(config)
	return nil
}

// Validate says what is impossible in the configuration, and how to mend it.
func (c Stacking) Validate() error {
	if err := errors.Join(c.Task.Validate(), validateName(c.Name, "stacking")); err != nil {
		return err
	}
	if err := positive("evaluate_every", c.EvaluateEvery, "checkpoint_every", c.CheckpointEvery); err != nil {
		return err
	}
	switch {
	case len(c.Stages) < 2:
		return fmt.Errorf("there are %d stages; give two or more, from the smallest model to the largest", len(c.Stages))
	case !slices.Equal(c.Stages[0].Depths, c.Model.Depths()):
		return fmt.Errorf("the first stage has %s layers where the model has %s; give both the same", c.Stages[0].Depths, c.Model.Depths())
	case len(c.Arms) == 0 || len(c.Seeds) == 0:
		return fmt.Errorf("there are %d arms and %d seeds; give one or more of each", len(c.Arms), len(c.Seeds))
	case c.Schedule.Steps != 0 || c.Schedule.Start != 0 || c.Schedule.Length != 0:
		return errors.New("the schedule of a stacking has steps, a start or a length; leave them out, the stages determine them")
	}
	for i, seed := range c.Seeds {
		if slices.Contains(c.Seeds[:i], seed) {
			return fmt.Errorf("seeds has %d twice; give each seed once", seed)
		}
	}
	whole := c.Schedule
	for _, stage := range c.Stages {
		whole.Steps += max(stage.Steps, 0)
	}
	if err := whole.Validate(); err != nil {
		return err
	}
	names := make(map[string]bool)
	for _, arm := range c.Arms {
		if arm.Name == "" || names[arm.Name] {
			return fmt.Errorf("an arm is named %q; give each arm a name of its own", arm.Name)
		}
		names[arm.Name] = true
		if err := c.validateArm(arm); err != nil {
			return fmt.Errorf("arm %q: %w", arm.Name, err)
		}
	}
	return nil
}

func (c Stacking) validateArm(arm Arm) error {
	stages := c.stages(arm)
	if last, want := stages[len(stages)-1].Depths, c.Stages[len(c.Stages)-1].Depths; !slices.Equal(last, want) {
		return fmt.Errorf("it ends at %s layers where the plan ends at %s; let all arms end at one depth", last, want)
	}
	for i, stage := range stages {
		if stage.Steps < 1 {
			return fmt.Errorf("stage %d has %d steps; it must have at least 1", i+1, stage.Steps)
		}
		if i == 0 {
			if _, err := c.Model.WithDepths(stage.Depths...); err != nil {
				return fmt.Errorf("stage 1: %w", err)
			}
			continue
		}
		rule, err := selection.Parse(arm.Rule)
		if err == nil && len(arm.Stages) == 0 { // else the steps are but a proportion
			err = rule.Validate(stage.Steps)
		}
		if err != nil {
			return err
		}
		pool, err := c.pool(stages[i-1].Depths, stage.Depths, scheduleOfStage(stage, c.Schedule))
		if err == nil && len(pool) == 0 {
			err = advice.Errorf(advice.StackingPool, "none of the strategies %q grows %s layers to %s", c.Strategies, stages[i-1].Depths, stage.Depths)
		}
		if err == nil {
			if f, ok := rule.(selection.Finder); ok {
				_, err = f.Find(selection.NewGrown(stages[i-1].Depths, stage.Depths, pool))
			}
		}
		if err != nil {
			return fmt.Errorf("stage %d: %w", i+1, err)
		}
	}
	if len(stages) == 1 && arm.Rule != "" {
		return errors.New("it has a rule and never grows; leave the rule out, or give it stages")
	}
	return nil
}

// stages are those of an arm.
func (c Stacking) stages(arm Arm) []Stage {
	if len(arm.Stages) > 0 {
		return arm.Stages
	}
	return c.Stages
}
