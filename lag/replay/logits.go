package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// writeLogits writes the logits of a batch at all positions to a safetensors file, under
// the name "logits".
func writeLogits(b *backend.Backend, path string, m model.Config, state *train.State, batch train.Batch) (err error) {
	defer func() { err = errors.Join(err, batch.Finalize()) }()
	forward, err := train.NewForward(b, m.Parameters(), slices.Sorted(maps.Keys(batch)), func(w transformer.Weights, in transformer.Inputs) []*Node {
		return []*Node{m.Predictions(w, in)}
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
