package growth

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testStack = Stack{
	Prefix:            "bert.encoder.layer.",
	OutputProjections: []string{"attention.output.weight", "attention.output.bias", "output.weight", "output.bias"},
}

var layerShapes = map[string][]int{
	"attention.query.weight":  {2, 3},
	"attention.output.weight": {3, 2},
	"attention.output.bias":   {2},
	"output.weight":           {2, 2},
	"output.bias":             {2},
	"norm.scale":              {}, // a scalar
}

var outsideShapes = map[string][]int{
	"bert.embeddings.weight":         {4, 2},
	"bert.encoder.layer.norm.weight": {2}, // has the prefix, but no index
	"head.bias":                      {4},
}

// randomState returns a random state with depth layers and two moments. All its
// values are nonzero and practically all are different.
func randomState(rng *rand.Rand, depth int) State {
	fill := func() Tensors {
		tensors := make(Tensors)
		add := func(name string, shape []int) {
			tensor := Tensor{Shape: slices.Clone(shape)}
			size, err := tensor.size()
			if err != nil {
				panic(err)
			}
			for range size {
				tensor.Data = append(tensor.Data, 1+rng.Float32())
			}
			tensors[name] = tensor
		}
		for name, shape := range outsideShapes {
			add(name, shape)
		}
		for suffix, shape := range layerShapes {
			for i := range depth {
				add(testStack.name(i, suffix), shape)
			}
		}
		return tensors
	}
	return State{Params: fill(), Moments: map[string]Tensors{"first": fill(), "second": fill()}}
}

// byName is an initializer whose values depend only on the name.
func byName(name string, shape []int) []float32 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	rng := rand.New(rand.NewPCG(hash.Sum64(), 0))
	size, err := Tensor{Shape: shape}.size()
	if err != nil {
		panic(err)
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = -1 - rng.Float32()
	}
	return values
}

// cloneState does not use Tensor.Clone, which is under test.
func cloneState(s State) State {
	cloneTensors := func(tensors Tensors) Tensors {
		out := make(Tensors, len(tensors))
		for name, tensor := range tensors {
			out[name] = Tensor{Shape: slices.Clone(tensor.Shape), Data: slices.Clone(tensor.Data)}
		}
		return out
	}
	out := State{Params: cloneTensors(s.Params), Moments: make(map[string]Tensors)}
	for moment, tensors := range s.Moments {
		out.Moments[moment] = cloneTensors(tensors)
	}
	return out
}

func stackOf(depth int) Stack {
	stack := testStack
	stack.Depth = depth
	return stack
}

// forRandomStrategies checks a property with random sources and strategies.
func forRandomStrategies(t *testing.T, property func(t *testing.T, rng *rand.Rand, src State, depth int, s Strategy)) {
	t.Helper()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		depth := 1 + rng.IntN(6)
		s := Custom("random", randomMap(rng, depth, depth+rng.IntN(8)), []InitKind{Copy, Zero, Gated}[rng.IntN(3)])
		s.Moments = []Moments{MomentsCopy, MomentsZeroDuplicates, MomentsReset}[rng.IntN(3)]
		t.Run(fmt.Sprintf("%d/%s", seed, s.Key()), func(t *testing.T) {
			property(t, rng, randomState(rng, depth), depth, s)
		})
	}
}

func mustApply(t *testing.T, s Strategy, src State, stack Stack) State {
	t.Helper()
	grown, err := s.Apply(src, stack, byName)
	if err != nil {
		t.Fatal(err)
	}
	return grown
}

// Every value of the grown state is where the definition puts it, and there are
// no other values.
func TestApplyFollowsTheDefinition(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, _ *rand.Rand, src State, depth int, s Strategy) {
		grown := mustApply(t, s, src, stackOf(depth))
		want := len(outsideShapes) + len(layerShapes)*len(s.Map)
		for i, tensors := range []Tensors{grown.Params, grown.Moments["first"], grown.Moments["second"]} {
			if len(tensors) != want {
				t.Errorf("set %d has %d tensors, want %d", i, len(tensors), want)
			}
		}
		check := func(what string, got, want Tensor, zero bool) {
			t.Helper()
			if want = want.Clone(); zero {
				clear(want.Data)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		for name := range outsideShapes {
			check(name, grown.Params[name], src.Params[name], false)
			for k := range src.Moments {
				check(name, grown.Moments[k][name], src.Moments[k][name], s.Moments == MomentsReset)
			}
		}
		seen := make(map[int]bool)
		for i, source := range s.Map {
			later := seen[source]
			seen[source] = true
			for suffix, shape := range layerShapes {
				name := testStack.name(i, suffix)
				if source == New {
					check(name, grown.Params[name], Tensor{Shape: shape, Data: byName(name, shape)}, false)
					for k := range src.Moments {
						check(name, grown.Moments[k][name], src.Moments[k][testStack.name(0, suffix)], true)
					}
					continue
				}
				from := testStack.name(source, suffix)
				projection := strings.Contains(suffix, "output")
				check(name, grown.Params[name], src.Params[from], later && projection && s.Init.Kind == Zero)
				for k := range src.Moments {
					zero := s.Moments == MomentsReset || later && s.Moments == MomentsZeroDuplicates
					check(name, grown.Moments[k][name], src.Moments[k][from], zero)
				}
			}
		}
	})
}

// Moments are moved like parameters: a moment with the parameters' values grows
// into the parameters' values.
func TestApplyMovesMomentsAsParameters(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, rng *rand.Rand, src State, depth int, s Strategy) {
		for i, layer := range s.Map {
			if layer == New {
				s.Map[i] = rng.IntN(depth)
			}
		}
		s.Init, s.Moments = Init{Kind: Copy}, MomentsCopy
		src.Moments = map[string]Tensors{"first": src.Params}
		grown := mustApply(t, s, src, stackOf(depth))
		if diff := cmp.Diff(grown.Params, grown.Moments["first"]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestApplyCommutesWithRenaming(t *testing.T) {
	const prefix = "decoder.block."
	rename := func(name string) string {
		if layer, suffix, inside := testStack.Split(name); inside {
			return fmt.Sprintf("%s%d.x.%s", prefix, layer, suffix)
		}
		return "model/" + name
	}
	renameAll := func(tensors Tensors) Tensors {
		out := make(Tensors, len(tensors))
		for name, tensor := range tensors {
			out[rename(name)] = tensor.Clone()
		}
		return out
	}
	renameState := func(s State) State {
		out := State{Params: renameAll(s.Params), Moments: make(map[string]Tensors)}
		for moment, tensors := range s.Moments {
			out.Moments[moment] = renameAll(tensors)
		}
		return out
	}
	constant := func(_ string, shape []int) []float32 { return byName("a name", shape) }
	forRandomStrategies(t, func(t *testing.T, _ *rand.Rand, src State, depth int, s Strategy) {
		renamed := Stack{Prefix: prefix, Depth: depth}
		for _, suffix := range testStack.OutputProjections {
			renamed.OutputProjections = append(renamed.OutputProjections, "x."+suffix)
		}
		a, err := s.Apply(src, stackOf(depth), constant)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Apply(renameState(src), renamed, constant)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(renameState(a), b); diff != "" {
			t.Error(diff)
		}
	})
}

// Strategies with equal keys make equal states and gates.
func TestEqualKeysGiveEqualStates(t *testing.T) {
	src := randomState(rand.New(rand.NewPCG(3, 3)), 3)
	inserted, err := Insertions(3, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	onTop, err := AppendBlocks(3, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	random, err := RandomLayers(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	pool := inserted.Union(onTop, random)
	pool = pool.Union(pool.WithInit(Init{Kind: Zero}), pool.WithInit(Init{Kind: Gated, GateSteps: 9}))
	states := make(map[string]State)
	gates := make(map[string][]float32)
	shared := 0
	for _, s := range pool {
		grown := mustApply(t, s, src, stackOf(3))
		first, ok := states[s.Key()]
		if !ok {
			states[s.Key()], gates[s.Key()] = grown, s.Gates(3)
			continue
		}
		shared++
		if diff := cmp.Diff(first, grown); diff != "" {
			t.Errorf("%q: %s", s.Name, diff)
		}
		if !slices.Equal(gates[s.Key()], s.Gates(3)) {
			t.Errorf("%q has other gates", s.Name)
		}
	}
	if shared == 0 {
		t.Fatal("no two strategies of the pool have equal keys")
	}
}

// Growing in two steps is the same as composing the maps: growing by m and then
// by n is growing by m[n[i]].
func TestApplyComposes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	src := randomState(rng, 3)
	first := Custom("first", Map{0, 1, 2, 1}, Copy)
	second := Custom("second", Map{3, 0, 1, 2, 3, 0}, Copy)
	both := Custom("both", nil, Copy)
	for _, layer := range second.Map {
		both.Map = append(both.Map, first.Map[layer])
	}
	twice := mustApply(t, second, mustApply(t, first, src, stackOf(3)), stackOf(4))
	if diff := cmp.Diff(mustApply(t, both, src, stackOf(3)), twice); diff != "" {
		t.Error(diff)
	}
}

// Writing to the result does not change the source, other tensors of the
// result, or the initializer's memory.
func TestApplySharesNoMemory(t *testing.T) {
	kept := make(map[string][]float32)
	keeping := func(name string, shape []int) []float32 {
		kept[name] = byName(name, shape)
		return kept[name]
	}
	forRandomStrategies(t, func(t *testing.T, rng *rand.Rand, src State, depth int, s Strategy) {
		s.Init = []Init{s.Init, {Kind: Scaled, Factor: 2}, {Kind: Noise, Factor: 1}, {Kind: Interpolate}}[rng.IntN(4)]
		clear(kept)
		before := cloneState(src)
		grown, err := s.Apply(src, stackOf(depth), keeping)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, src); diff != "" {
			t.Fatalf("Apply changed the source: %s", diff)
		}
		// If a value was written twice, two tensors share it.
		written := float32(1000)
		fill := func(tensors Tensors, check bool) {
			for _, name := range tensors.names() {
				for i := range tensors[name].Data {
					written++
					if check && tensors[name].Data[i] != written {
						t.Fatalf("%q shares memory with another tensor", name)
					}
					tensors[name].Data[i] = written
				}
				for i := range tensors[name].Shape {
					tensors[name].Shape[i]++
				}
			}
		}
		for _, check := range []bool{false, true} {
			written = 1000
			for _, tensors := range []Tensors{grown.Params, grown.Moments["first"], grown.Moments["second"]} {
				fill(tensors, check)
			}
		}
		if diff := cmp.Diff(before, src); diff != "" {
			t.Fatalf("the result shares memory with the source: %s", diff)
		}
		for name, values := range kept {
			if !slices.Equal(values, byName(name, layerShapes[strings.SplitN(name, ".", 5)[4]])) {
				t.Fatalf("%q shares memory with the initializer", name)
			}
		}
	})
}

// All strategies of a pool can be applied, also to a state without moments.
func TestApplyDefaultPool(t *testing.T) {
	pool, err := DefaultPool(3, 6)
	if err != nil {
		t.Fatal(err)
	}
	src := randomState(rand.New(rand.NewPCG(9, 9)), 3)
	src.Moments = nil
	for _, s := range pool {
		grown := mustApply(t, s, src, stackOf(3))
		if len(grown.Moments) != 0 {
			t.Errorf("%q made moments of nothing", s.Name)
		}
		if err := grown.validate(); err != nil {
			t.Errorf("%q: %v", s.Name, err)
		}
	}
}

// A moment may exist only for some parameters, and have another shape, as
// Adafactor's do. A new layer gets zeros of that shape.
func TestApplyPartialMoments(t *testing.T) {
	src := randomState(rand.New(rand.NewPCG(4, 4)), 2)
	const query, output = "attention.query.weight", "output.bias"
	src.Moments = map[string]Tensors{"row": {"head.bias": {Shape: []int{1}, Data: []float32{9}}}, "full": {}}
	for i := range 2 {
		src.Moments["row"][testStack.name(i, query)] = Tensor{Shape: []int{2}, Data: []float32{float32(i), 5}}
		src.Moments["full"][testStack.name(i, output)] = src.Params[testStack.name(i, output)]
	}
	grown := mustApply(t, Custom("s", Map{1, New, 0}, Copy), src, stackOf(2))
	want := map[string]Tensors{
		"row": {
			"head.bias":              {Shape: []int{1}, Data: []float32{9}},
			testStack.name(0, query): {Shape: []int{2}, Data: []float32{1, 5}},
			testStack.name(1, query): {Shape: []int{2}, Data: []float32{0, 0}},
			testStack.name(2, query): {Shape: []int{2}, Data: []float32{0, 5}},
		},
		"full": {
			testStack.name(0, output): src.Params[testStack.name(1, output)],
			testStack.name(1, output): {Shape: []int{2}, Data: []float32{0, 0}},
			testStack.name(2, output): src.Params[testStack.name(0, output)],
		},
	}
	if diff := cmp.Diff(want, grown.Moments); diff != "" {
		t.Error(diff)
	}
}
