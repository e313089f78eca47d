package figure

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

func TestRoles(t *testing.T) {
	if got, want := roles(aggregate.Strategies(planted())), map[int]string{0: "best", 1: "LAG's pick"}; !maps.Equal(got, want) {
		t.Errorf("roles are %v, want %v", got, want)
	}
	for _, seeds := range []int{1, 3} {
		r := synthetic.Result(6, 100, seeds)
		all := aggregate.Strategies(r)
		got := roles(all)
		last := slices.IndexFunc(all, (*aggregate.Strategy).Stopped) - 1
		if len(got) > 4 || !strings.Contains(got[0], "best") || !strings.Contains(got[last], "worst") {
			t.Errorf("%d seeds: roles are %v, want at most four with the best and the worst", seeds, got)
		}
		for i, s := range all {
			if strings.Contains(got[i], "LAG's pick") && s.Picked == 0 || strings.Contains(got[i], "picked at step 0") && s.PickedAtInit == 0 {
				t.Errorf("%s is not picked, but is %q", s.Name, got[i])
			}
		}
	}
	if got := roles(nil); len(got) != 0 {
		t.Errorf("roles without strategies: %v", got)
	}
}

// TestSpread checks that labels keep their order, do not overlap and stay within
// the panel, and that labels with room stay where they should be.
func TestSpread(t *testing.T) {
	if got := spread([]float64{50, 150, 52}, []float64{20, 20, 20}, 0, 300); !slices.Equal(got, []float64{41, 150, 61}) {
		t.Errorf("labels are at %v", got)
	}
	if got := spread([]float64{-5, 2, 299}, []float64{20, 20, 30}, 0, 300); !slices.Equal(got, []float64{10, 30, 285}) {
		t.Errorf("at the edges labels are at %v", got)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + random.IntN(9)
		middles, heights := make([]float64, n), make([]float64, n)
		for i := range n {
			middles[i], heights[i] = 320*random.Float64()-10, 19+14*float64(random.IntN(2))
		}
		places := spread(middles, heights, 0, 310)
		for i := range n {
			if places[i]-heights[i]/2 < -1e-9 || places[i]+heights[i]/2 > 310+1e-9 {
				t.Fatalf("a label at %v leaves the panel: %v, %v", places[i], middles, heights)
			}
			for j := range i {
				if math.Abs(places[i]-places[j]) < (heights[i]+heights[j])/2-1e-9 {
					t.Fatalf("labels %d and %d of %v at %v overlap", i, j, middles, places)
				}
				if (middles[i] < middles[j]) != (places[i] < places[j]) {
					t.Fatalf("labels %d and %d of %v at %v change places", i, j, middles, places)
				}
			}
		}
	}
}

// TestPlaceAround checks that a label is beside its point and on nothing else,
// and that a point without room has none.
func TestPlaceAround(t *testing.T) {
	area := box{point{0, 0}, point{200, 100}}
	at := point{195, 50}
	taken := []box{around(at, 5)}
	place, ok := placeAround(at, 60, 12, area, taken)
	if !ok || !place.within(area) || place.overlaps(taken[0]) || place.max.x < at.x-20 {
		t.Errorf("a label at the right edge is at %v, %v", place, ok)
	}
	if place, ok := placeAround(at, 60, 12, area, []box{area}); ok {
		t.Errorf("a label without room is at %v", place)
	}
}

func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 21: "21st", 113: "113th"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
