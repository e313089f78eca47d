package growth

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInitFields(t *testing.T) {
	for _, c := range []struct {
		init Init
		want string // of String
		json string
	}{
		{Init{Kind: Copy}, "copy", `{"kind":"copy"}`},
		{Init{Kind: Interpolate}, "interpolate", `{"kind":"interpolate"}`},
		{Init{Kind: Gated, GateSteps: 5}, "gated(5)", `{"kind":"gated","gate_steps":5}`},
		{Init{Kind: Scaled, Factor: 0.5}, "scaled(0.5)", `{"kind":"scaled","factor":0.5}`},
		{Init{Kind: Noise, Factor: 0.01}, "noise(0.01)", `{"kind":"noise","factor":0.01}`},
		{Init{Kind: Noise, Factor: 0.01, Seed: 7}, "noise(0.01 seed 7)", `{"kind":"noise","factor":0.01,"seed":7}`},
		{Init{Kind: Attenuated, Factor: 0.5}, "attenuated(0.5)", `{"kind":"attenuated","factor":0.5}`},
		{Init{Kind: ShrinkPerturb, Factor: 0.6, Noise: 0.01}, "shrink-perturb(0.6 0.01)", `{"kind":"shrink-perturb","factor":0.6,"noise":0.01}`},
		{Init{Kind: ShrinkPerturb, Factor: 0.6, Noise: 0.01, Seed: 3}, "shrink-perturb(0.6 0.01 seed 3)", `{"kind":"shrink-perturb","factor":0.6,"noise":0.01,"seed":3}`},
	} {
		if err := c.init.Validate(); err != nil {
			t.Errorf("%v: %v", c.init, err)
		}
		text, err := json.Marshal(c.init)
		if err != nil || string(text) != c.json || c.init.String() != c.want {
			t.Errorf("got %s and %s (%v), want %s and %s", text, c.init, err, c.json, c.want)
		}
	}
	for want, init := range map[string]Init{
		`factor 0.5: only "scaled", "noise", "attenuated" and "shrink-perturb" have one`: {Kind: Copy, Factor: 0.5},
		`factor 2: only`:                               {Kind: Interpolate, Factor: 2},
		`init "scaled" has factor 0`:                   {Kind: Scaled},
		`init "noise" has factor -1`:                   {Kind: Noise, Factor: -1},
		`init "scaled" has factor NaN`:                 {Kind: Scaled, Factor: math.NaN()},
		`init "noise" has factor +Inf`:                 {Kind: Noise, Factor: math.Inf(1)},
		`init "scaled" has gate_steps 3`:               {Kind: Scaled, Factor: 1, GateSteps: 3},
		`only "noise" and "shrink-perturb" are random`: {Kind: Zero, Seed: 1},
		`init "attenuated" has factor 0`:               {Kind: Attenuated},
		`init "noise" has noise 0.1`:                   {Kind: Noise, Factor: 1, Noise: 0.1},
		`init "shrink-perturb" has noise 0`:            {Kind: ShrinkPerturb, Factor: 1},
		`init "shrink-perturb" has factor 0`:           {Kind: ShrinkPerturb, Noise: 1},
		`init "shrink-perturb" has noise NaN`:          {Kind: ShrinkPerturb, Factor: 1, Noise: math.NaN()},
	} {
		wantError(t, want, init.Validate(), want)
	}
}

// TestScaled checks that a scaled duplicate is between a zeroed one and a copy,
// and that only output projections of duplicates differ.
func TestScaled(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, _ *rand.Rand, src State, depth int, s Strategy) {
		s.Init = Init{Kind: Copy}
		want := mustApply(t, s, src, stackOf(depth))
		for i, duplicate := range s.Map.Duplicates() {
			for _, suffix := range testStack.OutputProjections {
				if duplicate {
					for j := range want.Params[testStack.name(i, suffix)].Data {
						want.Params[testStack.name(i, suffix)].Data[j] *= 0.25 // exact
					}
				}
			}
		}
		s.Init = Init{Kind: Scaled, Factor: 0.25}
		if diff := cmp.Diff(want, mustApply(t, s, src, stackOf(depth))); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNoise checks that duplicates differ from copies by noise of the right
// size, in tensors with at least two axes; that the same strategy gives the
// same noise and another seed other noise; and that moments do not change.
func TestNoise(t *testing.T) {
	const rows, columns, factor = 40, 50, 0.1
	rng := rand.New(rand.NewPCG(8, 8))
	src := State{Params: make(Tensors), Moments: map[string]Tensors{"first": make(Tensors)}}
	for _, name := range []string{"s.0.w", "s.1.w"} {
		data := make([]float32, rows*columns)
		for i := range data {
			data[i] = 3 * float32(rng.NormFloat64())
		}
		src.Params[name] = Tensor{Shape: []int{rows, columns}, Data: data}
		src.Moments["first"][name] = src.Params[name].Clone()
	}
	for _, name := range []string{"s.0.b", "s.1.b"} {
		src.Params[name] = Tensor{Shape: []int{3}, Data: []float32{1, 2, 3}}
	}
	stack := Stack{Prefix: "s.", Depth: 2}
	grow := func(seed uint64) State {
		s := Custom("noisy", Map{0, 1, 1, 1}, Noise)
		s.Init.Factor, s.Init.Seed = factor, seed
		return mustApply(t, s, src, stack)
	}
	grown := grow(0)
	if diff := cmp.Diff(grown, grow(0)); diff != "" {
		t.Error("the same noise is not the same: " + diff)
	}
	noise := func(s State, name string) []float64 {
		var list []float64
		for i, x := range s.Params[name].Data {
			list = append(list, float64(x-src.Params["s.1.w"].Data[i]))
		}
		return list
	}
	above, other := noise(grown, "s.2.w"), noise(grow(1), "s.2.w")
	if slices.Equal(above, noise(grown, "s.3.w")) || slices.Equal(above, other) {
		t.Error("two layers, or two seeds, have the same noise")
	}
	var mean, squares, signal float64
	for i, x := range above {
		mean += x
		squares += x * x
		signal += float64(src.Params["s.1.w"].Data[i]) * float64(src.Params["s.1.w"].Data[i])
	}
	n := float64(len(above))
	mean, deviation, want := mean/n, math.Sqrt(squares/n), factor*math.Sqrt(signal/n)
	// Five standard errors: want/sqrt(n) for the mean, want/sqrt(2n) for the
	// deviation.
	if math.Abs(mean) > 5*want/math.Sqrt(n) || math.Abs(deviation-want) > 5*want/math.Sqrt(2*n) {
		t.Errorf("the noise has mean %g and deviation %g, want 0 and %g", mean, deviation, want)
	}
	for _, name := range []string{"s.0", "s.1", "s.2", "s.3"} {
		if !slices.Equal(grown.Params[name+".b"].Data, []float32{1, 2, 3}) {
			t.Errorf("%s.b of one axis has noise", name)
		}
	}
	if !slices.Equal(grown.Params["s.1.w"].Data, src.Params["s.1.w"].Data) || !slices.Equal(grown.Moments["first"]["s.2.w"].Data, src.Params["s.1.w"].Data) {
		t.Error("an original, or a moment, has noise")
	}
}

func TestInterpolate(t *testing.T) {
	values := map[int]float32{0: 2, 1: 6, 2: 20}
	src := State{Params: make(Tensors), Moments: map[string]Tensors{"first": make(Tensors), "second": make(Tensors)}}
	for layer, x := range values {
		name := testStack.name(layer, "w")
		for _, tensors := range []Tensors{src.Params, src.Moments["first"], src.Moments["second"]} {
			tensors[name] = Tensor{Data: []float32{x}}
		}
	}
	stack := Stack{Prefix: testStack.Prefix, Depth: 3}
	for _, c := range []struct {
		m    Map
		want []float32
	}{
		{Map{0, 0, 1, 1, 2, 2}, []float32{2, 4, 6, 13, 20, 20}},
		{Map{0, 1, 2, 0, 1, 2}, []float32{2, 6, 20, 4, 13, 20}},
		{Map{0, 0, 0, New, 2, 1}, []float32{2, 11, 11, 0, 20, 6}}, // a new layer has no source to mix in
		{Map{0, 2, 2, 0}, []float32{2, 20, 11, 2}},                // above a duplicate of 2 there is 0
	} {
		zero := func(_ string, _ []int) []float32 { return []float32{0} }
		grown, err := Custom("s", c.m, Interpolate).Apply(src, stack, zero)
		if err != nil {
			t.Fatal(err)
		}
		for what, tensors := range map[string]Tensors{"parameter": grown.Params, "first": grown.Moments["first"], "second": grown.Moments["second"]} {
			for i, want := range c.want {
				if got := tensors[stack.name(i, "w")].Data[0]; got != want {
					t.Errorf("%v: %s of layer %d is %g, want %g", c.m, what, i, got, want)
				}
			}
		}
	}
	top := Custom("s", Map{0, 1, 2, 2}, Interpolate)
	if top.Key() != Custom("s", top.Map, Copy).Key() {
		t.Error("a duplicate with nothing above it counts as more than a copy")
	}
}
