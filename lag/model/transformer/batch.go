package transformer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// Batch holds the tensors of a batch, by name.
type Batch map[string]*tensors.Tensor

// Finalize frees the batch's memory immediately.
func (b Batch) Finalize() error {
	var errs []error
	for _, t := range b {
		errs = append(errs, t.FinalizeAll())
	}
	return errors.Join(errs...)
}

// Split divides a batch of B sequences into n micro-batches of B/n, in order.
// The first axis of every tensor must be B.
func (b Batch) Split(n int) ([]Batch, error) {
	if n < 1 {
		return nil, fmt.Errorf("a batch cannot be split into %d micro-batches; give 1 or more", n)
	}
	parts := make([]Batch, n)
	for i := range parts {
		parts[i] = make(Batch, len(b))
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if err := splitInto(parts, name, b[name]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func splitInto(parts []Batch, name string, t *tensors.Tensor) error {
	shape := slices.Clone(t.Shape().Dimensions)
	if len(shape) == 0 || shape[0]%len(parts) != 0 {
		return fmt.Errorf("%s of shape %v cannot be split into %d micro-batches: the batch size must be a multiple of %d", name, shape, len(parts), len(parts))
	}
	shape[0] /= len(parts)
	var wrong error
	err := t.ConstFlatData(func(flat any) {
		switch data := flat.(type) {
		case []int32:
			splitData(parts, name, data, shape)
		case []float32:
			splitData(parts, name, data, shape)
		default:
			wrong = fmt.Errorf("%s has type %T; batches hold int32 and float32", name, flat)
		}
	})
	return errors.Join(err, wrong)
}

func splitData[T int32 | float32](parts []Batch, name string, data []T, shape []int) {
	size := len(data) / len(parts)
	for i := range parts {
		parts[i][name] = tensors.FromFlatDataAndDimensions(data[i*size:(i+1)*size], shape...)
	}
}

// PaddingMask returns a mask [B, L] of rows with the given numbers of tokens: 1 for a
// token, 0 for padding.
func PaddingMask(lengths []int32, length int) []int32 {
	mask := make([]int32, len(lengths)*length)
	for row, n := range lengths {
		for i := range n {
			mask[row*length+int(i)] = 1
		}
	}
	return mask
}
