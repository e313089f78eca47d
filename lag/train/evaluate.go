package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// atOnce is the largest number of tokens that are evaluated in one execution,
// unless a batch has more. With more the time for each token does not fall
// further, and the memory grows.
const atOnce = 4096

// Loss returns the mean loss over the predicted tokens of all batches, in nats.
// There must be at least one. If there are several, it checks the context between
// executions, and returns its cause after cancellation.
func (p *Program) Loss(ctx context.Context, s *State, batches []Batch, gates []float32) (float64, error) {
	mean, _, err := p.losses(ctx, s, batches, gates)
	return mean, err
}

// losses returns the mean loss over the predicted tokens of all batches, and
// the loss of each batch. The latter is nil if a batch has no predicted tokens.
func (p *Program) losses(ctx context.Context, s *State, batches []Batch, gates []float32) (mean float64, each []float64, err error) {
	if err := s.usable(); err != nil {
		return 0, nil, err
	}
	var loss, predicted float64
	everywhere := true
	for done := 0; done < len(batches); {
		n := p.together(batches)
		// Several batches at once take long enough to check the context before them too.
		if (done > 0 || n > 1) && ctx.Err() != nil {
			return 0, nil, context.Cause(ctx)
		}
		terms, err := p.evaluate(ctx, s, batches[done:done+n], gates)
		if errors.Is(err, errSingle) {
			continue // one at a time
		}
		if err != nil {
			return 0, nil, err
		}
		for i := range n {
			sum, count := float64(terms[i]), float64(terms[n+i])
			loss += sum
			predicted += count
			each = append(each, sum/count)
			everywhere = everywhere && count > 0
		}
		done += n
	}
	if !everywhere {
		each = nil
	}
	if predicted == 0 {
		return 0, nil, fmt.Errorf("no token is predicted in the %s of an evaluation; give batches with labels that count", plain.Count(len(batches), "batch"))
	}
	return loss / predicted, each, nil
}

// together returns the number of batches for one execution. It divides the
// number of batches, so that one program is enough.
func (p *Program) together(batches []Batch) int {
	if p.single {
		return 1
	}
	most := 0
	for _, t := range batches[0] {
		most = max(most, t.Shape().Size())
	}
	n := max(1, min(len(batches), atOnce/max(most, 1)))
	for len(batches)%n != 0 {
		n--
	}
	for _, batch := range batches[1:] {
		if len(batch) != len(batches[0]) {
			return 1
		}
		for name, t := range batch {
			if first, ok := batches[0][name]; !ok || !first.Shape().Equal(t.Shape()) || t.Rank() == 0 {
				return 1
			}
		}
	}
	return n
}

// errSingle says that a model's loss cannot be given for several batches at once.
var errSingle = errors.New("one batch at a time")

// evaluate returns the sums and then the counts of the loss's first term on each
// of some batches of the same shapes, in one execution.
func (p *Program) evaluate(ctx context.Context, s *State, batches []Batch, gates []float32) ([]float32, error) {
	if err := p.checkGates(gates); err != nil {
		return nil, err
	}
	names, parts := names(batches[0]), len(batches)
	key := fmt.Sprintf("evaluation %d %s gates=%t", parts, strings.Join(names, " "), gates != nil)
	first := len(p.parameters)
	if gates != nil {
		first++
	}
	exec, err := p.executable(key, "evaluation", divided{first, parts * len(names)}, func(e *executable, args []*Node) []*Node {
		inputs, mode, next := make(transformer.Inputs), transformer.Mode{}, len(p.parameters)
		if gates != nil {
			mode.Gates = args[next]
			next++
		}
		for _, name := range names {
			inputs[name] = args[next]
			if parts > 1 {
				inputs[name], mode.Parts = Concatenate(args[next:next+parts], 0), parts
			}
			next += parts
		}
		term := p.terms(e, args[:len(p.parameters)], inputs, mode)[0]
		if parts > 1 && term.Sum.Rank() == 0 {
			p.single = true
		}
		return []*Node{Concatenate([]*Node{Reshape(term.Sum, term.Sum.Shape().Size()), Reshape(term.Count, term.Count.Shape().Size())}, 0)}
	})
	if err != nil {
		return nil, err
	}
	state, err := p.onDevices(s)
	if err != nil {
		return nil, err
	}
	args := state.first(len(p.parameters)).arguments(nil)
	if gates != nil {
		args = append(args, gates)
	}
	for _, name := range names {
		for _, batch := range batches {
			args = append(args, batch[name])
		}
	}
	out, err := exec.Call(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("evaluation at step %d: %w", s.Step, err)
	}
	terms, err := out.take(0)
	switch {
	case err != nil:
		return nil, err
	case p.single && parts > 1:
		return nil, errSingle
	case len(terms) != 2*parts:
		return nil, fmt.Errorf("the loss's first term has %d values for %s", len(terms), plain.Count(parts, "batch"))
	}
	return slices.Clip(terms), nil
}
