package train

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Forward is a compiled function of a model's parameters and a batch, such as
// the model's logits. The first call compiles it.
type Forward struct {
	exec  *Exec
	names []string // of the tensors of a batch that the function uses
}

// NewForward returns the function f of a model with the given parameters. It
// uses the tensors of a batch with the given names.
func NewForward(b *backend.Backend, parameters []transformer.Param, names []string, f func(w transformer.Weights, in transformer.Inputs) []*Node) (*Forward, error) {
	exec, err := NewExec(b.Backend, func(args []*Node) []*Node {
		in := make(transformer.Inputs)
		for i, name := range names {
			in[name] = args[len(parameters)+i]
		}
		return f(transformer.NewWeights(parameters, args[:len(parameters)]), in)
	})
	return &Forward{exec, names}, err
}

// Call returns the function's float32 results in host memory.
func (f *Forward) Call(parameters []*tensors.Tensor, batch Batch) (values []growth.Tensor, err error) {
	args := appendTensors(nil, parameters)
	for _, name := range f.names {
		t, ok := batch[name]
		if !ok {
			return nil, fmt.Errorf("the batch has no tensor %q", name)
		}
		args = append(args, t)
	}
	out, err := f.exec.Call(args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, finalize(out)) }()
	for _, t := range out {
		data, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return nil, err
		}
		values = append(values, growth.Tensor{Shape: t.Shape().Dimensions, Data: data})
	}
	return values, nil
}

// Finalize frees the compiled function.
func (f *Forward) Finalize() { f.exec.Finalize() }
