package growth

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestApplySharing compares growing with and without copies.
func TestApplySharing(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, rng *rand.Rand, src State, depth int, s Strategy) {
		s.Init = []Init{s.Init, {Kind: Scaled, Factor: 2}, {Kind: Noise, Factor: 1}, {Kind: Interpolate}, {Kind: Zero}}[rng.IntN(5)]
		s.Moments = []Moments{MomentsCopy, MomentsZeroDuplicates, MomentsReset}[rng.IntN(3)]
		init := func(name string, shape []int) []float32 { return byName(name, shape) }
		before := cloneState(src)
		want, err := s.Apply(src, stackOf(depth), init)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.ApplySharing(src, stackOf(depth), init)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v: %s", s, diff)
		}
		if diff := cmp.Diff(before, src); diff != "" {
			t.Fatalf("the source changed: %s", diff)
		}
	})
}

// TestApplySharingSaves checks that what is only copied is the same memory.
func TestApplySharingSaves(t *testing.T) {
	src := State{Params: Tensors{}, Moments: map[string]Tensors{"first": {}}}
	for _, name := range []string{"layer.0.w", "layer.1.w", "head"} {
		src.Params[name] = Tensor{Shape: []int{2}, Data: []float32{1, 2}}
		src.Moments["first"][name] = Tensor{Shape: []int{2}, Data: []float32{3, 4}}
	}
	s := Custom("stack", Map{0, 1, 0, 1}, Copy)
	grown, err := s.ApplySharing(src, Stack{Prefix: "layer.", Depth: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{"layer.0.w": "layer.0.w", "layer.3.w": "layer.1.w", "head": "head"} {
		if &grown.Params[name].Data[0] != &src.Params[source].Data[0] || &grown.Moments["first"][name].Data[0] != &src.Moments["first"][source].Data[0] {
			t.Errorf("%s was copied", name)
		}
	}
}
