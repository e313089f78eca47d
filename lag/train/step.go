package train

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Step is what a training step takes beside the state.
type Step struct {
	Batches []Batch   // one, or the micro-batches of one
	Rate    float64   // learning rate
	Gates   []float32 // of the model's layers, see [transformer.Gate]; nil leaves all open
	Frozen  []bool    // layers, in the order of the gates, that the step leaves as they are, and with them all parameters outside the stacks; nil: none
	Seed    int64     // of dropout: its random numbers depend on it, on the state's Step and on the micro-batch
}

// Update is what a training step reports.
type Update struct {
	Loss         float64            // before the update, nats, a mean over the predicted tokens
	Terms        map[string]float64 // before the update, the other terms of the loss, each a mean; nil where there are none
	GradientNorm float64            // global norm before clipping
	ParameterRMS float64            // root mean square of all parameters before the update
	UpdateRMS    float64            // root mean square of what the update changed them by
}

// Diverged tells whether the step met a number that is not finite. Such a step changes nothing.
func (u Update) Diverged() bool {
	sum := u.Loss + u.GradientNorm + u.ParameterRMS + u.UpdateRMS
	for _, mean := range u.Terms {
		sum += mean
	}
	return math.IsNaN(sum) || math.IsInf(sum, 0)
}

// Step does one update of the state. A batch holds the inputs of the model's
// Loss. The state's tensors are donated to the device and replaced. Where the
// device fails with them they are lost: the error says so, and so does that of
// every later use of the state, which must be restored. After other errors, such
// as of a batch that does not fit the model, the state is what it was.
//
// Several micro-batches, which go through the device one after another, give
// the update of the batch that they are parts of, to rounding: a term of the
// loss is divided by its count over all of them, however uneven they are.
func (p *Program) Step(s *State, step Step) (u Update, err error) {
	if err := s.usable(); err != nil {
		return u, err
	}
	trained, err := p.trained(step.Frozen)
	if err != nil {
		return u, err
	}
	switch len(step.Batches) {
	case 0:
		return u, fmt.Errorf("training step %d has no batch: give one, or its micro-batches", s.Step)
	case 1:
		u, err = p.stepAtOnce(s, step, trained)
	default:
		u, err = p.stepInParts(s, step, trained)
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

// stepAtOnce is a step in one execution.
func (p *Program) stepAtOnce(s *State, step Step, trained []float32) (u Update, err error) {
	batch, state := step.Batches[0], s.all()
	exec, err := p.compiled("training step", len(state), batch, step.Gates, p.stepGraph)
	if err != nil {
		return u, err
	}
	rest := append(appendInputs(nil, batch, step.Gates), randomState(step.Seed, s.Step, 0), float32(step.Rate), p.scalars(s, trained))
	out, err := p.replace(s, exec, state, rest)
	if err != nil {
		return u, err
	}
	report, err := takeVector(out)
	if err != nil {
		return u, err
	}
	u.setNorms(report)
	setMeans(&u, exec.terms, report[norms:])
	return u, nil
}

// replace runs an executable that takes tensors, the state's among them, which
// are donated, and the rest. It returns a report and the new state, which it sets.
func (p *Program) replace(s *State, exec *executable, donated []*tensors.Tensor, rest []any) (report *tensors.Tensor, err error) {
	// Compiling is what fails most, and the state must outlive that.
	if err := exec.compileFor(append(appendTensors(nil, donated), rest...)); err != nil {
		return nil, err
	}
	s.lost = true
	args, err := p.appendDonated(nil, donated)
	if err != nil {
		return nil, err
	}
	out, err := exec.Call(append(args, rest...)...)
	if err != nil {
		return nil, err
	}
	s.setAll(out[1:])
	return out[0], nil
}

// stepInParts is a step in one execution for each micro-batch, and one that
// applies the sum of their gradients.
func (p *Program) stepInParts(s *State, step Step, trained []float32) (u Update, err error) {
	counts, err := p.counts(step)
	if err != nil {
		return u, err
	}
	zeros, err := p.executable("zeros", "zeros", p.zerosGraph)
	if err != nil {
		return u, err
	}
	gradients, err := zeros.Call(float32(0))
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, finalize(gradients)) }()
	means := make([]float64, len(counts))
	var terms []string
	for i, batch := range step.Batches {
		exec, err := p.compiled("gradient", 2*len(p.parameters), batch, step.Gates, p.gradientGraph)
		if err != nil {
			return u, err
		}
		args, err := p.appendDonated(appendTensors(nil, s.Parameters), gradients)
		if err != nil {
			return u, err
		}
		out, err := exec.Call(append(appendInputs(args, batch, step.Gates), randomState(step.Seed, s.Step, i), counts)...)
		if err != nil {
			return u, fmt.Errorf("micro-batch %d: %w", i, err)
		}
		gradients, terms = out[1:], exec.terms
		parts, err := takeVector(out[0])
		if err != nil {
			return u, err
		}
		for j, part := range parts {
			means[j] += float64(part)
		}
	}
	apply, err := p.executable("update", "update", p.updateGraph)
	if err != nil {
		return u, err
	}
	var total float64
	for _, mean := range means {
		total += mean
	}
	out, err := p.replace(s, apply, append(s.all(), gradients...), []any{float32(total), float32(step.Rate), p.scalars(s, trained)})
	if err != nil {
		return u, err
	}
	report, err := takeVector(out)
	if err != nil {
		return u, err
	}
	u.setNorms(report)
	setMeans(&u, terms, means)
	return u, nil
}

// counts returns the counts of the terms of the loss over all micro-batches.
func (p *Program) counts(step Step) ([]float32, error) {
	var total []float32
	for i, batch := range step.Batches {
		exec, err := p.compiled("counts", 0, batch, step.Gates, p.countsGraph)
		if err != nil {
			return nil, err
		}
		out, err := exec.Call(appendInputs(nil, batch, step.Gates)...)
		if err != nil {
			return nil, fmt.Errorf("counts of micro-batch %d: %w", i, err)
		}
		counts, err := takeVector(out[0])
		if err != nil {
			return nil, err
		}
		if total == nil {
			total = make([]float32, len(counts))
		}
		if len(counts) != len(total) {
			return nil, fmt.Errorf("micro-batch %d has a loss of %d terms, and those before it of %d: all need the same inputs", i, len(counts), len(total))
		}
		for j, count := range counts {
			total[j] += count
		}
	}
	return total, nil
}

// scalars are the optimizer's scalars of the next update of all parameters,
// followed by what [Program.trained] returns.
func (p *Program) scalars(s *State, trained []float32) []float32 {
	var scalars []float32
	for i := range p.parameters {
		scalars = append(scalars, p.optimizer.scalars(s.Updates[i]+1)...)
	}
	return append(scalars, trained...)
}

// randomState is the state of the device's random number generator for a
// micro-batch of a step.
func randomState(seed int64, step, microBatch int) []uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "dropout %d %d %d", seed, step, microBatch))
	state := make([]uint64, RNGStateShape.Size())
	for i := range state {
		state[i] = binary.LittleEndian.Uint64(sum[8*i:])
	}
	return state
}

// norms is how many numbers the graph of an update reports.
const norms = 3

// setNorms takes what update reports.
func (u *Update) setNorms(report []float32) {
	u.GradientNorm, u.ParameterRMS, u.UpdateRMS = float64(report[0]), float64(report[1]), float64(report[2])
}

// setMeans takes the means of the terms of the loss.
func setMeans[F float32 | float64](u *Update, terms []string, means []F) {
	u.Loss = float64(means[0])
	for i, name := range terms[1:] {
		if u.Terms == nil {
			u.Terms = make(map[string]float64)
		}
		u.Terms[name] = float64(means[i+1])
	}
}
