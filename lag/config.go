package lag

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// Config is everything that determines a study. It is saved as study.json.
type Config struct {
	Name string `json:"name"` // of the study; no part of what it computes

	Data      data.Config   `json:"data"`
	Objective objective.MLM `json:"objective"`
	Model     bert.Config   `json:"model"` // the source model

	BatchSize         int   `json:"batch_size"`         // sequences in a training or validation batch
	ValidationBatches int   `json:"validation_batches"` // in the fixed validation set
	Seed              int64 `json:"seed"`               // of initial weights, batches and masks

	Optimizer train.AnyOptimizer `json:"optimizer"`
	Pretrain  Pretraining        `json:"pretrain"`
	Growth    Growth             `json:"growth"`

	CheckpointEvery int `json:"checkpoint_every"` // steps between checkpoints; no part of what a study computes
}

// Pretraining is how the source model is trained.
type Pretraining struct {
	Schedule      train.Schedule `json:"schedule"`
	EvaluateEvery int            `json:"evaluate_every"` // steps between validation losses
}

// Growth is how candidates are grown and trained.
type Growth struct {
	To         int            `json:"to"`         // layers of the grown models
	ProbeSteps int            `json:"lag"`        // k of LAG(k): steps after growing at which LAG picks
	Schedule   train.Schedule `json:"schedule"`   // of the training after growing; its Steps are T
	GateSteps  int            `json:"gate_steps"` // training steps until the gates of gated strategies are open
	Moments    growth.Moments `json:"moments"`    // what becomes of Adam's moments
	Strategies []string       `json:"strategies"` // names from the pool; empty takes all
	Custom     growth.Pool    `json:"custom"`     // strategies beside the pool's
}

// Validate says what is impossible in the configuration, and how to mend it.
func (c Config) Validate() error {
	if err := errors.Join(c.Data.Validate(), c.Objective.Validate(), c.Model.Validate(), c.Optimizer.Validate()); err != nil {
		return err
	}
	if c.Name == "" || c.Name != filepath.Base(c.Name) || strings.HasPrefix(c.Name, ".") {
		return fmt.Errorf("%q is no name for a study; give one that can name a directory", c.Name)
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"batch_size", c.BatchSize}, {"validation_batches", c.ValidationBatches},
		{"pretrain.schedule.steps", c.Pretrain.Schedule.Steps}, {"pretrain.evaluate_every", c.Pretrain.EvaluateEvery},
		{"growth.schedule.steps", c.Growth.Schedule.Steps}, {"growth.lag", c.Growth.ProbeSteps}, {"checkpoint_every", c.CheckpointEvery},
	} {
		if f.value < 1 {
			return fmt.Errorf("%s is %d; it must be at least 1", f.name, f.value)
		}
	}
	switch {
	case c.Model.VocabSize != c.Data.VocabSize:
		return fmt.Errorf("the model's vocabulary of %d tokens does not match the tokenizer's of %d; set both to one size",
			c.Model.VocabSize, c.Data.VocabSize)
	case c.Objective.SequenceLength > c.Model.MaxPositions:
		return fmt.Errorf("sequences of %d tokens are longer than the model's %d positions; raise max_position_embeddings or shorten the sequences",
			c.Objective.SequenceLength, c.Model.MaxPositions)
	case c.Objective.Pairs != nil:
		return errors.New("studies train on packed sequences; leave the objective's pairs out")
	case c.Growth.To <= c.Model.Layers:
		return fmt.Errorf("a model of %d layers cannot grow to %d; the depth to grow to must be larger than the source's", c.Model.Layers, c.Growth.To)
	case c.Growth.ProbeSteps >= c.Growth.Schedule.Steps:
		return fmt.Errorf("the lag of %d steps must be shorter than the %d steps of training after growing", c.Growth.ProbeSteps, c.Growth.Schedule.Steps)
	}
	if err := c.Pretrain.Schedule.Validate(); err != nil {
		return fmt.Errorf("pretraining: %w", err)
	}
	if err := c.Growth.Schedule.Validate(); err != nil {
		return fmt.Errorf("training after growing: %w", err)
	}
	_, err := c.Pool()
	return err
}

// Pool returns the strategies that the configuration asks for.
func (c Config) Pool() (growth.Pool, error) {
	pool, err := growth.NewPool(c.Model.Layers, c.Growth.To, &growth.Options{GateSteps: c.Growth.GateSteps, Moments: c.Growth.Moments})
	if err != nil {
		return nil, err
	}
	if len(c.Growth.Strategies) > 0 {
		for _, name := range c.Growth.Strategies {
			if _, ok := pool.ByName(name); !ok {
				return nil, fmt.Errorf("no strategy %q grows %d layers to %d; `lag strategies -from %d -to %d` lists those that do",
					name, c.Model.Layers, c.Growth.To, c.Model.Layers, c.Growth.To)
			}
		}
		pool = pool.Filter(func(s growth.Strategy) bool { return slices.Contains(c.Growth.Strategies, s.Name) })
	}
	pool = pool.Union(c.Growth.Custom)
	return pool, pool.Validate(growth.Depths{c.Model.Layers}, growth.Depths{c.Growth.To})
}

// evaluationSteps returns the steps at which a candidate is evaluated: 0, 1, 2,
// 5, 10, 20, 50 and so on, every fifth of the training, the lag, and the end.
func (g Growth) evaluationSteps() []int {
	T := g.Schedule.Steps
	steps := []int{0, g.ProbeSteps, T}
	for decade := 1; decade <= T; decade *= 10 {
		steps = append(steps, decade, 2*decade, 5*decade)
	}
	for i := 1; i < 5; i++ {
		steps = append(steps, T*i/5)
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
