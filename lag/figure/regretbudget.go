package figure

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// RegretBudget draws the regret of every rule that the recorded losses can
// answer, at every budget, against its extra cost in trainings of one candidate
// to the end, on a logarithmic scale of 1 + cost. Points of a line differ in one
// number, which is written beside some of LAG's. LAG's line begins at the loss
// at initialization and ends at the oracle. The dashed line is the best of n
// random candidates, in expectation. Rules of the study that have no such number
// are crosses. The dotted line is the standard error of a difference between two
// low final losses: by the seeds if there are several, else by the validation set.
// With several seeds regrets are means, with LAG's range.
//
// Regrets far above that of a random pick are drawn at the upper edge, as
// triangles.
func RegretBudget(r *result.Study) Figure {
	f := Figure{Name: "regret-budget", Title: "Regret at every budget" + forSeeds(len(r.Seeds), " (mean of %d seeds, with LAG's range)")}
	sweeps, err := aggregate.Sweeps(context.Background(), r)
	if err != nil {
		return Figure{Name: f.Name, Title: f.Title, Err: fmt.Errorf("figure %s: %w", f.Name, err)}
	}
	for i := range sweeps {
		sweeps[i].Rules = slices.DeleteFunc(sweeps[i].Rules, func(one aggregate.Rule) bool { return !finite(float64(one.Regret)) || !finite(one.Extra) })
	}
	sweeps = slices.DeleteFunc(sweeps, func(s aggregate.Sweep) bool { return len(s.Rules) == 0 })
	if !slices.ContainsFunc(sweeps, func(s aggregate.Sweep) bool { return s.Name == result.RuleLAG }) {
		return noData(f.Name, f.Title, "no rule has a finite regret and a cost")
	}
	fixed := unswept(aggregate.Rules(r), sweeps)
	f.Alt = spokenSweeps(sweeps)
	f.Caption = "Low and to the left is good. Compare the lines at one cost, and see where LAG's stops falling."

	furthest, top := 0.0, 0.0
	for _, s := range sweeps {
		for _, one := range s.Rules {
			furthest = max(furthest, one.Extra)
			if s.Name == result.RuleLAG || s.Name == aggregate.BestOf {
				top = max(top, reach(one))
			}
		}
	}
	if top == 0 {
		top = 1e-3
	}
	if furthest == 0 {
		furthest = 1
	}
	top *= 1.25 // room for names, and for regrets that are a little higher
	above := func(one aggregate.Rule) bool { return float64(one.Regret) > top }
	if slices.ContainsFunc(sweeps, func(s aggregate.Sweep) bool { return slices.ContainsFunc(s.Rules, above) }) {
		f.Caption += " Triangles lie above the edge."
	}
	x := chart.Axis{Name: "extra", Title: "extra cost [trainings of one candidate, log scale of 1 + cost]", Max: furthest, Log1p: true, Ticks: costTicks(furthest)}
	p := chart.Panel{Width: 560, Height: 360, X: x, Y: chart.Values("regret", "regret [nats/token]", -0.09*top, top, 8)}

	legend := chart.Legend{}
	if size, from := differenceError(r); finite(size) && size > 0 && size < top {
		style := chart.Style{Color: chart.Ink, Width: 1.3, Dash: chart.Dotted}
		p.Marks = append(p.Marks, across(p.X, size, style))
		legend.Entries = append(legend.Entries, chart.Entry{Label: from, Kind: chart.Line, Style: style})
	}
	var lines, points []chart.Mark
	for i := len(sweeps) - 1; i >= 0; i-- { // LAG, which is the first, is drawn last
		s, line, point := sweeps[i], sweepLine(sweeps, i), sweepPoint(sweeps, i)
		legend.Entries = slices.Insert(legend.Entries, 0, chart.Entry{Label: s.Name, Series: s.Name, Kind: chart.Line, Style: keyOf(line, point)})
		spread := chart.Mark{Kind: chart.Area, Series: s.Name, Style: chart.Style{Color: chart.Faint(line.Color, 0.16)}}
		at, off := chart.Mark{Kind: chart.Points, Series: s.Name, Style: point}, chart.Mark{Kind: chart.Points, Series: s.Name, Loose: true, Style: chart.Style{Color: line.Color, Shape: chart.Triangle, Radius: 4}}
		runs := [][]chart.Datum{nil} // of points that are neighbors and within the panel
		for _, one := range s.Rules {
			regret, tips := float64(one.Regret), append(tip("rule", one.Rule), tip("picks", one.Choices)...)
			if above(one) {
				off.Data = append(off.Data, chart.Datum{X: one.Extra, Y: top, Tips: append(tips, tip("regret above the figure", regret)...)})
				runs = append(runs, nil)
				continue
			}
			d := chart.Datum{X: one.Extra, Y: regret, Tips: tips}
			at.Data, runs[len(runs)-1] = append(at.Data, d), append(runs[len(runs)-1], d)
			if lo, hi := chart.Extent(one.Regrets, 0); s.Name == result.RuleLAG && len(one.Regrets) > 1 && finite(hi) {
				spread.Data = append(spread.Data, chart.Datum{X: one.Extra, Y: max(lo, 0), Y2: min(hi, top)})
			}
		}
		if len(spread.Data) > 1 {
			lines = append(lines, spread)
		}
		for _, run := range runs {
			if len(run) > 1 {
				lines = append(lines, chart.Mark{Kind: chart.Line, Series: s.Name, Loose: true, Style: line, Data: run})
			}
		}
		points = append(points, at, off)
	}
	cross := chart.Mark{Kind: chart.Points, Style: chart.Style{Color: chart.Grey, Shape: chart.Cross, Radius: 4.5}}
	for _, one := range fixed {
		tips := append(tip("rule", one.Rule), tip("picks", one.Choices)...)
		cross.Data = append(cross.Data, chart.Datum{X: one.Extra, Y: min(float64(one.Regret), top), Tips: append(tips, tip("its regret", float64(one.Regret))...)})
	}
	p.Marks = slices.DeleteFunc(append(append(append(p.Marks, lines...), cross), points...), func(m chart.Mark) bool { return len(m.Data) == 0 })
	p.Marks = append(p.Marks, sweepNames(p, r, sweeps, fixed, top)...)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend, Series: "of", Choose: true})
}

// unswept returns the rules of a study that are in no sweep and have a regret.
func unswept(rules []aggregate.Rule, sweeps []aggregate.Sweep) []aggregate.Rule {
	swept := map[string]bool{result.RuleRandom: true, result.RuleOracle: true, result.RuleLossAtInit: true}
	for _, s := range sweeps {
		for _, one := range s.Rules {
			swept[one.Rule] = true
		}
	}
	return slices.DeleteFunc(rules, func(one aggregate.Rule) bool {
		return swept[one.Rule] || !finite(float64(one.Regret)) || !finite(one.Extra)
	})
}

// differenceError returns the standard error of a difference between two low
// final losses, in nats, and what it comes from.
func differenceError(r *result.Study) (size float64, from string) {
	if len(r.Seeds) > 1 {
		size = aggregate.SeedError(r)
		return size, fmt.Sprintf("error %.4f (seeds)", size)
	}
	// The error of a difference grows with how different two models are, so only
	// strategies that end near the best count.
	const near = 3
	best := aggregate.Strategies(r)
	var pairs []result.Pair
	for _, pair := range r.Pairs {
		if len(best) > 0 && (pair.A == best[0].Name || pair.B == best[0].Name) && finite(float64(pair.Error)) {
			pairs = append(pairs, pair)
		}
	}
	slices.SortStableFunc(pairs, func(a, b result.Pair) int {
		return cmp.Compare(math.Abs(float64(a.Difference)), math.Abs(float64(b.Difference)))
	})
	pairs = pairs[:min(near, len(pairs))]
	slices.SortFunc(pairs, func(a, b result.Pair) int { return cmp.Compare(a.Error, b.Error) })
	if len(pairs) == 0 {
		return math.NaN(), ""
	}
	size = float64(pairs[len(pairs)/2].Error)
	return size, fmt.Sprintf("error %.4f (validation set)", size)
}

// Rules of a kind share a color, and differ in dash and shape.
var kindColors = map[string]color.NRGBA{
	result.RuleLAG: chart.Vermillion, "top": chart.SeriesStyle(0).Color, "halving": chart.SeriesStyle(1).Color, "race": chart.SeriesStyle(2).Color,
	"power-law": chart.SeriesStyle(3).Color, "decay": chart.SeriesStyle(4).Color,
}

// ofKind returns the kind of a sweep, and how many of its kind are before it.
func ofKind(sweeps []aggregate.Sweep, i int) (kind string, before int) {
	kind, _, _ = strings.Cut(sweeps[i].Name, ":")
	for _, s := range sweeps[:i] {
		if other, _, _ := strings.Cut(s.Name, ":"); other == kind {
			before++
		}
	}
	return kind, before
}

func sweepLine(sweeps []aggregate.Sweep, i int) chart.Style {
	kind, before := ofKind(sweeps, i)
	switch of, ok := kindColors[kind]; {
	case kind == result.RuleLAG:
		return chart.Style{Color: of, Width: 3}
	case ok:
		return chart.Style{Color: of, Width: 1.6, Dash: []chart.Dash{chart.Solid, chart.Dashed, chart.Dotted}[before%3]}
	}
	return chart.Style{Color: chart.Grey, Width: 1.8, Dash: chart.DashDot}
}

func sweepPoint(sweeps []aggregate.Sweep, i int) chart.Style {
	kind, before := ofKind(sweeps, i)
	switch of, ok := kindColors[kind]; {
	case kind == result.RuleLAG:
		return chart.Style{Color: of, Radius: 4.6}
	case ok:
		shapes := []chart.Shape{chart.Diamond, chart.Square, chart.Wedge}
		if kind == "decay" {
			return chart.Style{Color: of, Shape: chart.OpenSquare, Radius: 5}
		}
		return chart.Style{Color: of, Shape: shapes[before%len(shapes)], Radius: 3.8}
	}
	return chart.Style{Color: chart.Grey, Shape: chart.Ring, Radius: 2.6}
}

// keyOf returns the style of a legend's sample: a line with a point.
func keyOf(line, point chart.Style) chart.Style {
	line.Shape, line.Radius = point.Shape, point.Radius
	return line
}

// sweepNames writes the names of single rules beside their points: of LAG's the
// study's own lag, the ends, and as many lags as there is room for, and the rules
// without a number.
func sweepNames(p chart.Panel, r *result.Study, sweeps []aggregate.Sweep, fixed []aggregate.Rule, top float64) []chart.Mark {
	place := func(one aggregate.Rule) point {
		return point{p.Width * p.X.Place(one.Extra), p.Height * p.Y.Place(min(float64(one.Regret), top))}
	}
	area := box{point{0, 0}, point{p.Width, p.Height}}
	var taken []box
	stretch := func(from, to point) {
		for k := range 60 {
			share := float64(k) / 60
			taken = append(taken, around(point{from.x + share*(to.x-from.x), from.y + share*(to.y-from.y)}, 1.5))
		}
	}
	if size, _ := differenceError(r); finite(size) && size < top {
		y := p.Height * p.Y.Place(size)
		stretch(point{0, y}, point{p.Width, y})
	}
	var lagRules []aggregate.Rule
	for _, s := range sweeps {
		for i, one := range s.Rules {
			taken = append(taken, around(place(one), 5))
			if i > 0 && float64(one.Regret) <= top && float64(s.Rules[i-1].Regret) <= top {
				stretch(place(s.Rules[i-1]), place(one))
			}
		}
		if s.Name == result.RuleLAG {
			lagRules = s.Rules
		}
	}
	var marks []chart.Mark
	name := func(at point, text string, style chart.Style) bool {
		free, ok := placeAround(at, chart.TextWidth(text, chart.SizeNote, style.Bold)+2, 15, area, taken)
		if ok {
			taken = append(taken, free)
			marks = append(marks, written(text, p.X.Value((free.min.x+1)/p.Width), p.Y.Value(free.middle()/p.Height), style))
		}
		return ok
	}
	own := fmt.Sprintf("%s:%d", result.RuleLAG, r.Lag)
	const apart = 19 // between lags with numbers, so that it is clear which is whose
	var named []float64
	for _, pass := range []func(aggregate.Rule) bool{
		func(one aggregate.Rule) bool { return one.Rule == own },
		func(one aggregate.Rule) bool { return !one.IsLAG },
		func(one aggregate.Rule) bool { return one.IsLAG && one.Rule != own },
	} {
		for _, one := range lagRules {
			at := place(one)
			if !pass(one) || float64(one.Regret) > top || one.IsLAG && slices.ContainsFunc(named, func(x float64) bool { return math.Abs(x-at.x) < apart }) {
				continue
			}
			if name(at, strings.TrimPrefix(one.Rule, "lag:"), chart.Style{Color: chart.Ink, Bold: one.Rule == own}) && one.IsLAG {
				named = append(named, at.x)
			}
		}
	}
	grey := chart.Style{Color: chart.Grey}
	off := make(map[float64][]string) // names of rules above the figure, by cost
	var costs []float64
	for _, one := range fixed {
		if float64(one.Regret) <= top {
			name(place(one), one.Rule, grey)
			continue
		}
		if off[one.Extra] == nil {
			costs = append(costs, one.Extra)
		}
		off[one.Extra] = append(off[one.Extra], fmt.Sprintf("%s at %.3f", one.Rule, float64(one.Regret)))
	}
	for _, cost := range costs {
		name(point{p.Width * p.X.Place(cost), p.Height}, strings.Join(off[cost], ", "), grey)
	}
	return marks
}

// spokenSweeps describes the sweeps for readers who cannot see them.
func spokenSweeps(sweeps []aggregate.Sweep) string {
	var parts []string
	for _, s := range sweeps {
		first, last := s.Rules[0], s.Rules[len(s.Rules)-1]
		parts = append(parts, fmt.Sprintf("%s from %.4f nats at %.2f trainings to %.4f at %.2f", s.Name, float64(first.Regret), first.Extra, float64(last.Regret), last.Extra))
	}
	return "Lines of regret against extra cost: " + strings.Join(parts, "; ") + "."
}
