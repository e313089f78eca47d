package figure

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// EarlyVsFinal draws, for each of the steps, the loss of every strategy at that
// step against its final loss, with the least-squares line and Spearman's rho.
// LAG's pick and the best strategy are marked; strategies that stopped have no
// final loss and lie at the upper edge, in its corner where their loss at the
// step is beyond that of the others. Steps at which nothing was evaluated are
// replaced by the nearest that was; without steps, six are chosen between 0 and
// the end. Of several seeds the points are means, with bars from the lowest to the
// highest, and rho is the mean of those under each seed.
func EarlyVsFinal(r *result.Study, steps ...int) Figure {
	f := Figure{Name: "early-vs-final", Title: "Does an early loss foretell the final one?" + seedsInTitle(len(r.Seeds))}
	all := strategies(r)
	evaluated := evaluatedSteps(all)
	if len(evaluated) < 2 {
		return noData(f.Name, f.Title, "fewer than two evaluations")
	}
	if len(steps) == 0 {
		steps = []int{0, r.Lag / 10, r.Lag / 2, r.Lag, (r.Steps + r.Lag) / 2, r.Steps}
		if r.Lag <= 0 {
			steps = []int{0, r.Steps / 20, r.Steps / 10, r.Steps / 4, r.Steps / 2, r.Steps}
		}
	}
	chosen := make([]int, len(steps))
	for i, s := range steps {
		chosen[i] = nearest(evaluated, s)
	}
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)

	var spoken []string
	for _, step := range chosen {
		spoken = append(spoken, fmt.Sprintf("%s at step %d", formatRho(rhoAt(r, all, step)), step))
	}
	f.Alt = fmt.Sprintf("Scatter plots of the loss at a step against the final loss, a point for each of %d strategies. Spearman's rho is %s.",
		len(all), strings.Join(spoken, ", "))

	columns := min(len(chosen), 3)
	if len(chosen) == 4 {
		columns = 2
	}
	rows := (len(chosen) + columns - 1) / columns
	width, height := inches(3.2*float64(columns)+0.3), inches(2.8*float64(rows)+0.85)
	return render(f, width, height, scatterSpec(r, all, chosen, columns), func(c draw.Canvas) {
		c = headline(c, f.Title)
		c = scatterKey(c, all)
		plots := make([][]*plot.Plot, rows)
		for i := range rows {
			plots[i] = make([]*plot.Plot, columns)
			for j := range columns {
				if k := i*columns + j; k < len(chosen) {
					plots[i][j] = scatterPanel(r, all, chosen[k], j == 0)
				}
			}
		}
		tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Points(10), PadY: vg.Points(10), PadRight: vg.Points(8), PadLeft: vg.Points(4)}
		for i, row := range plot.Align(plots, tiles, c) {
			for j, canvas := range row {
				if plots[i][j] != nil {
					plots[i][j].Draw(canvas)
				}
			}
		}
	})
}

func formatRho(rho float64) string {
	if math.IsNaN(rho) {
		return "undefined"
	}
	return strings.Replace(fmt.Sprintf("%.2f", rho), "-", "−", 1)
}

// rhoAt returns the correlation that the result holds for a step, so that the
// figure can't disagree with the table.
func rhoAt(r *result.Study, all []*strategy, step int) float64 {
	for _, c := range r.Correlation {
		if c.Step == step {
			return float64(c.Spearman)
		}
	}
	return stats.Spearman(lossesAt(all, step), finals(all))
}

func scatterPanel(r *result.Study, all []*strategy, step int, leftmost bool) *plot.Plot {
	yLabel := ""
	if leftmost {
		yLabel = "final loss [nats/token]"
	}
	p := newPlot(fmt.Sprintf("step %d: ρ = %s", step, formatRho(rhoAt(r, all, step))),
		fmt.Sprintf("loss at step %d", step), yLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = decimalTicks{4}, decimalTicks{5}
	x, y := lossesAt(all, step), finals(all)
	p.Y.Min, p.Y.Max = extent(y, 0.08)
	p.X.Min, p.X.Max = extent(pairedX(x, y), 0.06)

	if a, b := stats.LinearFit(x, y); finite(a) && finite(b) {
		lo, hi := extent(pairedX(x, y), 0)
		p.Add(&plotter.Line{
			XYs:       plotter.XYs{{X: lo, Y: a + b*lo}, {X: hi, Y: a + b*hi}},
			LineStyle: lineStyle(grey, 1, 1),
		})
	}
	stopped := draw.GlyphStyle{Color: grey, Radius: vg.Points(3.5), Shape: draw.CrossGlyph{}}
	point := draw.GlyphStyle{Color: withAlpha(blue, 0xc0), Radius: vg.Points(3.2), Shape: draw.CircleGlyph{}}
	top, right := p.Y.Max-0.025*(p.Y.Max-p.Y.Min), p.X.Max-0.02*(p.X.Max-p.X.Min)
	var lost, sound plotter.XYs
	for i := range all {
		switch {
		case finite(x[i]) && finite(y[i]):
			sound = append(sound, plotter.XY{X: x[i], Y: y[i]})
		case finite(x[i]):
			lost = append(lost, plotter.XY{X: min(x[i], right), Y: top})
		}
	}
	addBars(p, all, step, p.X.Min, p.X.Max)
	addGlyphs(p, lost, stopped)
	addGlyphs(p, sound, point)
	for i, s := range all {
		if !finite(x[i]) || !finite(y[i]) {
			continue
		}
		at := plotter.XYs{{X: x[i], Y: y[i]}}
		if s.order == 0 {
			addGlyphs(p, at, bestGlyph)
		}
		if s.picked > 0 {
			addGlyphs(p, at, pickGlyph)
		}
	}
	return p
}

// addBars draws, for each strategy of several seeds, what its losses at a step and
// at the end range over. Bars end where the plot does.
func addBars(p *plot.Plot, all []*strategy, step int, lo, hi float64) {
	style := lineStyle(withAlpha(blue, 0x60), 0.8, 0)
	for _, s := range all {
		i, ok := slices.BinarySearch(s.steps, step)
		if !ok || s.seeds < 2 || s.stopped() || !finite(s.low[i]) || !finite(s.high[i]) {
			continue
		}
		left, right := max(s.low[i], lo), min(s.high[i], hi)
		if left < right {
			p.Add(&plotter.Line{XYs: plotter.XYs{{X: left, Y: s.final}, {X: right, Y: s.final}}, LineStyle: style})
		}
		bottom, top := max(slices.Min(s.finals), p.Y.Min), min(slices.Max(s.finals), p.Y.Max)
		p.Add(&plotter.Line{XYs: plotter.XYs{{X: s.loss[i], Y: bottom}, {X: s.loss[i], Y: top}}, LineStyle: style})
	}
}

// seedsInTitle is underSeeds for figures that show more than the mean.
func seedsInTitle(n int) string {
	if n > 1 {
		return fmt.Sprintf(" (mean of %d seeds, with their range)", n)
	}
	return ""
}

var (
	bestGlyph = draw.GlyphStyle{Color: black, Radius: vg.Points(6), Shape: draw.SquareGlyph{}}
	pickGlyph = draw.GlyphStyle{Color: vermillion, Radius: vg.Points(4.6), Shape: thickRing{}}
)

// thickRing is a ring that stays visible among filled points.
type thickRing struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (thickRing) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: style.Color, Width: vg.Points(2)})
	var path vg.Path
	path.Move(vg.Point{X: at.X + style.Radius, Y: at.Y})
	path.Arc(at, style.Radius, 0, 2*math.Pi)
	path.Close()
	c.Stroke(path)
}

// pairedX returns the x of the pairs that are finite.
func pairedX(x, y []float64) []float64 {
	var out []float64
	for i := range x {
		if finite(x[i]) && finite(y[i]) {
			out = append(out, x[i])
		}
	}
	return out
}

// scatterKey writes what the marks mean along the bottom and returns the rest.
func scatterKey(c draw.Canvas, all []*strategy) draw.Canvas {
	style := textStyle(sizeNote, black)
	style.YAlign = draw.YCenter
	at := vg.Point{X: c.Min.X + vg.Points(16), Y: c.Min.Y + vg.Points(12)}
	entry := func(glyph draw.GlyphStyle, label string) {
		c.DrawGlyph(glyph, at)
		label = shorten(style, label, inches(2.6))
		c.FillText(style, vg.Point{X: at.X + vg.Points(9), Y: at.Y}, label)
		at.X += vg.Points(30) + style.Width(label)
	}
	entry(draw.GlyphStyle{Color: blue, Radius: vg.Points(3.2), Shape: draw.CircleGlyph{}}, "a strategy")
	var picks []string
	for _, s := range byFinal(all) {
		if s.picked > 0 {
			picks = append(picks, s.name)
		}
	}
	switch {
	case len(picks) == 1:
		entry(pickGlyph, "LAG's pick: "+picks[0])
	case len(picks) > 1:
		entry(pickGlyph, "LAG's picks under the seeds")
	}
	if best := byFinal(all)[0]; !best.stopped() {
		entry(bestGlyph, "best at the end: "+best.name)
	}
	if slices.ContainsFunc(all, (*strategy).stopped) {
		entry(draw.GlyphStyle{Color: grey, Radius: vg.Points(3.5), Shape: draw.CrossGlyph{}}, "did not finish")
	}
	return draw.Crop(c, 0, 0, vg.Points(24), 0)
}

// The marks of scatterSpec.
const (
	roleNone = "a strategy"
	rolePick = "LAG's pick"
	roleBest = "best at the end"
	roleBoth = "LAG's pick, best at the end"
)

func roleOf(s *strategy) string {
	switch pick, best := s.picked > 0, s.order == 0; {
	case pick && best:
		return roleBoth
	case pick:
		return rolePick
	case best:
		return roleBest
	}
	return roleNone
}

// roles returns a scale that gives each role its colour or shape.
func roles(none, pick, best, both string) object {
	return object{"domain": list{roleNone, rolePick, roleBest, roleBoth}, "range": list{none, pick, best, both}}
}

func scatterSpec(r *result.Study, all []*strategy, steps []int, columns int) object {
	var panels list
	for _, step := range steps {
		var values list
		for _, s := range all {
			if early := s.lossAt(step); finite(early) && finite(s.final) {
				v := object{"strategy": s.name, "early": early, "final": s.final, "role": roleOf(s)}
				if i, ok := slices.BinarySearch(s.steps, step); ok && s.seeds > 1 && finite(s.low[i]) && finite(s.high[i]) {
					v["early_low"], v["early_high"], v["final_low"], v["final_high"] = s.low[i], s.high[i], slices.Min(s.finals), slices.Max(s.finals)
				}
				values = append(values, v)
			}
		}
		x := object{"field": "early", "type": "quantitative", "title": fmt.Sprintf("loss at step %d", step), "scale": object{"zero": false}}
		y := object{"field": "final", "type": "quantitative", "title": "final loss [nats/token]", "scale": object{"zero": false}}
		bar := object{"type": "rule", "color": hex(blue), "opacity": 0.35}
		with := func(channel object, field string) object { // of the same axis
			channel = maps.Clone(channel)
			channel["field"] = field
			return channel
		}
		panels = append(panels, object{
			"title": fmt.Sprintf("step %d: rho = %s", step, formatRho(rhoAt(r, all, step))),
			"width": 210, "height": 180,
			"data": object{"values": values},
			"layer": list{
				object{
					"mark":      object{"type": "line", "color": hex(grey), "strokeDash": list{5, 3}},
					"transform": list{object{"regression": "final", "on": "early"}},
					"encoding":  object{"x": x, "y": y},
				},
				object{"mark": bar, "encoding": object{"x": with(x, "early_low"), "x2": object{"field": "early_high"}, "y": y}},
				object{"mark": bar, "encoding": object{"x": x, "y": with(y, "final_low"), "y2": object{"field": "final_high"}}},
				object{
					"mark": object{"type": "point", "filled": true, "size": 55},
					"encoding": object{
						"x": x, "y": y,
						"color":   object{"field": "role", "type": "nominal", "title": nil, "scale": roles(hex(blue), hex(vermillion), hex(black), hex(vermillion))},
						"shape":   object{"field": "role", "type": "nominal", "title": nil, "scale": roles("circle", "diamond", "square", "diamond")},
						"tooltip": tooltip("strategy", "early", "final"),
					},
				},
			},
		})
	}
	return object{"concat": panels, "columns": columns}
}
