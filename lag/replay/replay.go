package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// Config configures a replay. The package comment describes the files.
type Config struct {
	Model   string // path of the model's config.json
	Weights string // path of its model.safetensors; empty means initial weights from Seed
	Batches string // path of the batches

	Optimizer string // path of the optimizer's JSON; may be empty if Steps is 0
	Steps     int    // number of updates; negative means one with each batch
	Cycle     bool   // repeat the batches if there are more steps than batches, instead of an error

	Dropout   bool                  // use the dropout of the model's configuration
	Precision transformer.Precision // precision of activations; empty means float32
	Seed      int64                 // seed of dropout and of initial weights

	Logits string // path for the logits of the first batch before training; empty means none
	Out    string // directory for the trained model in transformers' format; empty means none
}

// Step is the report of a training step.
type Step struct {
	Step         int     `json:"step"`      // from 0
	Loss         float64 `json:"loss"`      // mean over the predicted tokens before the update, in nats
	GradientNorm float64 `json:"grad_norm"` // global, before clipping
	Rate         float64 `json:"lr"`        // learning rate of the update
	Seconds      float64 `json:"seconds"`   // wall time; the first step includes compilation
	Tokens       int     `json:"tokens"`    // positions of the batch including padding, of encoder and decoder together
}

// DivergedError is the error of a step with a number that is not finite.
type DivergedError struct {
	Step int // from 0
	train.Update
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("step %d, from 0, diverged: the loss is %g, the norm of the gradient %g, the root mean square of the update %g; look at its batch and at the weights, or lower the learning rate",
		e.Step, e.Loss, e.GradientNorm, e.UpdateRMS)
}

// Run replays the training. It calls observe after every step, and stops if
// observe returns an error.
//
// If a step diverges, Run returns a [*DivergedError]. If the context is
// canceled, it returns the context's error between steps. In both cases it does
// not write the trained model. It reads and checks all files before computing
// anything.
func Run(ctx context.Context, b *backend.Backend, config Config, observe func(Step) error) (err error) {
	if config.Out != "" {
		if err := atomicfile.CheckDir(config.Out); err != nil {
			return err
		}
	}
	source, err := hf.LoadFiles(config.Model, config.Weights)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	model, err := inMode(source.Config, config)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	batches, err := readBatches(config.Batches, model)
	if err != nil {
		return err
	}
	steps := config.Steps
	if steps < 0 {
		steps = batches.count
	}
	if steps > batches.count && !config.Cycle {
		return fmt.Errorf("there are %s but %s in %s; ask for fewer steps, or for a cycle", plain.Count(steps, "step"), plain.Count(batches.count, "batch"), config.Batches)
	}
	optimizer := optimizer{Optimizer: train.NewAdamW()} // not used without steps
	if config.Optimizer != "" {
		if optimizer, err = readOptimizer(config.Optimizer, steps); err != nil {
			return err
		}
	} else if steps > 0 {
		return errors.New("an optimizer is needed to train; give one, or no steps")
	}
	if steps == 0 && config.Logits == "" && config.Out == "" {
		return errors.New("there is nothing to do: no steps, and neither logits nor a directory to write")
	}

	program, err := train.NewProgram(b, byRank{model}, optimizer.Optimizer)
	if err != nil {
		return err
	}
	state, err := newState(program, source, config.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Finalize()) }()
	if config.Logits != "" {
		if err := writeLogits(b, config.Logits, model, state, batches.batch(0)); err != nil {
			return err
		}
	}
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("interrupted before step %d of %d: %w", step, steps, err)
		}
		report, err := runStep(program, state, batches, step, optimizer, config.Seed)
		if err != nil {
			return err
		}
		if err := observe(report); err != nil {
			return err
		}
	}
	if config.Out != "" {
		return save(config.Out, source, program, state)
	}
	return nil
}

// runStep runs a step and returns its report.
func runStep(program *train.Program, state *train.State, batches *batches, step int, optimizer optimizer, seed int64) (Step, error) {
	start := time.Now()
	batch := batches.batch(step % batches.count)
	update, err := program.Step(state, train.Step{Batches: []train.Batch{batch}, Rate: optimizer.rate(step), Seed: seed})
	if err := errors.Join(err, batch.Finalize()); err != nil {
		return Step{}, err
	}
	if update.Diverged() {
		return Step{}, &DivergedError{step, update}
	}
	return Step{
		Step: step, Loss: update.Loss, GradientNorm: update.GradientNorm, Rate: optimizer.rate(step) * optimizer.relative(step),
		Seconds: time.Since(start).Seconds(), Tokens: batches.tokens(),
	}, nil
}
