package growth

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOneHotIsStacking checks that one-hot rows copy layers bit for bit, with
// their moments.
func TestOneHotIsStacking(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, rng *rand.Rand, src State, depth int, s Strategy) {
		to := depth + 1 + rng.IntN(5)
		s = Custom("map", make(Map, to), Copy)
		coefficients := make([][]float64, to)
		for i := range coefficients {
			s.Map[i] = rng.IntN(depth)
			coefficients[i] = make([]float64, depth)
			coefficients[i][s.Map[i]] = 1
		}
		for _, tensors := range []Tensors{src.Params, src.Moments["first"], src.Moments["second"]} {
			query := testStack.name(depth-1, "attention.query.weight")
			tensors[query].Data[0] = float32(math.Copysign(0, -1))
			tensors[query].Data[1] = float32(math.Inf(1)) // 0 times this is NaN
		}
		combined, err := LiGO(depth, to, coefficients)
		if err != nil {
			t.Fatal(err)
		}
		bits := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
		if diff := cmp.Diff(mustApply(t, s, src, stackOf(depth)), mustApply(t, combined, src, stackOf(depth)), bits); diff != "" {
			t.Error(diff)
		}
		if combined.Key() != s.Key() {
			t.Errorf("keys %q and %q differ", combined.Key(), s.Key())
		}
	})
}

// TestCombine checks that parameters and first moments are combined, and all
// other moments with squared coefficients.
func TestCombine(t *testing.T) {
	tensors := func() Tensors {
		return Tensors{"s.0.w": {Shape: []int{2}, Data: []float32{1, 2}}, "s.1.w": {Shape: []int{2}, Data: []float32{10, 20}}, "head": {Data: []float32{5}}}
	}
	src := State{Params: tensors(), Moments: map[string]Tensors{"first": tensors(), "second": tensors(), "row": tensors()}}
	s, err := LiGO(2, 3, [][]float64{{1, 0}, {0.5, 0.5}, {-1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	grown := mustApply(t, s, src, Stack{Prefix: "s.", Depth: 2})
	for moment, want := range map[string][][]float32{
		"":       {{1, 2}, {5.5, 11}, {19, 38}},
		"first":  {{1, 2}, {5.5, 11}, {19, 38}},
		"second": {{1, 2}, {2.75, 5.5}, {41, 82}},
		"row":    {{1, 2}, {2.75, 5.5}, {41, 82}},
	} {
		got := grown.Params
		if moment != "" {
			got = grown.Moments[moment]
		}
		wanted := Tensors{"head": {Data: []float32{5}}}
		for i, data := range want {
			wanted[Stack{Prefix: "s."}.name(i, "w")] = Tensor{Shape: []int{2}, Data: data}
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%q: %s", moment, diff)
		}
	}
	if want := (Map{0, 0, 1}); !cmp.Equal(s.Map, want) {
		t.Errorf("the map is %v, want %v", s.Map, want)
	}
}

func TestCombineErrors(t *testing.T) {
	for want, coefficients := range map[string][][]float64{
		"2 rows of coefficients for 3 layers": {{1, 0}, {0, 1}},
		"row 1 has 3 coefficients":            {{1, 0}, {0, 1, 0}, {0, 1}},
		"row 2 is all zeros":                  {{1, 0}, {0, 1}, {0, 0}},
		"row 0 has the coefficient NaN":       {{math.NaN(), 0}, {0, 1}, {0, 1}},
		"row 0 has the coefficient 1e+06":     {{1e6, 0}, {0, 1}, {0, 1}},
	} {
		wantError(t, want, second(LiGO(2, 3, coefficients)), want)
	}
	good, err := LiGO(2, 3, [][]float64{{1, 0}, {0, 1}, {0.5, 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Strategy){
		"has 3 rows, but the map has 4":         func(s *Strategy) { s.Map = append(s.Map, 0) },
		"largest coefficient at source layer 0": func(s *Strategy) { s.Map[2] = 1 },
		`init "zero" would change`:              func(s *Strategy) { s.Init.Kind = Zero },
		"row 1 has 1 coefficients":              func(s *Strategy) { s.Combine[1] = []float64{1} },
	} {
		s := good.clone()
		change(&s)
		wantError(t, want, s.Validate(Depths{2}), want)
	}
	good.Encoder = Map{0, 1}
	wantError(t, "two stacks", good.Validate(Depths{2, 2}), "use a separate strategy for each stack")
}
