package train

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Step holds the arguments of a training step other than the state.
type Step struct {
	Batches []Batch   // one batch, or its micro-batches
	Rate    float64   // learning rate
	Gates   []float32 // gates of the model's layers, see [transformer.Gate]; nil means that all are open
	Frozen  []bool    // layers, in the order of the gates, that the step does not change; if there are any, it does not change parameters outside the stacks either; nil means none
	// HeadOnly makes the step change the head alone, see [Headed], whatever Frozen
	// says. It costs as much as a whole step: all gradients are computed.
	HeadOnly bool
	masked   bool  // a run whose first steps train the head alone uses one program for all
	Seed     int64 // seed of dropout, whose random numbers depend on the seed, the state's Step and the micro-batch
}

// Update is the report of a training step.
type Update struct {
	Loss         float64            // mean loss over the predicted tokens before the update, in nats
	Terms        map[string]float64 // means of the other terms of the loss before the update; nil if there are none
	GradientNorm float64            // global norm before clipping
	ParameterRMS float64            // root mean square of all parameters before the update
	UpdateRMS    float64            // root mean square of the changes of all parameters
}

// Diverged reports whether a number was not finite. Such a step does not change the state.
func (u Update) Diverged() bool {
	sum := u.Loss + u.GradientNorm + u.ParameterRMS + u.UpdateRMS
	for _, mean := range u.Terms {
		sum += mean
	}
	return math.IsNaN(sum) || math.IsInf(sum, 0)
}

// Step updates the state once. A batch has the inputs of the model's Loss. The
// state's tensors are donated to the device and replaced. If the device then
// fails, they are lost: this and all later uses of the state return an error,
// and the state must be restored. After other errors, such as a batch that does
// not fit the model, the state is unchanged.
//
// Several micro-batches run one after another. Up to rounding they give the
// same update as the whole batch, even if their sizes differ: each term of the
// loss is divided by its count over all of them.
func (p *Program) Step(s *State, step Step) (Update, error) {
	return p.StepContext(context.Background(), s, step)
}

// StepContext is [Program.Step]. If the context is canceled while the step is
// compiled, it returns the context's cause and the state is unchanged. It does not
// end a step that runs.
func (p *Program) StepContext(ctx context.Context, s *State, step Step) (u Update, err error) {
	if err := s.usable(); err != nil {
		return u, err
	}
	trained, err := p.trained(step)
	if err != nil {
		return u, err
	}
	switch len(step.Batches) {
	case 0:
		return u, fmt.Errorf("training step %d has no batch: give one, or its micro-batches", s.Step)
	case 1:
		u, err = p.stepAtOnce(ctx, s, step, trained)
	default:
		u, err = p.stepInParts(ctx, s, step, trained)
	}
	if err != nil {
		if s.lost {
			err = fmt.Errorf("%w; the state is lost", err)
		}
		return u, fmt.Errorf("training step %d: %w", s.Step, err)
	}
	if !u.Diverged() {
		s.Step++
		for i := range s.Updates {
			if trained == nil || trained[i] > 0 {
				s.Updates[i]++
			}
		}
	}
	return u, nil
}

// stepAtOnce does a step in one execution.
func (p *Program) stepAtOnce(ctx context.Context, s *State, step Step, trained []float32) (u Update, err error) {
	batch := step.Batches[0]
	state, err := p.onDevices(s)
	if err != nil {
		return u, err
	}
	exec, err := p.compiled("training step", len(state[0]), batch, step.Gates, p.stepGraph)
	if err != nil {
		return u, err
	}
	rest := append(appendInputs(nil, batch, step.Gates), randomState(step.Seed, s.Step, 0), float32(step.Rate), p.scalars(s, trained))
	report, err := p.replace(ctx, s, exec, state, rest)
	if err != nil {
		return u, err
	}
	u.setNorms(report)
	setMeans(&u, exec.terms, report[norms:])
	return u, nil
}

// replace runs an executable with donated tensors, which include the state's,
// and further arguments. The results are a report and the new state, which
// replaces the old.
func (p *Program) replace(ctx context.Context, s *State, exec *executable, donated copies, rest []any) (report []float32, err error) {
	// Compile before donating: compilation fails most often, and must not lose the state.
	if err := exec.compileFor(ctx, append(donated.arguments(nil), rest...)); err != nil {
		return nil, err
	}
	s.lost = true
	args, err := p.appendDonated(nil, donated)
	if err != nil {
		return nil, err
	}
	out, err := exec.run(append(args, rest...)...)
	if err != nil {
		return nil, err
	}
	s.setAll(out.from(1))
	return out.take(0)
}

// stepInParts does a step with one execution for each micro-batch, and one more
// that applies the sum of their gradients.
func (p *Program) stepInParts(ctx context.Context, s *State, step Step, trained []float32) (u Update, err error) {
	counts, err := p.counts(ctx, step)
	if err != nil {
		return u, err
	}
	zeros, err := p.executable("zeros", "zeros", divided{}, p.zerosGraph)
	if err != nil {
		return u, err
	}
	gradients, err := zeros.Call(ctx, float32(0))
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, gradients.finalize()) }()
	state, err := p.onDevices(s)
	if err != nil {
		return u, err
	}
	parameters := state.first(len(p.parameters))
	means := make([]float64, len(counts))
	var terms []string
	for i, batch := range step.Batches {
		exec, err := p.compiled("gradient", 2*len(p.parameters), batch, step.Gates, p.gradientGraph)
		if err != nil {
			return u, err
		}
		rest := append(appendInputs(nil, batch, step.Gates), randomState(step.Seed, s.Step, i), counts)
		if err := exec.compileFor(ctx, append(gradients.arguments(parameters.arguments(nil)), rest...)); err != nil {
			return u, fmt.Errorf("micro-batch %d: %w", i, err)
		}
		args, err := p.appendDonated(parameters.arguments(nil), gradients)
		if err != nil {
			return u, err
		}
		out, err := exec.run(append(args, rest...)...)
		if err != nil {
			return u, fmt.Errorf("micro-batch %d: %w", i, err)
		}
		gradients, terms = out.from(1), exec.terms
		parts, err := out.take(0)
		if err != nil {
			return u, err
		}
		for j, part := range parts {
			means[j] += float64(part)
		}
	}
	apply, err := p.executable("update", "update", divided{}, p.updateGraph)
	if err != nil {
		return u, err
	}
	var total float64
	for _, mean := range means {
		total += mean
	}
	report, err := p.replace(ctx, s, apply, state.and(gradients), []any{float32(total), float32(step.Rate), p.scalars(s, trained)})
	if err != nil {
		return u, err
	}
	u.setNorms(report)
	setMeans(&u, terms, means)
	return u, nil
}

// counts returns the counts of the terms of the loss over all micro-batches.
func (p *Program) counts(ctx context.Context, step Step) ([]float32, error) {
	var total []float32
	for i, batch := range step.Batches {
		exec, err := p.compiled("counts", 0, batch, step.Gates, p.countsGraph)
		if err != nil {
			return nil, err
		}
		out, err := exec.Call(ctx, appendInputs(nil, batch, step.Gates)...)
		if err != nil {
			return nil, fmt.Errorf("counts of micro-batch %d: %w", i, err)
		}
		counts, err := out.take(0)
		if err != nil {
			return nil, err
		}
		if total == nil {
			total = make([]float32, len(counts))
		}
		if len(counts) != len(total) {
			return nil, fmt.Errorf("micro-batch %d has a loss of %d terms, but earlier ones have %d: all need the same inputs", i, len(counts), len(total))
		}
		for j, count := range counts {
			total[j] += count
		}
	}
	return total, nil
}

// scalars returns the optimizer's scalars for the next update of all
// parameters, followed by the mask of [Program.trained].
func (p *Program) scalars(s *State, trained []float32) []float32 {
	var scalars []float32
	for i := range p.parameters {
		scalars = append(scalars, p.optimizer.scalars(s.Updates[i]+1)...)
	}
	return append(scalars, trained...)
}

// randomState returns the state of the device's random number generator for a
// micro-batch of a step.
func randomState(seed int64, step, microBatch int) []uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "dropout %d %d %d", seed, step, microBatch))
	state := make([]uint64, RNGStateShape.Size())
	for i := range state {
		state[i] = binary.LittleEndian.Uint64(sum[8*i:])
	}
	return state
}

// norms is the number of norms that [Program.update] reports.
const norms = 3

// setNorms sets the fields that [Program.update] reports.
func (u *Update) setNorms(report []float32) {
	u.GradientNorm, u.ParameterRMS, u.UpdateRMS = float64(report[0]), float64(report[1]), float64(report[2])
}

// setMeans sets the means of the terms of the loss.
func setMeans[F float32 | float64](u *Update, terms []string, means []F) {
	u.Loss = float64(means[0])
	for i, name := range terms[1:] {
		if u.Terms == nil {
			u.Terms = make(map[string]float64)
		}
		u.Terms[name] = float64(means[i+1])
	}
}
