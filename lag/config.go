package lag

import (
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/objective"
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

// StudyConfig is everything that determines a study. It is saved as study.json.
type StudyConfig struct {
	Name string `json:"name"` // directory name; does not affect the results
	Task
	Pretrain Pretraining `json:"pretrain"`
	Growth   Growth      `json:"growth"`

	CheckpointEvery int  `json:"checkpoint_every"` // steps between checkpoints; does not affect the results
	Keep            Keep `json:"keep,omitempty"`   // states to keep; empty means those that are needed; does not affect the results
}

// Pretraining is how the source model is trained.
type Pretraining struct {
	// Initial is a model directory or the directory of a run. Pretraining
	// starts from that model. If the schedule has 0 steps, the model itself is
	// the source. Empty means the model's own initialization.
	Initial string `json:"initial,omitempty"`
	// NewVocabulary allows a new vocabulary for an initial model whose tokenizer
	// is not known, see [Training].
	NewVocabulary bool `json:"new_vocabulary,omitempty"`

	Schedule      train.Schedule `json:"schedule"`
	EvaluateEvery int            `json:"evaluate_every"` // steps between validation losses
}

// Growth is how candidates are grown, trained and picked.
type Growth struct {
	To       growth.Depths  `json:"to"`       // layers of each stack of the grown models, the encoder first
	Lag      int            `json:"lag"`      // k of LAG(k): steps after growing at which LAG picks
	Schedule train.Schedule `json:"schedule"` // of the training after growing; its Steps are T
	Seeds    []int64        `json:"seeds"`    // for training after growing, each used with all strategies: batches, masks, dropout and new layers; empty means the task's seed
	// EarlyBatches is the number of validation batches for the evaluations after
	// step 0 and before the lag, where candidates differ by far more than the error
	// of a small validation set. 0, or not fewer than there are, means all of them.
	EarlyBatches int `json:"early_batches,omitempty"`
	// FinalEvaluations is the number of last evaluations whose mean is the final loss
	// of a strategy in the analysis; 0 or 1 means the last alone. More than one lowers
	// noise where the learning rate is constant at the end, and biases the losses
	// where it falls, see [result.Study.FinalSteps]. It affects no training.
	FinalEvaluations int `json:"final_evaluations,omitempty"`
	PoolOptions
	Custom   growth.Pool      `json:"custom,omitempty"`   // strategies in addition to the pool's
	Rules    []string         `json:"rules,omitempty"`    // selection rules, see [selection.Parse]; empty means those of [selection.Default]
	Controls []result.Control `json:"controls,omitempty"` // trainings from scratch for comparison, run with each seed
}

// PoolOptions selects the strategies of a pool.
type PoolOptions struct {
	GateSteps  int            `json:"gate_steps"`           // steps until the gates of gated strategies are open
	Moments    growth.Moments `json:"moments"`              // how strategies treat the optimizer's moments
	Rewarm     int            `json:"rewarm"`               // steps of re-warm-up, or of training only the new layers, for strategies that do so
	Wide       bool           `json:"wide"`                 // use the wide pool, see [growth.Options]
	Strategies []string       `json:"strategies,omitempty"` // names from the pool; empty means all
	Few        bool           `json:"few,omitempty"`        // only the strategies that differ most; has no effect if Wide or All is set or Strategies are named
	All        bool           `json:"all,omitempty"`        // use all strategies: the wide pool and more, see [growth.Options]
}

// UnmarshalJSON reads a configuration. Unknown and missing fields are errors.
func (c *StudyConfig) UnmarshalJSON(text []byte) error {
	type fields StudyConfig
	var config fields
	if err := strictjson.Decode(sealed.Strip(text), &config); err != nil {
		return fmt.Errorf("study: %w", err)
	}
	*c = StudyConfig(config)
	return nil
}

// Validate reports the first invalid setting and how to fix it.
func (c StudyConfig) Validate() error {
	if err := c.initial().validate(c.Task); err != nil {
		return err
	}
	if err := errors.Join(c.Task.Validate(), validateName(c.Name, "study")); err != nil {
		return err
	}
	if c.Pretrain.Schedule.Steps < 1 && c.Pretrain.Initial == "" {
		return advice.Value(advice.PretrainSteps, "is %d; it must be at least 1, or pretrain.initial must name a model", c.Pretrain.Schedule.Steps)
	}
	if err := engine.Positive("pretrain.evaluate_every", c.Pretrain.EvaluateEvery,
		"growth.schedule.steps", c.Growth.Schedule.Steps, "growth.lag", c.Growth.Lag, "checkpoint_every", c.CheckpointEvery); err != nil {
		return err
	}
	if c.Growth.EarlyBatches < 0 {
		return advice.Value(advice.EarlyBatches, "is %d; it must not be negative", c.Growth.EarlyBatches)
	}
	mlm, _ := c.Objective.Settings.(objective.MLM)
	switch {
	case mlm.Pairs != nil:
		return errors.New("studies train on packed sequences; remove the objective's pairs")
	case c.Growth.Lag >= c.Growth.Schedule.Steps:
		return fmt.Errorf("the lag is %s; it must be shorter than the training after growing, which has %s", plain.Count(c.Growth.Lag, "step"), plain.Count(c.Growth.Schedule.Steps, "step"))
	}
	for i, seed := range c.Growth.Seeds {
		if slices.Contains(c.Growth.Seeds[:i], seed) {
			return fmt.Errorf("growth.seeds contains %d twice; give each seed once", seed)
		}
	}
	if err := c.Pretrain.Schedule.Validate(); err != nil {
		return fmt.Errorf("pretraining: %w", err)
	}
	if err := c.Growth.Schedule.Validate(); err != nil {
		return fmt.Errorf("training after growing: %w", err)
	}
	if err := c.Keep.validate(); err != nil {
		return err
	}
	pool, err := c.Pool()
	if err != nil {
		return err
	}
	rules, err := c.rules(pool)
	if err != nil {
		return err
	}
	if err := result.CheckFinalEvaluations(c.Growth.FinalEvaluations, c.Growth.evaluationSteps(rules), c.Growth.Lag); err != nil {
		return err
	}
	return c.validateControls(rules)
}

// Pool returns the strategies of the study: those of the pool and the custom
// ones.
func (c StudyConfig) Pool() (growth.Pool, error) {
	from := c.Model.Depths()
	pool, err := c.Growth.pool(c.Model.Stacks(), c.Growth.To, c.Growth.Schedule)
	if err != nil {
		return nil, err
	}
	if err := c.Growth.missing(c.Model.Stacks(), c.Growth.To, c.Growth.Schedule); err != nil {
		return nil, err
	}
	pool = pool.Union(c.Growth.Custom)
	for _, s := range pool {
		if _, err := scheduleOf(c.Growth.Schedule, s); err != nil {
			return nil, err
		}
	}
	return pool, pool.Validate(from, c.Growth.To)
}

// pool returns the strategies that grow stacks to other depths and fit the stacks and
// the schedule.
func (o PoolOptions) pool(stacks []growth.Stack, to growth.Depths, schedule train.Schedule) (growth.Pool, error) {
	pool, err := o.whole(depthsOf(stacks), to)
	if err != nil {
		return nil, err
	}
	pool = pool.Filter(func(s growth.Strategy) bool { return fits(schedule, s) == nil && fitsModel(stacks, s) == nil })
	return pool.Filter(func(s growth.Strategy) bool { return len(o.Strategies) == 0 || slices.Contains(o.Strategies, s.Name) }), nil
}

// whole returns the pool with strategies that may not fit the schedule.
func (o PoolOptions) whole(from, to growth.Depths) (growth.Pool, error) {
	return growth.NewPoolFor(from, to, &growth.Options{GateSteps: o.GateSteps, Moments: o.Moments, Wide: o.Wide, All: o.All, RewarmSteps: o.Rewarm, Few: o.Few && len(o.Strategies) == 0})
}

// depthsOf returns the numbers of layers of stacks.
func depthsOf(stacks []growth.Stack) growth.Depths {
	depths := make(growth.Depths, len(stacks))
	for i, stack := range stacks {
		depths[i] = stack.Depth
	}
	return depths
}

// LeftOut returns the strategies of the pool that the study leaves out because they
// do not fit its training or its model, and why the first of either kind does not. A
// strategy that is named in the configuration is never left out.
func (c StudyConfig) LeftOut() (names []string, why error) {
	pool, err := c.Growth.whole(c.Model.Depths(), c.Growth.To)
	if err != nil || len(c.Growth.Strategies) > 0 {
		return nil, nil
	}
	var ofTraining, ofModel error
	for _, s := range pool {
		training, model := fits(c.Growth.Schedule, s), fitsModel(c.Model.Stacks(), s)
		if training == nil && model == nil {
			continue
		}
		names = append(names, s.Name)
		if ofTraining == nil {
			ofTraining = training
		}
		if ofModel == nil {
			ofModel = model
		}
	}
	switch {
	case ofModel == nil:
		return names, ofTraining
	case ofTraining == nil:
		return names, ofModel
	}
	return names, fmt.Errorf("%w; %w", ofTraining, ofModel)
}

// missing reports why a strategy named in the options is not in the pool.
func (o PoolOptions) missing(stacks []growth.Stack, to growth.Depths, schedule train.Schedule) error {
	from := depthsOf(stacks)
	for i, name := range o.Strategies {
		if slices.Contains(o.Strategies[:i], name) {
			return fmt.Errorf("the strategies contain %q twice; give each once", name)
		}
	}
	all, err := growth.NewPoolFor(from, to, &growth.Options{GateSteps: o.GateSteps, Moments: o.Moments, All: true, RewarmSteps: o.Rewarm})
	if err != nil {
		return err
	}
	wide, err := growth.NewPoolFor(from, to, &growth.Options{GateSteps: o.GateSteps, Moments: o.Moments, Wide: true, RewarmSteps: o.Rewarm})
	if err != nil {
		return err
	}
	narrow, err := growth.NewPoolFor(from, to, nil)
	if err != nil {
		return err
	}
	listed := narrow // the wide pool fills pages
	switch {
	case o.All:
		listed = all
	case o.Wide:
		listed = wide
	}
	for _, name := range o.Strategies {
		strategy, ok := all.ByName(name)
		if !ok {
			return advice.Errorf(advice.Strategies, "no strategy %q%s grows %s layers to %s; these do: %q", name, closest.Hint(name, all.Names()), from, to, listed.Names())
		}
		if _, ok := wide.ByName(name); !ok && !o.All {
			return advice.Errorf(advice.AllStrategies, "strategy %q is only in the pool of all strategies; use that", name)
		}
		if _, ok := narrow.ByName(name); !ok && !o.Wide && !o.All {
			return advice.Errorf(advice.Wide, "strategy %q is only in the wide pool; use the wide pool", name)
		}
		if err := fitsModel(stacks, strategy); err != nil {
			return err
		}
		if err := fits(schedule, strategy); err != nil {
			return err
		}
	}
	return nil
}

// fitsModel reports why a strategy cannot be used with a model's stacks.
func fitsModel(stacks []growth.Stack, s growth.Strategy) error {
	for _, stack := range stacks {
		if err := s.Fits(stack); err != nil {
			return err
		}
	}
	return nil
}

// fits reports why a strategy cannot be used with a schedule.
func fits(schedule train.Schedule, s growth.Strategy) error {
	if s.Restart && schedule.Start == 0 {
		return fmt.Errorf("strategy %q restarts the learning-rate schedule, but the schedule after growing starts at 0 for all strategies; give it a start, or remove the strategy", s.Name)
	}
	if s.NewFirst >= schedule.Steps || s.Init.GateSteps > schedule.Steps {
		return advice.Errorf(advice.GateSteps, "strategy %q trains only new layers for %s and opens gates over %s, but the training has %d; use fewer steps", s.Name, plain.Count(s.NewFirst, "step"), plain.Count(s.Init.GateSteps, "step"), schedule.Steps)
	}
	if s.Rewarm > schedule.Steps {
		return fmt.Errorf("strategy %q warms up the learning rate for %s, but the training has %d; use fewer steps", s.Name, plain.Count(s.Rewarm, "step"), schedule.Steps)
	}
	return nil
}

// schedulesOf returns the learning-rate schedule of each strategy in the pool.
func schedulesOf(schedule train.Schedule, pool growth.Pool) ([]train.Schedule, error) {
	list := make([]train.Schedule, len(pool))
	for i, s := range pool {
		var err error
		if list[i], err = scheduleOf(schedule, s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// scheduleOf returns the learning-rate schedule of a strategy.
func scheduleOf(schedule train.Schedule, s growth.Strategy) (train.Schedule, error) {
	if err := fits(schedule, s); err != nil {
		return schedule, err
	}
	if s.Restart {
		schedule.Start, schedule.Length = 0, 0
	}
	if s.Rewarm > 0 {
		schedule.Rewarm, schedule.RewarmFrom = s.Rewarm, 0
	}
	if err := schedule.Validate(); err != nil {
		return schedule, fmt.Errorf("strategy %q: %w", s.Name, err)
	}
	return schedule, nil
}

// seeds returns the seeds for training after growing.
func (c StudyConfig) seeds() []int64 {
	if len(c.Growth.Seeds) == 0 {
		return []int64{c.Seed}
	}
	return c.Growth.Seeds
}

// rules returns the selection rules that the study compares.
func (c StudyConfig) rules(pool growth.Pool) ([]selection.Rule, error) {
	T, grown := c.Growth.Schedule.Steps, c.grown(pool)
	var rules []selection.Rule
	if len(c.Growth.Rules) == 0 {
		for _, rule := range selection.Default(c.Growth.Lag, T) {
			if selection.Check(rule, grown, T) == nil {
				rules = append(rules, rule)
			}
		}
		return rules, nil
	}
	for _, text := range c.Growth.Rules {
		rule, err := selection.Parse(text)
		if err == nil {
			err = selection.Check(rule, grown, T)
		}
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// grown describes the pool's candidates for selection rules.
func (c StudyConfig) grown(pool growth.Pool) selection.Grown {
	return selection.NewGrown(c.Model.Depths(), c.Growth.To, pool)
}

// stepFLOPs returns the counted FLOPs of a training step of m. The task must be
// valid.
func (c StudyConfig) stepFLOPs(m model.Model) float64 {
	cost, _ := c.Cost(m, 1)
	return cost.FLOPs
}

// Task describes a model, its training data, objective and optimizer.
type Task = engine.Task

// validateName returns an error if name cannot be the name of a directory.
func validateName(name, what string) error {
	if err := plain.CheckDirName(name); err != nil {
		return fmt.Errorf("%q is not a name for a %s: %w", name, what, err)
	}
	return nil
}
