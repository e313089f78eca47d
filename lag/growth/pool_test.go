package growth

import (
	"slices"
	"testing"
)

func TestDefaultPool(t *testing.T) {
	for _, c := range []struct{ from, to, want int }{
		{3, 6, 17}, {1, 2, 5}, {2, 4, 14}, {4, 8, 20}, {3, 4, 14}, {6, 12, 22}, {24, 48, 40},
	} {
		pool, err := DefaultPool(c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		if len(pool) != c.want {
			t.Errorf("%d to %d: %d strategies, want %d: if the pool was changed on purpose, change this table and NewPool's comment", c.from, c.to, len(pool), c.want)
		}
	}
}

func TestDefaultPoolAtEveryDepth(t *testing.T) {
	for from := 1; from <= 9; from++ {
		for to := from + 1; to <= 3*from+2; to++ {
			pool, err := DefaultPool(from, to)
			if err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
			if err := pool.Validate(Depths{from}, Depths{to}); err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
			if len(pool.Dedupe()) != len(pool) {
				t.Errorf("%d to %d: two strategies do the same", from, to)
			}
			for _, s := range pool {
				if s.Source == "" {
					t.Errorf("%q has no source", s.Name)
				}
				if s.Init.Kind != Copy && !s.Map.KeepsOrder(from) {
					t.Errorf("%q: a shut gate does not leave the source's function", s.Name)
				}
			}
			for _, block := range []int{1, largestBlock(from-1, to-from)} {
				if block == 0 {
					continue
				}
				last, err1 := RepeatLast(from, to, block)
				middle, err2 := RepeatMiddle(from, to, block)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				for _, s := range []Strategy{last, middle} {
					if !slices.ContainsFunc(pool, func(o Strategy) bool { return o.Key() == s.Key() }) {
						t.Errorf("%d to %d: no strategy does what %q does", from, to, s.Name)
					}
				}
			}
		}
	}
}

func TestPoolOptions(t *testing.T) {
	pool, err := NewPool(3, 6, &Options{GateSteps: 7, Moments: MomentsReset})
	if err != nil {
		t.Fatal(err)
	}
	gated := 0
	for _, s := range pool {
		if s.Moments != MomentsReset {
			t.Errorf("%q has moments %q", s.Name, s.Moments)
		}
		if s.Init.Kind == Gated {
			gated++
			if s.Init.GateSteps != 7 {
				t.Errorf("%q has %d gate steps", s.Name, s.Init.GateSteps)
			}
		}
	}
	if gated == 0 {
		t.Error("nothing is gated")
	}
	wantError(t, "gate steps", second(NewPool(3, 6, &Options{GateSteps: -1})), "gate_steps -1")
	wantError(t, "moments", second(NewPool(3, 6, &Options{Moments: "keep"})), `moments "keep"`)
}

func TestPoolOperations(t *testing.T) {
	a := Custom("a", Map{0, 0}, Copy)
	b := Custom("b", Map{0, New}, Copy)
	again := Custom("again", Map{0, 0}, Copy)

	all := Pool{a}.Union(Pool{b}, nil, Pool{again})
	if got := all.Names(); !slices.Equal(got, []string{"a", "b", "again"}) {
		t.Errorf("union: %v", got)
	}
	if got := all.Dedupe().Names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("dedupe: %v", got)
	}
	old := all.Filter(func(s Strategy) bool { return !slices.Contains(s.Map, New) })
	if got := old.Names(); !slices.Equal(got, []string{"a", "again"}) {
		t.Errorf("filter: %v", got)
	}
	if got := (Pool{a}).WithInit(Init{Kind: Zero}).Names(); !slices.Equal(got, []string{"a-zero"}) {
		t.Errorf("with init: %v", got)
	}
	if s, ok := all.ByName("b"); !ok || s.Name != "b" {
		t.Errorf("by name: %v, %v", s, ok)
	}
	if _, ok := all.ByName("c"); ok {
		t.Error("found a strategy that is not there")
	}
}

func TestPoolValidate(t *testing.T) {
	a := Custom("a", Map{0, 0}, Copy)
	b := Custom("b", Map{0, New}, Copy)
	if err := (Pool{a, b}).Validate(Depths{1}, Depths{2}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		pool     Pool
		from, to int
		want     string
	}{
		{Pool{a}, 0, 2, "at least 1"},
		{Pool{a}, 2, 2, "choose a depth above 2"},
		{Pool{a}, 3, 2, "choose a depth above 3"},
		{nil, 1, 2, "pool is empty"},
		{Pool{a}, 1, 3, `"a" grows to 2 layers, but the pool grows to 3`},
		{Pool{a, Custom("b", Map{0, 1}, Copy)}, 1, 2, `strategy "b"`},
		{Pool{a, Custom("a", Map{0, New}, Copy)}, 1, 2, `named "a"`},
		{Pool{a, Custom("b", Map{0, 0}, Copy)}, 1, 2, `"a" and "b" do the same`},
	} {
		wantError(t, c.want, c.pool.Validate(Depths{c.from}, Depths{c.to}), c.want)
	}
}

// TestFew checks that few strategies are some of the pool's, at every depth, and that
// a wide pool is not changed.
func TestFew(t *testing.T) {
	for from := 1; from <= 9; from++ {
		for _, to := range []int{from + 1, 2 * from, 3 * from} {
			if to == from {
				continue
			}
			few, err := NewPool(from, to, &Options{Few: true})
			all, errAll := DefaultPool(from, to)
			if err != nil || errAll != nil {
				t.Fatalf("%d to %d: %v, %v", from, to, err, errAll)
			}
			for _, s := range few {
				if _, ok := all.ByName(s.Name); !ok {
					t.Errorf("%d to %d: %s is not of the pool", from, to, s.Name)
				}
			}
			if len(few) < min(3, len(all)) || len(few) > 12 {
				t.Errorf("%d to %d: %d few strategies", from, to, len(few))
			}
		}
	}
	few, err := NewPool(3, 6, &Options{Few: true})
	if err != nil || len(few) != 12 {
		t.Errorf("3 to 6: %d few strategies, %v, want 12: if the pool was changed on purpose, change NewPool's comment", len(few), err)
	}
	wide, err := NewPool(3, 6, &Options{Few: true, Wide: true})
	if err != nil || len(wide) != 45 {
		t.Errorf("a wide pool has %d strategies, %v", len(wide), err)
	}
}
