package figure

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// StackingCurves draws the validation loss of each arm against the FLOPs that it
// has spent, those of its probes included: on the left from the beginning, on the
// right the last third, with the losses spread out. Of several seeds a curve is
// the mean, with their range shaded. A diamond marks where an arm grew, and the
// thin line to it what probing cost. The legend gives the depths, the best arm first.
func StackingCurves(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-curves", Title: "Validation loss against compute" + underSeeds(len(r.Seeds))}
	arms := armsOf(r)
	most := r.Budget
	var kept []arm
	for _, a := range arms {
		if c := a.curve(); len(c) > 0 {
			kept = append(kept, a)
			most = max(most, c[len(c)-1].flops)
		}
	}
	if len(kept) == 0 {
		return noData(f.Name, f.Title, "no arm has a loss")
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against FLOPs%s, a line for each of %d arms. Lowest at the end: %s.", underSeeds(len(r.Seeds)), len(kept), kept[0].name)
	unit, name := flopsUnit(most)
	return render(f, inches(10.2), inches(4.3), stackingCurvesSpec(kept, unit, name), func(c draw.Canvas) {
		paintStackingCurves(headline(c, f.Title), kept, "spent, probes included ["+name+"]", unit, most/unit)
	})
}

func stackingCurvesSpec(arms []arm, unit float64, name string) object {
	var values, names, colors list
	for _, a := range arms {
		names, colors = append(names, a.name), append(colors, hex(a.color()))
		piece := 0
		for _, p := range a.curve() {
			if p.grown {
				piece++
			}
			values = append(values, object{"piece": piece, "arm": a.name, "flops": p.flops / unit, "loss": p.loss, "lo": p.lo, "hi": p.hi,
				"step": p.step, "grown": p.grown, "layers": joined(p.depths)})
		}
	}
	x := object{"field": "flops", "type": "quantitative", "title": "spent [" + name + "]"}
	y := object{"field": "loss", "type": "quantitative", "title": "validation loss [nats/token]", "scale": object{"zero": false}}
	color := object{"field": "arm", "type": "nominal", "title": "arm, best first", "sort": names, "scale": object{"domain": names, "range": colors}, "legend": object{"symbolOpacity": 1}}
	piece := object{"field": "piece", "type": "nominal"} // lines end where an arm probes
	tips := list{object{"field": "arm", "type": "nominal"}, object{"field": "layers", "type": "nominal"}, object{"field": "step", "type": "quantitative"},
		object{"field": "loss", "type": "quantitative", "format": ".4f"}}
	return object{
		"width": 620, "height": 360,
		"data": object{"values": values},
		"layer": list{
			object{"mark": object{"type": "area", "opacity": 0.18, "clip": true}, "encoding": object{"x": x, "color": color, "detail": piece,
				"y": object{"field": "lo", "type": "quantitative", "title": "validation loss [nats/token]", "scale": object{"zero": false}}, "y2": object{"field": "hi"}}},
			object{"params": list{object{"name": "zoom", "select": object{"type": "interval", "encodings": list{"x", "y"}}, "bind": "scales"}},
				"mark": object{"type": "line", "clip": true}, "encoding": object{"x": x, "y": y, "color": color, "detail": piece}},
			object{"mark": object{"type": "point", "filled": true, "clip": true, "opacity": 1}, "encoding": object{"x": x, "y": y, "color": color, "tooltip": tips,
				"shape": object{"condition": object{"test": "datum.grown", "value": "diamond"}, "value": "circle"},
				"size":  object{"condition": object{"test": "datum.grown", "value": 90}, "value": 12}}},
		},
	}
}

// paintStackingCurves draws arms against FLOPs up to most, in a unit that spent names.
func paintStackingCurves(c draw.Canvas, arms []arm, spent string, unit, most float64) {
	legend := plot.NewLegend()
	legend.TextStyle.Font = sans(sizeNote)
	legend.Top, legend.Left = true, true
	legend.Padding = vg.Points(4)
	legend.ThumbnailWidth = vg.Points(26)
	legend.YPosition = draw.PosCenter
	width := vg.Length(0)
	for i, a := range arms {
		style := lineStyle(a.color(), 2, i)
		label := a.name
		if d := a.depths(); d != "" {
			label += " · " + d
		}
		label = shorten(legend.TextStyle, label, inches(2.4))
		legend.Add(label, &plotter.Line{LineStyle: style})
		width = max(width, legend.TextStyle.Width(label))
	}
	width += legend.ThumbnailWidth + vg.Points(14)

	from := [2]float64{0, 2 * most / 3}
	plots := [][]*plot.Plot{{newPlot("", "", "validation loss [nats/token]"), newPlot("", "", "")}}
	for k, p := range plots[0] {
		p.Y.Min, p.Y.Max = stackingRange(arms, unit, from[k], k == 1)
		lo, hi := p.Y.Min, p.Y.Max
		for i := len(arms) - 1; i >= 0; i-- { // the best on top
			addArm(p, arms[i], i, unit, from[k], hi)
		}
		p.X.Min, p.X.Max = from[k], 1.01*most
		p.Y.Min, p.Y.Max = lo, hi // adding lines widened it
		p.X.Tick.Marker = decimalTicks{6}
	}
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Points(14), PadRight: vg.Points(8), PadLeft: vg.Points(4)}
	inner := draw.Crop(draw.Crop(c, 0, -width, 0, 0), 0, 0, captionHeight, -captionHeight)
	for i, canvas := range plot.Align(plots, tiles, inner)[0] {
		plots[0][i].Draw(canvas)
		x := middle(plots[0][i].DataCanvas(canvas))
		caption(c, x, c.Max.Y-captionHeight/2, [2]string{"all", "the last third, on a scale of its own"}[i])
		caption(c, x, c.Min.Y+captionHeight/2, spent)
	}
	right := draw.Crop(c, c.Max.X-c.Min.X-width, 0, 0, -vg.Points(4))
	legend.Draw(right)
	key := textStyle(sizeNote, grey)
	key.YAlign = draw.YCenter
	at := vg.Point{X: right.Min.X + vg.Points(13), Y: right.Max.Y - vg.Points(float64(len(arms))*(sizeNote+6)+22)}
	right.DrawGlyph(draw.GlyphStyle{Color: grey, Radius: vg.Points(4.5), Shape: diamond{}}, at)
	right.FillText(key, vg.Point{X: at.X + vg.Points(17), Y: at.Y}, "grows")
}

// addArm draws the mean curve of an arm, with the range of its seeds. Between the
// pieces, where it was probing, the line is thin.
func addArm(p *plot.Plot, a arm, dash int, unit, from, highest float64) {
	style := lineStyle(a.color(), 2, dash)
	var end plotter.XYs // of the piece before
	for _, piece := range a.pieces(unit, from) {
		if len(a.outcomes) > 1 {
			addBand(p, piece.low, piece.high, a.color())
		}
		if len(end) > 0 {
			p.Add(&plotter.Line{XYs: append(end, piece.mean[0]), LineStyle: lineStyle(a.color(), 0.7, 2)})
			if piece.mean[0].Y <= highest {
				addGlyphs(p, piece.mean[:1], draw.GlyphStyle{Color: a.color(), Radius: vg.Points(4.5), Shape: diamond{}})
			}
		}
		p.Add(&plotter.Line{XYs: piece.mean, LineStyle: style})
		end = slices.Clone(piece.mean[len(piece.mean)-1:])
	}
}

// stackingRange returns the range of the losses from an x on. A late growth would
// squash the end, so that what lies far above the arms' usual loss is cut off there.
func stackingRange(arms []arm, unit, from float64, cut bool) (lo, hi float64) {
	var all, usual []float64
	for _, a := range arms {
		var own []float64
		for _, piece := range a.pieces(unit, from) {
			for i := range piece.mean {
				own = append(own, piece.mean[i].Y)
				all = append(all, piece.low[i].Y, piece.high[i].Y)
			}
		}
		if len(own) > 0 {
			slices.Sort(own)
			usual = append(usual, own[len(own)/2])
		}
	}
	lo, hi = extent(all, 0.04)
	if cut && len(usual) > 0 {
		if most := slices.Max(usual); hi > most+(most-lo) {
			hi = most + (most - lo)
		}
	}
	return lo, hi
}

// diamond is a filled diamond.
type diamond struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (diamond) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	r := style.Radius
	c.FillPolygon(style.Color, []vg.Point{{X: at.X - r, Y: at.Y}, {X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}})
}
