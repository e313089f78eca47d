package lag

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Stacking is everything that determines a comparison of ways to grow a model
// from scratch in stages. This is gradual stacking (Reddi et al. 2023,
// Efficient Training of Language Models using Few-Shot Learning). An arm uses
// one strategy at every stage, or a selection rule such as LAG picks one at
// each stage, or it is a control. All arms have the same budget of FLOPs. The
// configuration is saved as stacking.json.
type Stacking struct {
	Name string `json:"name"` // directory name; does not affect the results
	Task        // with the model of the first stage

	// Stages are the plan. The FLOPs of its training are the budget of every
	// arm.
	Stages []Stage `json:"stages"`
	Arms   []Arm   `json:"arms"`

	// Schedule is the learning rate over all stages of an arm. Its number of
	// steps is 0 here: the stages determine it.
	Schedule train.Schedule `json:"schedule"`
	PoolOptions
	Seeds []int64 `json:"seeds"` // each used with all arms: initial weights, batches, masks, dropout and new layers

	EvaluateEvery   int  `json:"evaluate_every"`   // steps between validation losses
	CheckpointEvery int  `json:"checkpoint_every"` // steps between checkpoints; does not affect the results
	Keep            Keep `json:"keep,omitempty"`   // states to keep; empty means those that are needed; does not affect the results
}

// Stage is part of a training with a model of one depth.
type Stage = result.Stage

// scheduleOfStage returns the part of the schedule whole that is used to check
// strategies of stage s. Its start is not 0, because stages after the first
// start later.
func scheduleOfStage(s Stage, whole train.Schedule) train.Schedule {
	whole.Start, whole.Steps = 1, s.Steps
	return whole
}

// Arm is one way to train.
type Arm struct {
	Name string `json:"name"`
	Rule string `json:"rule,omitempty"` // picks the strategy at every growth, see [selection.Parse]; empty for an arm with one stage

	// Stages are the arm's own stages if it does not follow the plan. Training
	// from scratch and growing once have their own. Only the ratio of their
	// steps matters.
	Stages []Stage `json:"stages,omitempty"`
}

// EqualStages divides a number of steps equally among stages of growing depth.
// It is [ProportionalStages] with alpha 0.
func EqualStages(depths []growth.Depths, total int) []Stage {
	return ProportionalStages(depths, total, 0)
}

// ProportionalStages divides a number of steps among stages of growing depth by
// a power of the stage's number, as Reddi et al. 2023 and Saunshi et al. 2024
// (arXiv 2409.19044) do:
//
//	steps[i] = total · i^alpha / sum over j of j^alpha,  i = 1 .. k
//
// The last stage gets what rounding leaves over.
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

// Names of arms in [StackingArms].
const (
	AdaptiveArm = "adaptive"    // the rule picks at every stage
	LateArm     = "late growth" // grows once, after all stages but the last
)

// StackingArms returns the arms of a typical comparison: the rule picks at
// every stage; the last block, or the middle block, is repeated at every stage;
// one growth after all stages but the last; and training from scratch.
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
	if err := strictjson.Decode(sealed.Strip(text), &config); err != nil {
		return fmt.Errorf("stacking: %w", err)
	}
	*c = Stacking(config)
	return nil
}

// Validate reports the first invalid setting and how to fix it.
func (c Stacking) Validate() error {
	if err := errors.Join(c.Task.Validate(), validateName(c.Name, "stacking")); err != nil {
		return err
	}
	if err := errors.Join(engine.Positive("evaluate_every", c.EvaluateEvery, "checkpoint_every", c.CheckpointEvery), c.Keep.validate()); err != nil {
		return err
	}
	switch {
	case len(c.Stages) < 2:
		return fmt.Errorf("the stacking has %s; give two or more, from the smallest model to the largest", plain.Count(len(c.Stages), "stage"))
	case !slices.Equal(c.Stages[0].Depths, c.Model.Depths()):
		return fmt.Errorf("the first stage has %s, but the model has %s; make them equal", c.Stages[0].Depths.Layers(), c.Model.Depths().Layers())
	case len(c.Arms) == 0 || len(c.Seeds) == 0:
		return fmt.Errorf("the stacking has %s and %s; give one or more of each", plain.Count(len(c.Arms), "arm"), plain.Count(len(c.Seeds), "seed"))
	case c.Schedule.Steps != 0 || c.Schedule.Start != 0 || c.Schedule.Length != 0:
		return errors.New("the schedule of a stacking has steps, a start or a length; leave them out, because the stages determine them")
	}
	for i, seed := range c.Seeds {
		if slices.Contains(c.Seeds[:i], seed) {
			return fmt.Errorf("seeds contains %d twice; give each seed once", seed)
		}
	}
	whole := c.Schedule
	for i, stage := range c.Stages {
		if stage.Steps < 1 {
			return advice.Value(advice.Stages, "gives stage %d of %s %d steps; each stage needs at least 1", i+1, stage.Depths.Layers(), stage.Steps)
		}
		whole.Steps += stage.Steps
	}
	if err := whole.Validate(); err != nil {
		return err
	}
	names := make(map[string]bool)
	for _, arm := range c.Arms {
		if arm.Name == "" || names[arm.Name] {
			return fmt.Errorf("an arm is named %q; give each arm a unique name", arm.Name)
		}
		if err := plain.CheckName(arm.Name); err != nil {
			return fmt.Errorf("an arm's %w", err)
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
		return fmt.Errorf("it ends with %s, but the plan ends with %s; all arms must end with the same depths", last.Layers(), want.Layers())
	}
	for i, stage := range stages {
		if stage.Steps < 1 {
			return fmt.Errorf("stage %d has %s; it must have at least 1", i+1, plain.Count(stage.Steps, "step"))
		}
		if i == 0 {
			if _, err := c.Model.WithDepths(stage.Depths...); err != nil {
				return fmt.Errorf("stage 1: %w", err)
			}
			continue
		}
		rule, err := selection.Parse(arm.Rule)
		if err == nil && len(arm.Stages) == 0 { // steps of an arm's own stages are only ratios
			err = rule.Validate(stage.Steps)
		}
		if err != nil {
			return err
		}
		before, err := c.Model.WithDepths(stages[i-1].Depths...)
		if err != nil {
			return fmt.Errorf("stage %d: %w", i, err)
		}
		pool, err := c.pool(before.Stacks(), stage.Depths, scheduleOfStage(stage, c.Schedule))
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
		return errors.New("it has a rule but never grows; remove the rule, or add stages")
	}
	return nil
}

// stages returns the stages of an arm.
func (c Stacking) stages(arm Arm) []Stage {
	if len(arm.Stages) > 0 {
		return arm.Stages
	}
	return c.Stages
}

// stepFLOPs returns the counted FLOPs of a training step of m. The task must be
// valid.
func (c Stacking) stepFLOPs(m model.Model) float64 {
	cost, _ := c.Cost(m, 1)
	return cost.FLOPs
}
