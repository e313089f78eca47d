package growth

import (
	"fmt"
	"slices"
	"testing"
)

func TestNamedStrategies(t *testing.T) {
	for _, c := range []struct {
		made func() (Strategy, error)
		name string
		want Map
	}{
		{func() (Strategy, error) { return GStack(3, 6) }, "stack", Map{0, 1, 2, 0, 1, 2}},
		{func() (Strategy, error) { return GStack(3, 7) }, "stack", Map{0, 1, 2, 0, 1, 2, 0}},
		{func() (Strategy, error) { return Interleave(3, 6) }, "interleave", Map{0, 0, 1, 1, 2, 2}},
		{func() (Strategy, error) { return Interleave(3, 4) }, "interleave", Map{0, 0, 1, 2}},
		{func() (Strategy, error) { return RepeatLast(4, 6, 2) }, "repeat-last-2", Map{0, 1, 2, 3, 2, 3}},
		{func() (Strategy, error) { return RepeatLast(3, 6, 1) }, "repeat-last-1", Map{0, 1, 2, 2, 2, 2}},
		{func() (Strategy, error) { return RepeatMiddle(3, 4, 1) }, "repeat-middle-1", Map{0, 1, 1, 2}},
		{func() (Strategy, error) { return RepeatMiddle(6, 8, 2) }, "repeat-middle-2", Map{0, 1, 2, 3, 2, 3, 4, 5}},
		{func() (Strategy, error) { return RepeatMiddle(4, 6, 2) }, "repeat-middle-2", Map{0, 1, 0, 1, 2, 3}},
		{func() (Strategy, error) { return RepeatMiddle(5, 7, 2) }, "repeat-middle-2", Map{0, 1, 2, 1, 2, 3, 4}},
		{func() (Strategy, error) { return InPlaceBlock(3, 5, 2, 0) }, "in-place-2@0", Map{0, 1, 0, 1, 2}},
		{func() (Strategy, error) { return AppendBlock(3, 7, 2, 0) }, "append-2@0", Map{0, 1, 2, 0, 1, 0, 1}},
		{func() (Strategy, error) { return InsertBlock(3, 5, 2, 1, 0) }, "insert-2@1-gap-0", Map{1, 2, 0, 1, 2}},
		{func() (Strategy, error) { return RandomAt(3, 5, 2) }, "random-gap-2", Map{0, 1, New, New, 2}},
	} {
		s, err := c.made()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.Name != c.name || !slices.Equal(s.Map, c.want) || s.Init != (Init{Kind: Copy}) || s.Moments != MomentsCopy || s.Source == "" {
			t.Errorf("got %+v, want %q with map %v", s, c.name, c.want)
		}
	}
}

// The number of strategies of each family, and how many have different maps.
func TestBlockCounts(t *testing.T) {
	for from := 1; from <= 7; from++ {
		for block := 1; block <= from; block++ {
			for copies := 1; copies <= 3; copies++ {
				to := from + copies*block
				t.Run(fmt.Sprintf("block %d of %d to %d", block, from, to), func(t *testing.T) {
					starts := from - block + 1
					inPlace := checkedPool(t, InPlaceBlocks, from, to, block)
					onTop := checkedPool(t, AppendBlocks, from, to, block)
					inserted := checkedPool(t, Insertions, from, to, block)
					for _, c := range []struct {
						what            string
						pool            Pool
						count, distinct int
					}{
						{"in place", inPlace, starts, starts},
						{"on top", onTop, starts, starts},
						{"inserted", inserted, starts * (from + 1), starts * from},
						// Repeating the last block in place is the same as appending it.
						{"in place or on top", inPlace.Union(onTop), 2 * starts, 2*starts - 1},
						// Both are special cases of insertion.
						{"all", inserted.Union(inPlace, onTop), starts * (from + 3), starts * from},
					} {
						if len(c.pool) != c.count || len(c.pool.Dedupe()) != c.distinct {
							t.Errorf("%s: %d strategies, %d distinct; want %d, %d", c.what, len(c.pool), len(c.pool.Dedupe()), c.count, c.distinct)
						}
					}
					last, err := RepeatLast(from, to, block)
					if err != nil {
						t.Fatal(err)
					}
					if last.Key() != onTop[starts-1].Key() || last.Key() != inPlace[starts-1].Key() {
						t.Errorf("the last block repeated is %v, appended %v, in place %v", last.Map, onTop[starts-1].Map, inPlace[starts-1].Map)
					}
				})
			}
		}
	}
}

func checkedPool(t *testing.T, family func(from, to, block int) (Pool, error), from, to, block int) Pool {
	t.Helper()
	pool, err := family(from, to, block)
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Dedupe().Validate(Depths{from}, Depths{to}); err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestRandomLayers(t *testing.T) {
	for _, c := range []struct {
		from, to int
		want     []Map
	}{
		{3, 5, []Map{{New, New, 0, 1, 2}, {0, New, New, 1, 2}, {0, 1, 2, New, New}}},
		{1, 2, []Map{{New, 0}, {0, New}}},
	} {
		pool, err := RandomLayers(c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(pool, c.want, func(s Strategy, m Map) bool { return slices.Equal(s.Map, m) }) {
			t.Errorf("%d to %d: got %+v", c.from, c.to, pool)
		}
	}
}

func TestFamilyErrors(t *testing.T) {
	families := map[string]func(from, to int) error{
		"stack":         func(from, to int) error { return second(GStack(from, to)) },
		"interleave":    func(from, to int) error { return second(Interleave(from, to)) },
		"repeat last":   func(from, to int) error { return second(RepeatLast(from, to, 1)) },
		"repeat middle": func(from, to int) error { return second(RepeatMiddle(from, to, 1)) },
		"in place":      func(from, to int) error { return second(InPlaceBlocks(from, to, 1)) },
		"append":        func(from, to int) error { return second(AppendBlocks(from, to, 1)) },
		"insert":        func(from, to int) error { return second(Insertions(from, to, 1)) },
		"random":        func(from, to int) error { return second(RandomLayers(from, to)) },
		"default":       func(from, to int) error { return second(DefaultPool(from, to)) },
	}
	for name, family := range families {
		wantError(t, name, family(0, 3), "cannot grow from 0 layers")
		wantError(t, name, family(-2, 3), "cannot grow from -2 layers")
		wantError(t, name, family(3, 3), "cannot grow from 3 layers to 3")
		wantError(t, name, family(6, 3), "cannot grow from 6 layers to 3: choose a depth above 6")
		wantError(t, name, family(6, 1_000_000_000), "at most 10000")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(InPlaceBlocks(3, 6, 0)), "no block of 0: choose a size from 1 to 3"},
		{second(AppendBlocks(3, 6, 4)), "no block of 4"},
		{second(Insertions(3, 6, 2)), "choose a size that divides 3"},
		{second(RepeatLast(3, 6, 2)), "choose a size that divides 3"},
		{second(RepeatMiddle(3, 6, 0)), "no block of 0"},
		{second(RepeatMiddle(3, 6, 2)), "choose a size that divides 3"},
		{second(InPlaceBlock(3, 5, 2, 2)), "cannot start at layer 2 of 3: choose a start from 0 to 1"},
		{second(AppendBlock(3, 5, 2, -1)), "cannot start at layer -1"},
		{second(InsertBlock(3, 5, 2, 0, 4)), "no gap 4: choose one from 0 (bottom) to 3 (top)"},
		{second(InsertBlock(3, 5, 2, 0, -1)), "no gap -1"},
		{second(RandomAt(3, 5, 4)), "no gap 4"},
	} {
		wantError(t, c.want, c.err, c.want)
	}
}
