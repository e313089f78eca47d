package growth

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMoreNamedStrategies(t *testing.T) {
	for _, c := range []struct {
		made func() (Strategy, error)
		want Strategy
	}{
		{func() (Strategy, error) { return SOLAR(8, 12) }, Strategy{Name: "solar", Map: Map{0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7}}},
		{func() (Strategy, error) { return SOLAR(3, 4) }, Strategy{Name: "solar", Map: Map{0, 1, 1, 2}}},
		{func() (Strategy, error) { return SOLAR(2, 4) }, Strategy{Name: "solar", Map: Map{0, 1, 0, 1}}},
		{func() (Strategy, error) { return IdentityBlocks(4, 6, 2) }, Strategy{Name: "identity-blocks-2", Map: Map{0, 1, 1, 2, 3, 3}, Init: Init{Kind: Zero}}},
		{func() (Strategy, error) { return IdentityBlocks(2, 4, 1) }, Strategy{Name: "identity-blocks-1", Map: Map{0, 1, 1, 1}, Init: Init{Kind: Zero}}},
		{func() (Strategy, error) { return LEMON(2, 4) }, Strategy{Name: "lemon", Map: Map{0, 0, 1, 1}, Init: Init{Kind: Zero}, Restart: true}},
		{func() (Strategy, error) { return MSG(2, 4, 7) }, Strategy{Name: "msg", Map: Map{0, 0, 1, 1}, Init: Init{Kind: Gated, GateSteps: 7}}},
		{func() (Strategy, error) { return MSLT(3, 5, 9) }, Strategy{Name: "mslt", Map: Map{0, 1, 2, 1, 2}, NewFirst: 9}},
		{func() (Strategy, error) { return MSLT(2, 5, 9) }, Strategy{Name: "mslt", Map: Map{0, 1, 1, 0, 1}, NewFirst: 9}},
		{func() (Strategy, error) { return StagedAppend(2, 4, Copy) }, Strategy{Name: "staged-append-copy", Map: Map{0, 1, 0, 1}}},
		{func() (Strategy, error) { return StagedAppend(2, 4, Zero) }, Strategy{Name: "staged-append-identity", Map: Map{0, 1, 0, 1}, Init: Init{Kind: Zero}}},
		{func() (Strategy, error) { return StagedAlternate(2, 4, Zero) }, Strategy{Name: "staged-alternate-identity", Map: Map{0, 0, 1, 1}, Init: Init{Kind: Zero}}},
	} {
		got, err := c.made()
		if err != nil {
			t.Errorf("%s: %v", c.want.Name, err)
			continue
		}
		if got.Source == "" {
			t.Errorf("%s has no source", got.Name)
		}
		got.Source, c.want.Moments = "", MomentsCopy
		if c.want.Init.Kind == "" {
			c.want.Init.Kind = Copy
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(SOLAR(3, 5)), "choose an even depth of at most 6"},
		{second(SOLAR(3, 8)), "choose an even depth of at most 6"},
		{second(SOLAR(3, 3)), "cannot grow"},
		{second(IdentityBlocks(4, 6, 4)), "4 groups do not divide"},
		{second(IdentityBlocks(4, 6, 0)), "0 groups"},
		{second(IdentityBlockGroups(4, 4)), "cannot grow"},
		{second(MSG(2, 4, 0)), "gate_steps 0"},
		{second(MSLT(2, 4, 0)), "give at least 1"},
		{second(LEMON(0, 4)), "cannot grow"},
		{second(StagedAppend(2, 4, Gated)), `no init "gated"`},
	} {
		wantError(t, c.want, c.err, c.want)
	}
}

// TestSOLARIsTheMiddleBlock compares the two descriptions of depth up-scaling.
func TestSOLARIsTheMiddleBlock(t *testing.T) {
	for from := 2; from <= 12; from++ {
		for to := from + 1; to < 2*from; to++ {
			if to%2 != 0 {
				continue
			}
			overlap, err1 := SOLAR(from, to)
			block, err2 := InPlaceBlock(from, to, to-from, from-to/2)
			if err1 != nil || err2 != nil || overlap.Key() != block.Key() {
				t.Errorf("%d to %d: %v, %v (%v, %v)", from, to, overlap.Map, block.Map, err1, err2)
			}
		}
	}
}

// TestWidePool checks that a wide pool is valid, begins with the narrow one, and has the
// right size.
func TestWidePool(t *testing.T) {
	for _, c := range []struct{ from, to, atLeast int }{{1, 2, 10}, {1, 5, 10}, {3, 6, 41}, {3, 5, 35}, {4, 6, 40}, {6, 12, 100}} {
		for _, moments := range []Moments{"", MomentsReset} {
			narrow, err := NewPool(c.from, c.to, &Options{Moments: moments})
			if err != nil {
				t.Fatal(err)
			}
			pool, err := NewPool(c.from, c.to, &Options{Wide: true, RewarmSteps: 7, Moments: moments})
			if err != nil {
				t.Fatal(err)
			}
			if len(pool) < c.atLeast && moments == "" {
				t.Errorf("%d to %d: %d strategies, want at least %d", c.from, c.to, len(pool), c.atLeast)
			}
			if diff := cmp.Diff(narrow, pool[:len(narrow)]); diff != "" {
				t.Errorf("%d to %d: the wide pool does not begin with the narrow one: %s", c.from, c.to, diff)
			}
			for _, s := range pool {
				if s.Rewarm != 0 && s.Rewarm != 7 || s.NewFirst != 0 && s.NewFirst != 7 {
					t.Errorf("%q does not take the option's 7 steps: %+v", s.Name, s)
				}
			}
		}
	}
	wide, err := NewPool(3, 6, &Options{Wide: true, LearnSteps: 9})
	if err != nil {
		t.Fatal(err)
	}
	if len(wide) != 45 {
		t.Errorf("3 to 6: %d strategies, want 45: if the pool was changed on purpose, change NewPool's comment and CHANGELOG.md", len(wide))
	}
	if ligo, _ := wide.ByName("ligo"); ligo.Learn == nil || *ligo.Learn != (Learning{9, DefaultLearnRate}) {
		t.Errorf("ligo does not take the option's 9 steps: %+v", ligo.Learn)
	}
	for _, name := range []string{"insert-1@2-gap-0", "lemon", "mslt", "ligo", "stack-scaled", "interleave-noise", "stack-interpolate",
		"stack-moments-reset", "interleave-moments-zero", "repeat-last-1-rewarm", "stack-restart"} {
		if _, ok := wide.ByName(name); !ok {
			t.Errorf("there is no %s", name)
		}
	}
	wantError(t, "rewarm", second(NewPool(3, 6, &Options{RewarmSteps: -1})), "rewarm steps are -1")
	wantError(t, "learn", second(NewPool(3, 6, &Options{LearnSteps: -1})), "learn steps are -1")
}

func TestNewPoolFor(t *testing.T) {
	for _, c := range []struct {
		from, to Depths
		want     int
	}{
		{Depths{3}, Depths{6}, 17},
		{Depths{2, 2}, Depths{4, 4}, 14},
		{Depths{3, 3}, Depths{6, 6}, 17},
		{Depths{2, 3}, Depths{4, 6}, 14},
		{Depths{3, 2}, Depths{3, 4}, 14},
		{Depths{3, 2}, Depths{6, 2}, 17},
	} {
		pool, err := NewPoolFor(c.from, c.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(pool) != c.want {
			t.Errorf("%v to %v: %d strategies, want %d", c.from, c.to, len(pool), c.want)
		}
		for _, s := range pool {
			if !slices.Equal(s.To(), c.to) {
				t.Errorf("%q grows to %v, want %v", s.Name, s.To(), c.to)
			}
			stacks, err := s.PerStack(len(c.from))
			if err != nil {
				t.Fatal(err)
			}
			for i, one := range stacks {
				if c.from[i] == c.to[i] {
					if !slices.Equal(one.Map, span(0, c.from[i])) {
						t.Errorf("%q changes stack %d, which does not grow: %v", s.Name, i, one.Map)
					}
					continue
				}
				same, err := NewPool(c.from[i], c.to[i], nil)
				if err != nil {
					t.Fatal(err)
				}
				if named, _ := same.ByName(s.Name); named.Key() != one.Key() {
					t.Errorf("stack %d of %q is grown by %v, alone by %v", i, s.Name, one.Map, named.Map)
				}
			}
		}
	}
	if wide, err := NewPoolFor(Depths{3, 3}, Depths{6, 6}, &Options{Wide: true}); err != nil || len(wide) <= 40 {
		t.Errorf("a wide pool of two stacks has %d strategies: %v", len(wide), err)
	}
}

// TestEqualKeysOfWidePools checks that every strategy that Dedupe removes gives
// the same state as the one it keeps.
func TestEqualKeysOfWidePools(t *testing.T) {
	src := randomState(rand.New(rand.NewPCG(6, 6)), 3)
	states := make(map[string]State)
	shared := 0
	var c collector
	c.all(NewPool(3, 6, &Options{Wide: true}))
	c.all(wide(3, 6, Options{GateSteps: 100, RewarmSteps: 100, LearnSteps: 100}))
	c.one(StagedAppend(3, 6, Zero))
	c.one(StagedAlternate(3, 6, Copy))
	c.one(RepeatLast(3, 6, 1))
	last := c.pool[len(c.pool)-1].WithInit(Init{Kind: Interpolate})
	for _, s := range append(c.pool, last) {
		if s.Learn != nil {
			continue // without data there is no state to compare
		}
		grown := mustApply(t, s, src, stackOf(3))
		if first, ok := states[s.Key()]; ok {
			shared++
			if diff := cmp.Diff(first, grown); diff != "" {
				t.Errorf("%q: %s", s.Name, diff)
			}
		}
		states[s.Key()] = grown
	}
	if c.err != nil || shared < 10 {
		t.Errorf("%d strategies do what others do: %v", shared, c.err)
	}
}
