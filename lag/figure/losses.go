package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// LossCurves draws the validation loss of every strategy against the steps after
// growing: on the left from the first step on, with room for the early ones, on
// the right the run after the lag, with the losses spread out. Colours and the
// legend follow the final loss, best first, so that curves which cross stand out.
// Of several seeds a curve is the mean; what they range over is shaded, where
// there are more than eight strategies only of the best and of LAG's picks.
func LossCurves(r *result.Study) Figure {
	f := Figure{
		Name:  "loss-curves",
		Title: fmt.Sprintf("Validation loss after growing %s → %s layers%s", joined(grownFrom(r)), joined(grownTo(r)), underSeeds(len(r.Seeds))),
	}
	all := byFinal(strategies(r))
	curves := make([]curve, 0, len(all))
	stopped := 0
	for _, s := range all {
		c := curve{
			label: s.name,
			style: lineStyle(orderColor(s.order, len(all)), 1.4, s.order),
			xys:   s.points(0),
		}
		if s.stopped() {
			stopped++
			c.stopped = true
			c.label += " (" + s.ending + ")"
			c.style = lineStyle(grey, 1.1, 2)
		}
		if s.picked > 0 {
			c.label += s.pickNote(" ← LAG")
			c.style.Width, c.marked = vg.Points(2.8), true
		}
		if s.shaded(len(all)) {
			c.low, c.high = s.bounds()
		}
		if len(c.xys) > 0 {
			curves = append(curves, c)
		}
	}
	if len(curves) == 0 {
		return noData(f.Name, f.Title, "no strategy has a loss")
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against training steps%s, a line for each of %d strategies. Lowest at the end: %s.", underSeeds(len(r.Seeds)), len(all), all[0].name)
	if stopped > 0 {
		f.Alt += fmt.Sprintf(" %d did not get to the end.", stopped)
	}
	late := r.Lag
	if late <= 0 || late >= r.Steps {
		late = r.Steps / 10
	}
	lo, hi := lossRange(curves, 0)
	return render(f, inches(10.2), curvesHeight(len(curves)), lossSpec(r, all, lo, hi), func(c draw.Canvas) {
		paintCurves(c, f.Title, curves, r.Steps, late, fmt.Sprintf("lag %d", late))
	})
}

// shadedAtMost is the number of strategies of which the ranges over the seeds are
// still told apart.
const shadedAtMost = 8

// bounds returns the lowest and the highest of the seeds where all are finite.
func (s *strategy) bounds() (low, high plotter.XYs) {
	for i, step := range s.steps {
		if finite(s.low[i]) && finite(s.high[i]) {
			low, high = append(low, plotter.XY{X: float64(step), Y: s.low[i]}), append(high, plotter.XY{X: float64(step), Y: s.high[i]})
		}
	}
	return low, high
}

// curve is a line of a chart of losses.
type curve struct {
	label   string // in the legend; none where it is empty
	style   draw.LineStyle
	xys     plotter.XYs
	low     plotter.XYs // range over seeds that is shaded; may be nil
	high    plotter.XYs
	stopped bool
	marked  bool // drawn on top of the others
}

func curvesHeight(n int) vg.Length {
	return max(inches(4.2), inches(0.9)+vg.Length(n)*vg.Points(sizeNote+5.5))
}

// paintCurves draws two panels and a legend: all steps, and those from late on
// with a vertical scale of their own. A label marks late in the first panel.
func paintCurves(c draw.Canvas, title string, curves []curve, steps, late int, label string) {
	c = headline(c, title)
	legend := plot.NewLegend()
	legend.TextStyle.Font = sans(sizeNote)
	legend.Top, legend.Left = true, true
	legend.Padding = vg.Points(2.5)
	legend.ThumbnailWidth = vg.Points(26)
	legend.YPosition = draw.PosCenter
	width := vg.Length(0)
	for _, cv := range curves {
		if cv.label == "" {
			continue
		}
		label := shorten(legend.TextStyle, cv.label, inches(2.5))
		line := &plotter.Line{LineStyle: cv.style}
		legend.Add(label, line)
		width = max(width, legend.TextStyle.Width(label))
	}
	width += legend.ThumbnailWidth + vg.Points(14)

	early := newPlot("", "", "validation loss [nats/token]")
	addCurves(early, curves, 0)
	stepAxis(&early.X, steps)
	early.Y.Min, early.Y.Max = lossRange(curves, 0) // after Add, which widens the range
	if label != "" && late > 0 {
		vertical(early, float64(late), label)
	}

	zoom := newPlot("", "", "")
	addCurves(zoom, curves, late)
	zoom.X.Min, zoom.X.Max = float64(late), float64(max(steps, late+1))
	zoom.X.Tick.Marker = decimalTicks{5}
	zoom.Y.Min, zoom.Y.Max = lossRange(curves, late)

	panels := draw.Crop(c, 0, -width, 0, 0)
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Points(14), PadRight: vg.Points(8), PadLeft: vg.Points(4)}
	plots := [][]*plot.Plot{{early, zoom}}
	inner := draw.Crop(panels, 0, 0, captionHeight, -captionHeight)
	for i, canvas := range plot.Align(plots, tiles, inner)[0] {
		plots[0][i].Draw(canvas)
		x := middle(plots[0][i].DataCanvas(canvas))
		caption(c, x, c.Max.Y-captionHeight/2, [2]string{"all steps", "late steps, on a scale of their own"}[i])
		caption(c, x, c.Min.Y+captionHeight/2, [2]string{"step after growing (log scale)", "step after growing"}[i])
	}
	legend.Draw(draw.Crop(c, c.Max.X-c.Min.X-width, 0, 0, -vg.Points(4)))
}

func addCurves(p *plot.Plot, curves []curve, from int) {
	for _, marked := range []bool{false, true} {
		for i := len(curves) - 1; i >= 0; i-- { // the best on top
			if curves[i].marked == marked {
				addCurve(p, curves[i], from)
			}
		}
	}
}

func addCurve(p *plot.Plot, cv curve, from int) {
	xys := since(cv.xys, from)
	if len(xys) == 0 {
		return
	}
	if c, ok := cv.style.Color.(color.NRGBA); ok {
		addBand(p, since(cv.low, from), since(cv.high, from), c)
	}
	p.Add(&plotter.Line{XYs: xys, LineStyle: cv.style})
	if end := xys[len(xys)-1]; cv.stopped || len(xys) == 1 {
		addGlyphs(p, plotter.XYs{end}, draw.GlyphStyle{Color: cv.style.Color, Radius: vg.Points(3.5), Shape: draw.CrossGlyph{}})
	}
}

// since returns the points from an x on.
func since(xys plotter.XYs, from int) plotter.XYs {
	var late plotter.XYs
	for _, xy := range xys {
		if xy.X >= float64(from) {
			late = append(late, xy)
		}
	}
	return late
}

// band shades what lies between two lines of the same x, as far as it is in the
// plot's range.
type band struct {
	low, high plotter.XYs
	color     color.NRGBA
}

// Plot implements [plot.Plotter].
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(xy plotter.XY) vg.Point {
		return vg.Point{X: x(xy.X), Y: y(max(p.Y.Min, min(p.Y.Max, xy.Y)))}
	}
	var ring []vg.Point
	for _, xy := range b.high {
		ring = append(ring, at(xy))
	}
	for _, xy := range slices.Backward(b.low) {
		ring = append(ring, at(xy))
	}
	c.FillPolygon(b.color, ring)
}

// Thumbnail implements [plot.Thumbnailer].
func (b band) Thumbnail(c *draw.Canvas) {
	fillBox(*c, b.color, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y)
}

// addBand shades what lies between two lines of the same x.
func addBand(p *plot.Plot, low, high plotter.XYs, of color.NRGBA) band {
	b := band{low, high, withAlpha(of, 0x30)}
	if len(low) > 1 {
		p.Add(b)
	}
	return b
}

// lossRange returns the range of the losses from a step on. Strategies that
// stopped would squash the others, so they don't count unless they are alone.
func lossRange(curves []curve, from int) (lo, hi float64) {
	var sound, every []float64
	for _, cv := range curves {
		for _, xy := range cv.xys {
			if xy.X < float64(from) {
				continue
			}
			every = append(every, xy.Y)
			if !cv.stopped {
				sound = append(sound, xy.Y)
			}
		}
	}
	if len(sound) == 0 {
		sound = every
	}
	return extent(sound, 0.04)
}

// vertical marks an x with a thin line and a label at its foot.
func vertical(p *plot.Plot, x float64, label string) {
	p.Add(&plotter.Line{
		XYs:       plotter.XYs{{X: x, Y: p.Y.Min}, {X: x, Y: p.Y.Max}},
		LineStyle: lineStyle(grey, 1, 1),
	})
	addText(p, x, p.Y.Min+0.03*(p.Y.Max-p.Y.Min), label, grey, vg.Points(4))
}

const captionHeight = 20 * vg.Inch / 72

func middle(c draw.Canvas) vg.Length { return (c.Min.X + c.Max.X) / 2 }

// caption writes a text with its middle at a point. Plots on a log scale have
// their captions from here, because gonum/plot makes room for an axis's label
// as if the scale were linear.
func caption(c draw.Canvas, x, y vg.Length, txt string) {
	style := textStyle(sizeLabel, black)
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	c.FillText(style, vg.Point{X: x, Y: y}, txt)
}

// headline writes a title across the top of a canvas and returns the rest of it.
func headline(c draw.Canvas, title string) draw.Canvas {
	style := bold(textStyle(sizeTitle+0.5, black))
	style.YAlign = draw.YTop
	c.FillText(style, vg.Point{X: c.Min.X + vg.Points(8), Y: c.Max.Y - vg.Points(7)}, title)
	return draw.Crop(c, 0, 0, 0, -vg.Points(sizeTitle+16))
}

// shaded tells whether the range over the seeds of a strategy is shown.
func (s *strategy) shaded(strategies int) bool {
	return s.seeds > 1 && !s.stopped() && (strategies <= shadedAtMost || s.picked > 0 || s.order == 0)
}

// lossSpec shows losses from lo to hi and cuts off what went beyond.
func lossSpec(r *result.Study, all []*strategy, lo, hi float64) object {
	var values, bands, names, colors, strokes list
	for _, s := range all {
		names = append(names, s.name)
		colors = append(colors, hex(orderColor(s.order, len(all))))
		strokes = append(strokes, list{list{1, 0}, list{6, 3}, list{2, 2}, list{7, 2, 2, 2}}[s.order%4])
		for _, xy := range s.points(0) {
			values = append(values, object{
				"strategy": s.name, "step": xy.X, "loss": xy.Y, "pick": s.picked > 0})
		}
		if s.shaded(len(all)) {
			low, high := s.bounds()
			for i := range low {
				bands = append(bands, object{"strategy": s.name, "step": low[i].X, "low": low[i].Y, "high": high[i].Y})
			}
		}
	}
	x := symlogSteps(r.Steps)
	scale := object{"domain": list{lo, hi}, "nice": false}
	color := object{"field": "strategy", "type": "nominal", "sort": names,
		"scale":  object{"domain": names, "range": colors},
		"legend": object{"title": "strategy, best first", "symbolLimit": 0, "labelLimit": 220, "symbolOpacity": 1}}
	lines := object{
		"data":   object{"values": values},
		"params": list{object{"name": "chosen", "select": object{"type": "point", "fields": list{"strategy"}}, "bind": "legend"}},
		"mark":   object{"type": "line", "clip": true, "point": object{"size": 14}},
		"encoding": object{
			"x": x, "color": color,
			"y":           object{"field": "loss", "type": "quantitative", "title": "validation loss [nats/token]", "scale": scale},
			"strokeDash":  object{"field": "strategy", "type": "nominal", "legend": nil, "scale": object{"domain": names, "range": strokes}},
			"strokeWidth": object{"condition": object{"test": "datum.pick", "value": 4}, "value": 1.5},
			"opacity":     object{"condition": object{"param": "chosen", "value": 1}, "value": 0.12},
			"tooltip":     tooltip("strategy", "step", "loss"),
		},
	}
	layers := list{lines}
	if len(bands) > 0 {
		layers = list{lines, object{
			"data": object{"values": bands},
			"mark": object{"type": "area", "clip": true, "opacity": 0.18},
			"encoding": object{
				"x": x, "color": color, "y": object{"field": "low", "type": "quantitative", "title": "validation loss [nats/token]", "scale": scale},
				"y2": object{"field": "high"},
			},
		}}
	}
	return object{"width": 640, "height": 380, "layer": layers}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
