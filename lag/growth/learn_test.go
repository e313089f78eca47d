package growth

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustLearn(t *testing.T, from, to int) Strategy {
	t.Helper()
	s, err := LearnedLiGO(from, to, 100, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start returns the initial coefficients of learning, for all modules.
func start(s Strategy, from int) map[string][][]float64 {
	modules := make(map[string][][]float64)
	for suffix := range layerShapes {
		modules[Module(suffix)] = s.Coefficients(Module(suffix), from)
	}
	return modules
}

// TestLearningStartsAtStacking checks that the initial coefficients of learning
// give the state of stacking bit for bit, including moments.
func TestLearningStartsAtStacking(t *testing.T) {
	for _, depths := range [][2]int{{1, 2}, {2, 3}, {3, 7}} {
		from, to := depths[0], depths[1]
		src := randomState(rand.New(rand.NewPCG(1, 1)), from)
		src.Params[testStack.name(0, "output.bias")].Data[0] = float32(math.Copysign(0, -1))
		stack, err := GStack(from, to)
		if err != nil {
			t.Fatal(err)
		}
		s := mustLearn(t, from, to)
		bits := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
		want, got := mustApply(t, stack, src, stackOf(from)), mustApply(t, s.Learned(start(s, from)), src, stackOf(from))
		if diff := cmp.Diff(want, got, bits); diff != "" {
			t.Errorf("%d to %d: %s", from, to, diff)
		}
	}
}

// TestCombineModules checks that a module's own coefficients apply only to its
// weight and bias, also to moments, where all but the first use squares.
func TestCombineModules(t *testing.T) {
	src := randomState(rand.New(rand.NewPCG(2, 2)), 2)
	s := Custom("s", Map{0, 1, 1}, Copy)
	plain := mustApply(t, s, src, stackOf(2))
	rows := [][]float64{{1, 0}, {0.5, -2}, {0, 3}} // the largest coefficient of row 1 is not at the map's layer
	s.CombineModules = map[string][][]float64{"attention.output": rows}
	grown := mustApply(t, s, src, stackOf(2))
	for name, tensors := range map[string][3]Tensors{
		"":       {src.Params, plain.Params, grown.Params},
		"first":  {src.Moments["first"], plain.Moments["first"], grown.Moments["first"]},
		"second": {src.Moments["second"], plain.Moments["second"], grown.Moments["second"]},
	} {
		before, without, got := tensors[0], tensors[1], tensors[2]
		for suffix := range layerShapes {
			for i, row := range rows {
				want := without[testStack.name(i, suffix)].Clone()
				if Module(suffix) == "attention.output" {
					for k := range want.Data {
						a, b := row[0], row[1]
						if name == "second" {
							a, b = a*a, b*b
						}
						want.Data[k] = float32(a*float64(before[testStack.name(0, suffix)].Data[k]) + b*float64(before[testStack.name(1, suffix)].Data[k]))
					}
				}
				if diff := cmp.Diff(want, got[testStack.name(i, suffix)]); diff != "" {
					t.Errorf("%s of %s: %s", name, testStack.name(i, suffix), diff)
				}
			}
		}
	}
	s.CombineModules = map[string][][]float64{"attention.outputs": rows}
	wantError(t, "unknown module", second(s.Apply(src, stackOf(2), nil)), `the module "attention.outputs"`)
}

func TestModule(t *testing.T) {
	for suffix, want := range map[string]string{"attention.self.query.weight": "attention.self.query", "output.bias": "output", "scale": "scale", "": ""} {
		if got := Module(suffix); got != want {
			t.Errorf("the module of %q is %q, want %q", suffix, got, want)
		}
	}
}

// TestLearnKey checks that keys include whether and how coefficients are
// learned, but not coefficients that equal those of the strategy without them.
func TestLearnKey(t *testing.T) {
	s := mustLearn(t, 2, 4)
	stack, err := GStack(2, 4)
	if err != nil {
		t.Fatal(err)
	}
	faster := s.clone()
	faster.Learn.Rate = 0.02
	longer := s.clone()
	longer.Learn.Steps++
	for _, other := range []Strategy{stack, faster, longer} {
		if s.Key() == other.Key() {
			t.Errorf("%+v counts as %+v", other, s)
		}
	}
	if s.Learn.Rate != 0.01 || s.Learn.Steps != 100 {
		t.Errorf("a change of a clone changed the original: %+v", s.Learn)
	}
	learned := s.Learned(start(s, 2))
	if learned.Key() != stack.Key() {
		t.Errorf("coefficients that copy count: %s and %s", learned.Key(), stack.Key())
	}
	learned.CombineModules["output"][3] = []float64{0, 2}
	if learned.Key() == stack.Key() {
		t.Error("a module's own coefficients do not count")
	}
	if got := s.Summary(); got != "learned(100)" {
		t.Errorf("the summary is %q", got)
	}
	if got := learned.Summary(); got != "combined" {
		t.Errorf("the summary after learning is %q", got)
	}
}

func TestLearnErrors(t *testing.T) {
	wantError(t, "no steps", second(LearnedLiGO(2, 4, 0, 0.01)), "learn has 0 steps")
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		wantError(t, "rate", second(LearnedLiGO(2, 4, 10, rate)), "learn has the rate")
	}
	wantError(t, "depths", second(LearnedLiGO(2, 2, 10, 0.01)), "cannot grow")
	for want, change := range map[string]func(*Strategy){
		`init "gated" would change`:           func(s *Strategy) { s.Init = Init{Kind: Gated, GateSteps: 5} },
		"has new layers":                      func(s *Strategy) { s.Map[3] = New },
		"nothing to learn":                    func(s *Strategy) { s.Map = Map{0, 1} },
		`combine_modules "output" has 1 row,`: func(s *Strategy) { s.CombineModules = map[string][][]float64{"output": {{1, 0}}} },
		`combine_modules "output": row 2 is all`: func(s *Strategy) {
			s.CombineModules = map[string][][]float64{"output": {{1, 0}, {1, 1}, {0, 0}, {1, 0}}}
		},
		`combine_modules "output": row 1 has 1 coe`: func(s *Strategy) { s.CombineModules = map[string][][]float64{"output": {{1, 0}, {1}, {0, 1}, {1, 0}}} },
	} {
		s := mustLearn(t, 2, 4)
		change(&s)
		wantError(t, want, s.Validate(Depths{2}), want)
	}
	modules := Custom("s", Map{0, New, 1}, Copy)
	modules.CombineModules = map[string][][]float64{"output": {{1, 0}, {1, 1}, {0, 1}}}
	wantError(t, "new layer", modules.Validate(Depths{2}), "the map has a new layer at 1")
	both := mustLearn(t, 2, 4)
	both.Encoder, both.CombineModules = Map{0, 0, 1}, map[string][][]float64{"output": both.Coefficients("output", 2)}
	wantError(t, "two stacks", both.Validate(Depths{2, 2}), "use a separate strategy for each stack")
	src := randomState(rand.New(rand.NewPCG(3, 3)), 2)
	wantError(t, "not learned yet", second(mustLearn(t, 2, 4).Apply(src, stackOf(2), nil)), "none were learned")
}

// TestLearnPerStack checks that each of two stacks learns if it grows.
func TestLearnPerStack(t *testing.T) {
	for _, c := range []struct {
		from, to Depths
		learns   []bool
	}{
		{Depths{2, 2}, Depths{4, 3}, []bool{true, true}},
		{Depths{2, 3}, Depths{2, 5}, []bool{false, true}},
		{Depths{2, 3}, Depths{4, 3}, []bool{true, false}},
		{Depths{3}, Depths{4}, []bool{true}},
	} {
		pool, err := NewPoolFor(c.from, c.to, &Options{Wide: true})
		if err != nil {
			t.Fatal(err)
		}
		s, ok := pool.ByName("ligo")
		if !ok {
			t.Fatalf("%v to %v: there is no ligo", c.from, c.to)
		}
		stacks, err := s.PerStack(len(c.from))
		if err != nil {
			t.Fatal(err)
		}
		for i, one := range stacks {
			if err := one.Validate(Depths{c.from[i]}); err != nil {
				t.Error(err)
			}
			if (one.Learn != nil) != c.learns[i] {
				t.Errorf("%v to %v: stack %d learns: %v, want %v", c.from, c.to, i, one.Learn != nil, c.learns[i])
			}
		}
	}
}

func TestLearnJSON(t *testing.T) {
	s := mustLearn(t, 2, 3)
	for _, want := range []Strategy{s, s.Learned(start(s, 2))} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var back Strategy
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, back); diff != "" {
			t.Error(diff)
		}
	}
	if rows := s.Coefficients("any", 2); !slices.EqualFunc(rows, [][]float64{{1, 0}, {0, 1}, {1, 0}}, slices.Equal[[]float64]) {
		t.Errorf("the start is %v", rows)
	}
}
