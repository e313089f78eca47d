package lag

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
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
type Stage struct {
	Depths growth.Depths `json:"depths"` // layers of each stack of the model, the encoder's first
	Steps  int           `json:"steps"`
}

// schedule is the stage's part of a schedule, as far as strategies must fit it: a
// stage after the first begins at a later position.
func (s Stage) schedule(whole train.Schedule) train.Schedule {
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

// StackingArms are the arms that a comparison wants: the rule at every stage,
// the last and the middle block repeated at every stage, one growth after the
// stages before the last, and training from scratch.
func StackingArms(rule string, stages []Stage) []Arm {
	arms := []Arm{{Name: "adaptive", Rule: rule}, {Name: "stack-last", Rule: "stack-last"}, {Name: "midas", Rule: "midas"}}
	last := stages[len(stages)-1]
	if n := len(stages); n > 2 {
		early := 0
		for _, s := range stages[:n-1] {
			early += s.Steps
		}
		arms = append(arms, Arm{Name: "late growth", Rule: "stack-last", Stages: []Stage{{stages[0].Depths, early}, last}})
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
	if err := c.Schedule.Validate(); err != nil && c.Schedule.WarmUp == 0 { // the steps that a warm-up must fit into are not known yet
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
		if err != nil {
			return err
		}
		pool, err := c.pool(stages[i-1].Depths, stage.Depths, stage.schedule(c.Schedule))
		if err == nil && len(pool) == 0 {
			err = fmt.Errorf("none of the strategies %q grows %s layers to %s; `lag strategies -from %s -to %s` lists those that do",
				c.Strategies, stages[i-1].Depths, stage.Depths, stages[i-1].Depths, stage.Depths)
		}
		if err == nil {
			err = named(resolve(rule, stages[i-1].Depths, stage.Depths, pool), pool)
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

// segment is a stage of an arm as it is trained.
type segment struct {
	Stage
	model    Model
	pool     growth.Pool // that the stage begins with; none for the first
	rule     selection.Rule
	schedule train.Schedule
	flops    float64 // of a step
	extra    int     // steps that the rule is expected to spend on losers
}

// rules are the segment's rule, or none.
func (s segment) rules() []selection.Rule {
	if s.rule == nil {
		return nil
	}
	return []selection.Rule{s.rule}
}

// segments returns the stages of an arm, with their steps scaled so that training
// and probing together take the budget, of which at most one step of the last
// stage is left over. The cost of a step is given by model.
func (c Stacking) segments(arm Arm, budget float64, cost func(Model) float64) ([]segment, error) {
	var list []segment
	for i, stage := range c.stages(arm) {
		model, err := c.Model.WithDepths(stage.Depths...)
		if err != nil {
			return nil, err
		}
		s := segment{Stage: stage, model: model, flops: cost(model)}
		if i > 0 {
			if s.rule, err = selection.Parse(arm.Rule); err != nil {
				return nil, err
			}
			if s.pool, err = c.pool(list[i-1].Depths, stage.Depths, stage.schedule(c.Schedule)); err != nil {
				return nil, err
			}
			s.rule = resolve(s.rule, list[i-1].Depths, stage.Depths, s.pool)
		}
		list = append(list, s)
	}
	if err := fit(list, budget); err != nil {
		return nil, fmt.Errorf("arm %q: %w", arm.Name, err)
	}
	total, start := 0, 0
	for _, s := range list {
		total += s.Steps
	}
	for i := range list {
		s := &list[i]
		s.schedule = c.Schedule
		s.schedule.Start, s.schedule.Steps, s.schedule.Length = start, s.Steps, total
		start += s.Steps
		if err := s.schedule.Validate(); err != nil {
			return nil, fmt.Errorf("arm %q, stage %d: %w", arm.Name, i+1, err)
		}
	}
	return list, nil
}

// fit scales the steps of segments to a budget of FLOPs.
func fit(list []segment, budget float64) error {
	weights := make([]float64, len(list))
	for i, s := range list {
		weights[i] = float64(s.Steps)
	}
	scale := 1.0
	// What a rule spends may depend on the steps of its stage.
	for range 20 {
		training, probing := 0.0, 0.0
		for i := range list {
			s := &list[i]
			s.Steps = max(1, int(scale*weights[i]))
			if s.rule != nil {
				var err error
				if s.extra, err = expectedExtra(s.rule, s.pool, s.Steps); err != nil {
					return fmt.Errorf("probing %d strategies leaves %d steps for stage %d: %w; or take fewer strategies, or longer stages", len(s.pool), s.Steps, i+1, err)
				}
			}
			training += weights[i] * s.flops
			probing += float64(s.extra) * s.flops
		}
		if probing >= budget {
			return fmt.Errorf("probing takes %.3g FLOPs, and the budget is %.3g; shorten the lag, take fewer strategies, or lengthen the stages", probing, budget)
		}
		scale = (budget - probing) / training
	}
	left := budget
	last := &list[len(list)-1]
	for i := range list[:len(list)-1] {
		left -= float64(list[i].Steps+list[i].extra) * list[i].flops
	}
	last.Steps = int(left/last.flops) - last.extra
	if last.Steps < 1 {
		return fmt.Errorf("nothing of the budget is left for the last stage; shorten the lag, take fewer strategies, or lengthen the stages")
	}
	return nil
}

// expectedExtra is how many steps a rule spends on candidates that it does not
// pick, where none diverges.
func expectedExtra(rule selection.Rule, pool growth.Pool, steps int) (int, error) {
	choice, err := rule.Pick(context.Background(), ranked{pool, steps})
	return choice.TotalExtraSteps(), err
}

// ranked are candidates of which each is better than the next.
type ranked struct {
	pool  growth.Pool
	steps int
}

func (r ranked) Len() int          { return len(r.pool) }
func (r ranked) Name(i int) string { return r.pool[i].Name }
func (r ranked) Steps() int        { return r.steps }

func (r ranked) Losses(_ context.Context, indices []int, _ int) ([]float64, error) {
	losses := make([]float64, len(indices))
	for j, i := range indices {
		losses[j] = float64(i)
	}
	return losses, nil
}

func (r ranked) Decayed(ctx context.Context, indices []int, step, _ int) ([]float64, error) {
	return r.Losses(ctx, indices, step)
}
