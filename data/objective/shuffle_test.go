package objective

import (
	"slices"
	"testing"
)

func TestShuffleContext(t *testing.T) {
	b := MLMBatch{
		Size: 2, Length: 8, Predictions: 2,
		Tokens:    []int32{1, 10, 11, 4, 13, 14, 4, 2, 1, 20, 4, 22, 23, 24, 25, 2},
		Positions: []int32{3, 6, 2, 0}, Labels: []int32{12, 15, 21, 0}, Weights: []float32{1, 1, 1, 0}, Lengths: []int32{8, 8},
	}
	before := slices.Clone(b.Tokens)
	s := b.ShuffleContext(1)
	if !slices.Equal(b.Tokens, before) {
		t.Error("the batch itself was changed")
	}
	if slices.Equal(s.Tokens, before) {
		t.Error("the order did not change")
	}
	for _, at := range []int{0, 3, 6, 7, 8, 10, 15} {
		if s.Tokens[at] != before[at] {
			t.Errorf("token %d is special or to be predicted, and was moved", at)
		}
	}
	for row := range 2 {
		got, want := slices.Clone(s.Tokens[8*row:8*row+8]), slices.Clone(before[8*row:8*row+8])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("row %d holds other tokens than before: %v, want %v", row, got, want)
		}
	}
	if !slices.Equal(s.Tokens, b.ShuffleContext(1).Tokens) {
		t.Error("the same seed gives another order")
	}
}
