package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// logits returns the logits of a batch at every position, padding included:
// BERT's [B, L, V], an encoder-decoder's [B, T, V].
func logits(model train.Model, w transformer.Weights, in transformer.Inputs) *Node {
	switch c := model.(type) {
	case bert.Config:
		hidden := c.Encode(w, in, transformer.Mode{})
		B, L := hidden.Shape().Dimensions[0], hidden.Shape().Dimensions[1]
		return Reshape(c.Predict(w, Reshape(hidden, B*L, c.HiddenSize)), B, L, c.VocabSize)
	case ul2.Config:
		return c.Logits(w, c.Decode(w, in, c.Encode(w, in, transformer.Mode{}), transformer.Mode{}))
	}
	panic(fmt.Errorf("a model of family %q has no logits here", model.Family())) // fields refuses it
}

// writeLogits writes the logits of a batch to a safetensors file, under the name "logits".
func writeLogits(b *backend.Backend, path string, model train.Model, state *train.State, batch train.Batch) (err error) {
	defer func() { err = errors.Join(err, batch.Finalize()) }()
	parameters, names := model.Parameters(), slices.Sorted(maps.Keys(batch))
	exec, err := NewExec(b.Backend, func(args []*Node) *Node {
		in := make(transformer.Inputs)
		for i, name := range names {
			in[name] = args[len(parameters)+i]
		}
		return logits(model, transformer.NewWeights(parameters, args[:len(parameters)]), in)
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	var args []any
	for _, t := range state.Parameters {
		args = append(args, t)
	}
	for _, name := range names {
		args = append(args, batch[name])
	}
	out, err := exec.Call(args...)
	if err != nil {
		return fmt.Errorf("logits: %w", err)
	}
	defer func() { err = errors.Join(err, out[0].FinalizeAll()) }()
	data, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return fmt.Errorf("logits: %w", err)
	}
	t := growth.Tensor{Shape: out[0].Shape().Dimensions, Data: data}
	return safetensors.Write(path, growth.Tensors{"logits": t}, nil)
}
