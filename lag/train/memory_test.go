package train_test

import (
	"testing"

	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// TestMemory counts by hand: 11 numbers of 4 bytes, two moments each.
func TestMemory(t *testing.T) {
	parameters := []transformer.Param{{Name: "weight", Shape: []int{2, 3}}, {Name: "bias", Shape: []int{5}}}
	got := train.Memory(parameters, train.NewAdamW(), 3<<19)
	want := train.MemoryUse{Parameters: 44, Moments: 88, Gradients: 44, Changes: 44, Activations: 3 << 19}
	if got != want || got.Total() != 220+3<<19 {
		t.Errorf("got %+v, %d in all, want %+v", got, got.Total(), want)
	}
	if got, want := got.String(), "1.5 MiB: parameters 44 B, moments 88 B, gradients 44 B, changes 44 B, activations 1.5 MiB"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	base := train.MemoryUse{Parameters: 4 * 109_482_240}
	if got, want := base.String()[:8], "418 MiB:"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
