package growth

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGates(t *testing.T) {
	s := Custom("s", Map{0, 1, New, 0, 1}, Gated)
	s.Init.GateSteps = 4
	for _, c := range []struct {
		step int
		want float32
	}{{-1, 0}, {0, 0}, {1, 0.25}, {3, 0.75}, {4, 1}, {1000, 1}} {
		want := []float32{1, 1, 1, c.want, c.want}
		if got := s.Gates(c.step); !slices.Equal(got, want) {
			t.Errorf("step %d: got %v, want %v", c.step, got, want)
		}
	}
	for _, kind := range []InitKind{Copy, Zero} {
		if got := Custom("s", s.Map, kind).Gates(0); !slices.Equal(got, []float32{1, 1, 1, 1, 1}) {
			t.Errorf("%s: gates %v, want all 1", kind, got)
		}
	}
}

func TestInitString(t *testing.T) {
	for init, want := range map[Init]string{
		{Kind: Copy}:                  "copy",
		{Kind: Zero}:                  "zero",
		{Kind: Gated, GateSteps: 100}: "gated(100)",
	} {
		if got := init.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestStrategyValidate(t *testing.T) {
	good := Custom("s", Map{0, 1, 1}, Copy)
	for _, c := range []struct {
		change func(*Strategy)
		want   string
	}{
		{func(s *Strategy) { s.Name = "" }, "no name"},
		{func(s *Strategy) { s.Name = "a\nb" }, "unprintable characters"},
		{func(s *Strategy) { s.Name = " a" }, "spaces"},
		{func(s *Strategy) { s.Map = Map{0, 7} }, `strategy "s": layer map [0 7]`},
		{func(s *Strategy) { s.Init.Kind = "" }, `init "" is unknown`},
		{func(s *Strategy) { s.Init.Kind = "copied" }, `init "copied" is unknown`},
		{func(s *Strategy) { s.Init.GateSteps = 5 }, "leave gate_steps out"},
		{func(s *Strategy) { s.Init = Init{Kind: Gated} }, "gate_steps 0"},
		{func(s *Strategy) { s.Init = Init{Kind: Gated, GateSteps: -3} }, "gate_steps -3"},
		{func(s *Strategy) { s.Moments = "" }, `moments "" is unknown`},
		{func(s *Strategy) { s.Moments = "keep" }, `moments "keep" is unknown`},
	} {
		s := good
		c.change(&s)
		wantError(t, c.want, s.Validate(Depths{2}), c.want)
	}
	if err := good.Validate(Depths{2}); err != nil {
		t.Error(err)
	}
	if err := Custom("s", Map{0, 1, 1}, Gated).Validate(Depths{2}); err != nil {
		t.Error(err)
	}
}

func TestKey(t *testing.T) {
	base := Strategy{Name: "a", Map: Map{0, 1, 1}, Init: Init{Kind: Copy}, Moments: MomentsCopy, Source: "x"}
	same := func(a, b Strategy) bool { return a.Key() == b.Key() }

	renamed := base
	renamed.Name, renamed.Source = "b", "y"
	if !same(base, renamed) {
		t.Error("the name or the source counts")
	}
	gated := Init{Kind: Gated, GateSteps: 10}
	for _, other := range []Strategy{
		{Map: Map{0, 0, 1}, Init: base.Init, Moments: MomentsCopy},
		{Map: base.Map, Init: Init{Kind: Zero}, Moments: MomentsCopy},
		{Map: base.Map, Init: gated, Moments: MomentsCopy},
		{Map: base.Map, Init: base.Init, Moments: MomentsReset},
		{Map: base.Map, Init: base.Init, Moments: MomentsZeroDuplicates},
	} {
		if same(base, other) {
			t.Errorf("%+v counts as %+v", other, base)
		}
	}
	slower := Strategy{Map: base.Map, Init: Init{Kind: Gated, GateSteps: 20}, Moments: MomentsCopy}
	if same(slower, Strategy{Map: base.Map, Init: gated, Moments: MomentsCopy}) {
		t.Error("the gate's steps do not count")
	}

	// Without duplicates an init changes nothing.
	fresh := Strategy{Map: Map{0, 1, New}, Init: Init{Kind: Copy}, Moments: MomentsCopy}
	for _, other := range []Strategy{
		{Map: fresh.Map, Init: Init{Kind: Zero}, Moments: MomentsCopy},
		{Map: fresh.Map, Init: gated, Moments: MomentsZeroDuplicates},
	} {
		if !same(fresh, other) {
			t.Errorf("%+v does not count as %+v", other, fresh)
		}
	}
	if same(fresh, Strategy{Map: fresh.Map, Init: fresh.Init, Moments: MomentsReset}) {
		t.Error("resetting the moments does not count")
	}
}

func TestStrategyJSON(t *testing.T) {
	s := Custom("mine", Map{0, New, 0}, Gated)
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"mine","map":[0,-1,0],"init":{"kind":"gated","gate_steps":100},"moments":"copy"}`
	if string(data) != want {
		t.Errorf("got %s\nwant %s", data, want)
	}
	var back Strategy
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back); diff != "" {
		t.Error(diff)
	}
}

func TestStrategiesShareNoMap(t *testing.T) {
	m := Map{0, 0}
	s := Custom("s", m, Copy)
	z := s.WithInit(Init{Kind: Zero})
	m[1], z.Map[0] = New, New
	if !slices.Equal(s.Map, Map{0, 0}) {
		t.Errorf("the map became %v", s.Map)
	}
	if z.Name != "s-zero" || s.Name != "s" || s.Init.Kind != Copy {
		t.Errorf("WithInit gave %+v from %+v", z, s)
	}
}
