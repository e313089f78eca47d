package growth

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStrategiesOfAll(t *testing.T) {
	for _, c := range []struct {
		made func() (Strategy, error)
		name string
		want Map
	}{
		{func() (Strategy, error) { return Interpose(3, 6) }, "interpose", Map{0, 1, 1, 1, 1, 2}},
		{func() (Strategy, error) { return Interpose(4, 8) }, "interpose", Map{0, 1, 1, 1, 2, 2, 2, 3}},
		{func() (Strategy, error) { return Interpose(5, 7) }, "interpose", Map{0, 1, 1, 2, 2, 3, 4}},
		{func() (Strategy, error) { return LIDAS(4, 8, 2) }, "lidas-2", Map{0, 1, 2, 1, 2, 1, 2, 3}},
		{func() (Strategy, error) { return LIDAS(5, 7, 1) }, "lidas-1", Map{0, 1, 2, 2, 2, 3, 4}},
		{func() (Strategy, error) { return LIDAS(6, 8, 2) }, "lidas-2", Map{0, 1, 2, 3, 2, 3, 4, 5}},
		{func() (Strategy, error) { return OneToAll(3, 5, 1) }, "one-to-all@1", Map{1, 1, 1, 1, 1}},
	} {
		got, err := c.made()
		if err != nil || got.Name != c.name || !slices.Equal(got.Map, c.want) || got.Source == "" || got.Init.Kind != Copy {
			t.Errorf("%s: %+v, %v, want %v", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(Interpose(2, 4)), "choose a source of at least 3"},
		{second(Interpose(4, 4)), "cannot grow"},
		{second(LIDAS(4, 7, 2)), "choose a size that divides 3"},
		{second(OneToAll(3, 6, 3)), "choose one from 0 to 2"},
		{second(OneToAll(3, 6, -1)), "choose one from 0 to 2"},
		{second(OneToAll(3, 3, 1)), "cannot grow"},
	} {
		wantError(t, c.want, c.err, c.want)
	}
}

// TestLIDASIsSymmetric: where the middle exists, as many layers below the copies as
// above them stay single.
func TestLIDASIsSymmetric(t *testing.T) {
	for from := 2; from <= 9; from++ {
		for block := 1; block < from; block++ {
			if (from-block)%2 != 0 {
				continue
			}
			s, err := LIDAS(from, from+2*block, block)
			if err != nil {
				t.Fatal(err)
			}
			single := (from - block) / 2
			if !slices.Equal(s.Map[:single], span(0, single)) || !slices.Equal(s.Map[len(s.Map)-single:], span(from-single, from)) {
				t.Errorf("%d layers, block %d: %v", from, block, s.Map)
			}
		}
	}
}

// TestAllPool checks that a pool of all strategies begins with the wide one, is valid
// at every depth, and takes the options' moments.
func TestAllPool(t *testing.T) {
	for from := 1; from <= 6; from++ {
		for to := from + 1; to <= 2*from+1; to++ {
			wide, err := NewPool(from, to, &Options{Wide: true, Moments: MomentsReset})
			if err != nil {
				t.Fatal(err)
			}
			all, err := NewPool(from, to, &Options{All: true, Moments: MomentsReset})
			if err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
			if diff := cmp.Diff(wide, all[:len(wide)]); diff != "" {
				t.Errorf("%d to %d: the pool of all strategies does not begin with the wide one: %s", from, to, diff)
			}
			for _, s := range all[len(wide):] {
				if s.Moments != MomentsReset || s.Source == "" {
					t.Errorf("%+v", s)
				}
			}
		}
	}
	all, err := NewPool(3, 6, &Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 52 {
		t.Errorf("3 to 6: %d strategies, want 52: if the pool was changed on purpose, change NewPool's comment and CHANGELOG.md", len(all))
	}
	deeper, err := NewPoolFor(Depths{4, 4}, Depths{8, 8}, &Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"interpose", "one-to-all@2", "stack-attenuated", "interleave-shrink-perturb"} {
		if _, ok := deeper.ByName(name); !ok {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestAttenuated checks that scores of duplicates, which are products of queries and
// keys, are those of their sources times the factor, and that nothing else changes.
func TestAttenuated(t *testing.T) {
	const factor = 0.0625 // its square root is exact
	stack := Stack{Prefix: "s.", Depth: 2, AttentionProjections: []string{"q", "k"}}
	src := State{Params: make(Tensors), Moments: map[string]Tensors{"first": make(Tensors)}}
	for i, x := range []float32{3, 5} {
		for _, suffix := range []string{"q", "k", "v"} {
			src.Params[stack.name(i, suffix)] = Tensor{Shape: []int{2}, Data: []float32{x, -x}}
			src.Moments["first"][stack.name(i, suffix)] = Tensor{Shape: []int{2}, Data: []float32{x, -x}}
		}
	}
	s := Custom("attenuated", Map{0, 1, 1}, Attenuated)
	s.Init.Factor = factor
	grown := mustApply(t, s, src, stack)
	s.Init = Init{Kind: Copy}
	want := mustApply(t, s, src, stack)
	score := want.Params["s.2.q"].Data[0] * want.Params["s.2.k"].Data[0] * factor
	if got := grown.Params["s.2.q"].Data[0] * grown.Params["s.2.k"].Data[0]; got != score {
		t.Errorf("a score is %g, want %g", got, score)
	}
	for _, suffix := range []string{"q", "k"} {
		for i := range want.Params["s.2."+suffix].Data {
			want.Params["s.2."+suffix].Data[i] *= 0.25
		}
	}
	if diff := cmp.Diff(want, grown); diff != "" {
		t.Error(diff)
	}
	s.Init = Init{Kind: Attenuated, Factor: factor}
	stack.AttentionProjections = nil
	_, err := s.Apply(src, stack, nil)
	wantError(t, "no attention", err, "set Stack.AttentionProjections, or leave the strategy out")
	stack.AttentionProjections = []string{"key"}
	_, err = s.Apply(src, stack, nil)
	wantError(t, "missing", err, `query or key projection "s.0.key" is missing`)
}

// TestShrinkPerturb checks that matrices of duplicates are shrunk and have noise of
// the right size, and that vectors, originals and moments stay.
func TestShrinkPerturb(t *testing.T) {
	const rows, columns, factor, noise = 60, 50, 0.5, 0.1
	rng := rand.New(rand.NewPCG(9, 9))
	matrix := Tensor{Shape: []int{rows, columns}}
	var squares float64
	for range rows * columns {
		x := 2 * rng.NormFloat64()
		squares += x * x
		matrix.Data = append(matrix.Data, float32(x))
	}
	vector := Tensor{Shape: []int{2}, Data: []float32{1, 2}}
	params := Tensors{"s.0.w": matrix, "s.0.b": vector}
	src := State{Params: params, Moments: map[string]Tensors{"first": params}}
	s := Custom("perturbed", Map{0, 0}, ShrinkPerturb)
	s.Init.Factor, s.Init.Noise = factor, noise
	grown := mustApply(t, s, src, Stack{Prefix: "s.", Depth: 1})

	size, n := math.Sqrt(squares/(rows*columns)), float64(rows*columns)
	var mean, deviation float64
	for i, x := range grown.Params["s.1.w"].Data {
		d := float64(x) - factor*float64(matrix.Data[i])
		mean += d / n
		deviation += d * d / n
	}
	deviation = math.Sqrt(deviation)
	if want := noise * size; math.Abs(mean) > 5*want/math.Sqrt(n) || math.Abs(deviation-want) > 5*want/math.Sqrt(2*n) {
		t.Errorf("the noise has mean %g and deviation %g, want 0 and %g", mean, deviation, want)
	}
	if diff := cmp.Diff(vector, grown.Params["s.1.b"]); diff != "" {
		t.Error("a vector: " + diff)
	}
	if diff := cmp.Diff(matrix, grown.Params["s.0.w"]); diff != "" {
		t.Error("the original: " + diff)
	}
	if diff := cmp.Diff(matrix, grown.Moments["first"]["s.1.w"]); diff != "" {
		t.Error("a moment: " + diff)
	}
	if diff := cmp.Diff(grown, mustApply(t, s, src, Stack{Prefix: "s.", Depth: 1})); diff != "" {
		t.Error("the same noise is not the same: " + diff)
	}
}
