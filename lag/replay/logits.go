package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// logits returns the logits of a batch at all positions, including padding:
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
	panic(fmt.Errorf("a model of family %q has no logits here", model.Family())) // fields returned an error for it
}

// writeLogits writes the logits of a batch to a safetensors file, under the name "logits".
func writeLogits(b *backend.Backend, path string, model train.Model, state *train.State, batch train.Batch) (err error) {
	defer func() { err = errors.Join(err, batch.Finalize()) }()
	forward, err := train.NewForward(b, model.Parameters(), slices.Sorted(maps.Keys(batch)), func(w transformer.Weights, in transformer.Inputs) []*Node {
		return []*Node{logits(model, w, in)}
	})
	if err != nil {
		return fmt.Errorf("logits: %w", err)
	}
	defer forward.Finalize()
	out, err := forward.Call(state.Parameters, batch)
	if err != nil {
		return fmt.Errorf("logits: %w", err)
	}
	return safetensors.Write(path, growth.Tensors{"logits": out[0]}, nil)
}
