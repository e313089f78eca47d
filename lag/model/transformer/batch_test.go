package transformer_test

import (
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// TestSplit: micro-batches hold the rows of a batch in order.
func TestSplit(t *testing.T) {
	batch := transformer.Batch{
		"ids":     tensors.FromValue([][]int32{{1, 2}, {3, 4}, {5, 6}, {7, 8}}),
		"weights": tensors.FromValue([]float32{0.1, 0.2, 0.3, 0.4}),
	}
	for n, want := range map[int][]map[string]any{
		1: {{"ids": [][]int32{{1, 2}, {3, 4}, {5, 6}, {7, 8}}, "weights": []float32{0.1, 0.2, 0.3, 0.4}}},
		2: {{"ids": [][]int32{{1, 2}, {3, 4}}, "weights": []float32{0.1, 0.2}}, {"ids": [][]int32{{5, 6}, {7, 8}}, "weights": []float32{0.3, 0.4}}},
	} {
		parts, err := batch.Split(n)
		if err != nil || len(parts) != n {
			t.Fatalf("%d micro-batches of %d, error %v", len(parts), n, err)
		}
		for i, part := range parts {
			got := make(map[string]any)
			for name, tensor := range part {
				got[name] = tensor.Value()
			}
			if !reflect.DeepEqual(got, want[i]) {
				t.Errorf("micro-batch %d of %d: got %v, want %v", i, n, got, want[i])
			}
		}
	}
	for _, n := range []int{-1, 0, 3} {
		if _, err := batch.Split(n); err == nil {
			t.Errorf("%d micro-batches of 4 rows: no error", n)
		}
	}
	for name, tensor := range map[string]*tensors.Tensor{"scalar": tensors.FromScalar(int32(1)), "float64": tensors.FromValue([]float64{1, 2})} {
		if _, err := (transformer.Batch{name: tensor}).Split(1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
