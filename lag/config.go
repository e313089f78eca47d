package lag

import (
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Config is everything that determines a study. It is saved as study.json.
type Config struct {
	Name string `json:"name"` // of the study; no part of what it computes
	Task
	Pretrain Pretraining `json:"pretrain"`
	Growth   Growth      `json:"growth"`

	CheckpointEvery int `json:"checkpoint_every"` // steps between checkpoints; no part of what a study computes
}

// Pretraining is how the source model is trained.
type Pretraining struct {
	// Initial is a model directory, or that of a run, that pretraining starts from,
	// with no step at all where its schedule has none: a model that was imported, or
	// trained before. Empty starts from the model's own initialization.
	Initial string `json:"initial,omitempty"`

	Schedule      train.Schedule `json:"schedule"`
	EvaluateEvery int            `json:"evaluate_every"` // steps between validation losses
}

// Growth is how candidates are grown, trained and picked.
type Growth struct {
	To       growth.Depths  `json:"to"`       // layers of each stack of the grown models, the encoder's first
	Lag      int            `json:"lag"`      // k of LAG(k): steps after growing at which LAG picks
	Schedule train.Schedule `json:"schedule"` // of the training after growing; its Steps are T
	Seeds    []int64        `json:"seeds"`    // of the training after growing, each for all strategies: batches, masks, dropout and new layers; empty: the task's
	PoolOptions
	Custom   growth.Pool      `json:"custom,omitempty"`   // strategies beside the pool's
	Rules    []string         `json:"rules,omitempty"`    // selection rules, see [selection.Parse]; empty: those of [selection.All]
	Controls []result.Control `json:"controls,omitempty"` // trainings from scratch to compare with, under each seed
}

// PoolOptions say which strategies a pool is made of.
type PoolOptions struct {
	GateSteps  int            `json:"gate_steps"`           // training steps until the gates of gated strategies are open
	Moments    growth.Moments `json:"moments"`              // what becomes of the optimizer's moments
	Rewarm     int            `json:"rewarm"`               // steps of learning-rate re-warm-up, and of training new layers alone, of the strategies that have them
	Wide       bool           `json:"wide"`                 // whether the pool is the wide one, see [growth.Options]
	Strategies []string       `json:"strategies,omitempty"` // names from the pool; empty takes all
}

// UnmarshalJSON reads a configuration. Unknown and missing fields are errors.
func (c *Config) UnmarshalJSON(text []byte) error {
	type fields Config
	var config fields
	if err := strictjson.Decode(text, &config); err != nil {
		return fmt.Errorf("study: %w", err)
	}
	*c = Config(config)
	return nil
}

// Validate says what is impossible in the configuration, and how to mend it.
func (c Config) Validate() error {
	if err := errors.Join(c.Task.Validate(), validateName(c.Name, "study")); err != nil {
		return err
	}
	if c.Pretrain.Schedule.Steps < 1 && c.Pretrain.Initial == "" {
		return fmt.Errorf("pretrain.schedule.steps is %d; it must be at least 1, or pretrain.initial must name a model", c.Pretrain.Schedule.Steps)
	}
	if err := positive("pretrain.evaluate_every", c.Pretrain.EvaluateEvery,
		"growth.schedule.steps", c.Growth.Schedule.Steps, "growth.lag", c.Growth.Lag, "checkpoint_every", c.CheckpointEvery); err != nil {
		return err
	}
	mlm, _ := c.Objective.Settings.(objective.MLM)
	switch {
	case mlm.Pairs != nil:
		return errors.New("studies train on packed sequences; leave the objective's pairs out")
	case c.Growth.Lag >= c.Growth.Schedule.Steps:
		return fmt.Errorf("the lag of %d steps must be shorter than the %d steps of training after growing", c.Growth.Lag, c.Growth.Schedule.Steps)
	}
	for i, seed := range c.Growth.Seeds {
		if slices.Contains(c.Growth.Seeds[:i], seed) {
			return fmt.Errorf("growth.seeds has %d twice; give each seed once", seed)
		}
	}
	if err := c.Pretrain.Schedule.Validate(); err != nil {
		return fmt.Errorf("pretraining: %w", err)
	}
	if err := c.Growth.Schedule.Validate(); err != nil {
		return fmt.Errorf("training after growing: %w", err)
	}
	if err := c.validateControls(); err != nil {
		return err
	}
	pool, err := c.Pool()
	if err != nil {
		return err
	}
	_, err = c.rules(pool)
	return err
}

// Pool returns the strategies that the configuration asks for.
func (c Config) Pool() (growth.Pool, error) {
	from := c.Model.Depths()
	pool, err := c.Growth.pool(from, c.Growth.To, c.Growth.Schedule)
	if err != nil {
		return nil, err
	}
	if err := c.Growth.missing(from, c.Growth.To, c.Growth.Schedule); err != nil {
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

// pool returns the strategies of the options that there are between two depths
// for a training with that schedule.
func (o PoolOptions) pool(from, to growth.Depths, schedule train.Schedule) (growth.Pool, error) {
	pool, err := growth.NewPoolFor(from, to, &growth.Options{GateSteps: o.GateSteps, Moments: o.Moments, Wide: o.Wide, RewarmSteps: o.Rewarm})
	if err != nil {
		return nil, err
	}
	pool = pool.Filter(func(s growth.Strategy) bool { return fits(schedule, s) == nil })
	return pool.Filter(func(s growth.Strategy) bool { return len(o.Strategies) == 0 || slices.Contains(o.Strategies, s.Name) }), nil
}

// missing reports why a strategy that is asked for by name is not in the pool.
func (o PoolOptions) missing(from, to growth.Depths, schedule train.Schedule) error {
	for i, name := range o.Strategies {
		if slices.Contains(o.Strategies[:i], name) {
			return fmt.Errorf("the strategies have %q twice; give each once", name)
		}
	}
	all, err := growth.NewPoolFor(from, to, &growth.Options{GateSteps: o.GateSteps, Moments: o.Moments, Wide: true, RewarmSteps: o.Rewarm})
	if err != nil {
		return err
	}
	narrow, err := growth.NewPoolFor(from, to, nil)
	if err != nil {
		return err
	}
	for _, name := range o.Strategies {
		strategy, ok := all.ByName(name)
		if !ok {
			return advice.Errorf(advice.Strategies, "no strategy %q grows %s layers to %s; those that do are %q", name, from, to, all.Names())
		}
		if _, ok := narrow.ByName(name); !ok && !o.Wide {
			return advice.Errorf(advice.Wide, "strategy %q is in the wide pool alone; ask for that", name)
		}
		if err := fits(schedule, strategy); err != nil {
			return err
		}
	}
	return nil
}

// fits reports why a strategy cannot go with a schedule.
func fits(schedule train.Schedule, s growth.Strategy) error {
	if s.Restart && schedule.Start == 0 {
		return fmt.Errorf("strategy %q begins the learning-rate schedule anew, and the schedule after growing begins anew for all; give it a start, or leave the strategy out", s.Name)
	}
	if s.NewFirst >= schedule.Steps || s.Init.GateSteps > schedule.Steps {
		return advice.Errorf(advice.GateSteps, "strategy %q trains new layers alone for %d steps, and opens its gates over %d, of a training of %d; shorten that", s.Name, s.NewFirst, s.Init.GateSteps, schedule.Steps)
	}
	if s.Rewarm > schedule.Steps {
		return fmt.Errorf("strategy %q warms the learning rate up for %d steps of a training of %d; shorten that", s.Name, s.Rewarm, schedule.Steps)
	}
	return nil
}

// scheduleOf is the schedule of a strategy's training.
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

// Seeds are those of the training after growing.
func (s *Study) Seeds() []int64 { return s.Config.seeds() }

// seeds are those of the training after growing.
func (c Config) seeds() []int64 {
	if len(c.Growth.Seeds) == 0 {
		return []int64{c.Seed}
	}
	return c.Growth.Seeds
}

// rules returns the selection rules that are compared.
func (c Config) rules(pool growth.Pool) ([]selection.Rule, error) {
	T, grown := c.Growth.Schedule.Steps, c.grown(pool)
	var rules []selection.Rule
	if len(c.Growth.Rules) == 0 {
		for _, rule := range selection.All(c.Growth.Lag, T) {
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

// grown describes the candidates of a pool to selection rules.
func (c Config) grown(pool growth.Pool) selection.Grown {
	return selection.NewGrown(c.Model.Depths(), c.Growth.To, pool)
}

// evaluationSteps returns the steps at which a candidate is evaluated: 0, 1, 2,
// 5, 10, 20, 50 and so on, every fifth of the training, the lag, where the rules
// look, and the end.
func (g Growth) evaluationSteps(rules []selection.Rule) []int {
	T := g.Schedule.Steps
	steps := []int{0, g.Lag, T}
	for decade := 1; decade <= T; decade *= 10 {
		steps = append(steps, decade, 2*decade, 5*decade)
	}
	for i := 1; i < 5; i++ {
		steps = append(steps, T*i/5)
	}
	for _, rule := range rules {
		steps = append(steps, rule.Evaluations(T)...)
		for _, b := range rule.Branches() {
			steps = append(steps, b.Step)
		}
	}
	slices.Sort(steps)
	return slices.Compact(slices.DeleteFunc(steps, func(s int) bool { return s > T }))
}

// evaluationsEvery returns the steps at which a training is evaluated: every so
// many, and the end.
func evaluationsEvery(every, end int) []int {
	var steps []int
	for s := 0; s < end; s += every {
		steps = append(steps, s)
	}
	return append(steps, end)
}
