package replay

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// WriteBatches writes batches for a model's Loss to a file of batches, as the package
// comment describes them: what [Run] and transformers read. All must have the same
// shape. The mean of the losses of all predicted tokens in the file is the loss on
// these batches.
func WriteBatches(path string, config model.Config, batches []train.Batch) error {
	if len(batches) == 0 {
		return errors.New("there are no batches to write")
	}
	reads, err := config.TransformersBatch()
	if err != nil {
		return err
	}
	contents := safetensors.Contents{Ints: make(map[string]safetensors.Ints)}
	for _, f := range reads.Fields {
		if f.Name != model.Labels && batches[0][f.Name] == nil && f.Optional {
			continue
		}
		var all safetensors.Ints
		for i, batch := range batches {
			rows, shape, err := rowsOf(f, reads, batch)
			if err != nil {
				return fmt.Errorf("batch %d, from 0: %w", i, err)
			}
			all.Shape = append([]int{len(batches)}, shape...)
			all.Data = append(all.Data, rows...)
		}
		if n := all.Shape[0] * all.Shape[1] * all.Shape[2]; n != len(all.Data) {
			return fmt.Errorf("the batches have different shapes: %s has %d tokens in all, but would have %v", f.Name, len(all.Data), all.Shape)
		}
		contents.Ints[f.Name] = all
	}
	return contents.Write(path)
}

// rowsOf returns the values of a field of a batch and their shape [B, L].
func rowsOf(f model.BatchField, reads model.TransformersBatch, batch train.Batch) (rows []int32, shape []int, err error) {
	if f.Name != model.Labels {
		return ints(batch, f.Name)
	}
	labels, shape, err := ints(batch, model.Labels)
	if err != nil {
		return nil, nil, err
	}
	weights, err := tensors.CopyFlatData[float32](batch[model.Weights])
	if err != nil {
		return nil, nil, err
	}
	positions := make([]int32, len(labels)) // columns
	if reads.Compact {
		if positions, _, err = ints(batch, model.Positions); err != nil {
			return nil, nil, err
		}
		if _, shape, err = ints(batch, f.Like); err != nil {
			return nil, nil, err
		}
	}
	width := len(labels) / shape[0]
	rows = make([]int32, shape[0]*shape[1])
	for i := range rows {
		rows[i] = ignored
	}
	for i, label := range labels {
		column := i % width
		if reads.Compact {
			column = int(positions[i])
		}
		switch weights[i] {
		case 0:
		case 1:
			rows[i/width*shape[1]+column] = label
		default:
			return nil, nil, fmt.Errorf("a predicted token has the weight %g; transformers has only 0 and 1", weights[i])
		}
	}
	return rows, shape, nil
}

// ints returns the values of a tensor of a batch and their shape.
func ints(batch train.Batch, name string) (values []int32, shape []int, err error) {
	t := batch[name]
	if t == nil {
		return nil, nil, fmt.Errorf("there is no %s", name)
	}
	if shape = t.Shape().Dimensions; len(shape) != 2 {
		return nil, nil, fmt.Errorf("%s has shape %v; it must be [rows, tokens]", name, shape)
	}
	values, err = tensors.CopyFlatData[int32](t)
	return values, shape, err
}
