package figure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
)

// Figures highlight at most four strategies: the one that LAG picks, the one
// that the loss at initialization picks, the best and the worst. The others are
// grey. A highlighted strategy has the color, dash and shape of its position in
// the pool, in every figure of a result and while it trains, whatever its rank.

// strategyStyle returns the style of the strategy at a position in its pool.
func strategyStyle(place int) chart.Style { return chart.SeriesStyle(place) }

// strategyLine is strategyStyle for a line.
func strategyLine(place int, width float64) chart.Style {
	s := strategyStyle(place)
	return chart.Style{Color: s.Color, Dash: s.Dash, Width: width}
}

// strategyPoint is strategyStyle for a point.
func strategyPoint(place int, radius float64) chart.Style {
	s := strategyStyle(place)
	return chart.Style{Color: s.Color, Shape: s.Shape, Radius: radius}
}

var (
	otherLine  = chart.Style{Color: chart.Others().Color, Width: chart.Others().Width}
	otherPoint = chart.Style{Color: chart.Others().Color, Radius: chart.Others().Radius}
)

// roles returns why strategies are highlighted, by their position by final
// loss.
func roles(all []*aggregate.Strategy) map[int]string {
	of := map[int][]string{}
	picks := func(role string, picked func(*aggregate.Strategy) int) {
		most := -1 // ties go to the lower final loss
		for i, s := range all {
			if picked(s) > 0 && (most < 0 || picked(s) > picked(all[most])) {
				most = i
			}
		}
		if most < 0 {
			return
		}
		if n := picked(all[most]); n < all[most].Seeds() {
			role += fmt.Sprintf(" (%d of %d seeds)", n, all[most].Seeds())
		}
		of[most] = append(of[most], role)
	}
	picks("LAG's pick", func(s *aggregate.Strategy) int { return s.Picked })
	sound := slices.IndexFunc(all, (*aggregate.Strategy).Stopped) // those that stopped are last
	if sound < 0 {
		sound = len(all)
	}
	if sound > 0 {
		of[0] = append(of[0], "best")
	}
	picks("picked at step 0", func(s *aggregate.Strategy) int { return s.PickedAtInit })
	if sound > 2 {
		of[sound-1] = append(of[sound-1], "worst")
	}
	joined := map[int]string{}
	for i, list := range of {
		joined[i] = strings.Join(list, ", ")
	}
	return joined
}

// pickOf returns the position by final loss of the strategy that LAG picks with
// most seeds, or -1.
func pickOf(all []*aggregate.Strategy) int {
	most := -1
	for i, s := range all {
		if s.Picked > 0 && (most < 0 || s.Picked > all[most].Picked) {
			most = i
		}
	}
	return most
}

// ordinal formats a rank: "1st", "2nd", "3rd", "4th", "11th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n) + suffix
}
