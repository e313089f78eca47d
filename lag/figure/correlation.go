package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// rhoThreshold is the correlation from which on a loss counts as a guide to the
// final one, see [result.Study].LagTime.
const rhoThreshold = result.LagThreshold

// CorrelationCurve draws the correlation of the loss at each step with the final
// loss: Spearman's rho with its confidence interval, Pearson's r and Kendall's
// tau-b. A line marks the lag time, the first step from which rho stays at 0.9
// or above, another the step after which LAG picked. Of several seeds it is the
// mean of the correlations under each.
func CorrelationCurve(r *result.Study) Figure {
	f := Figure{Name: "correlation-curve", Title: "Correlation of the loss at a step with the final loss" + underSeeds(len(r.Seeds))}
	var spearman, pearson, kendall, upper, lower plotter.XYs
	last := 0
	for _, c := range r.Correlation {
		last = max(last, c.Step)
		for _, s := range []struct {
			to    *plotter.XYs
			value result.Number
		}{{&spearman, c.Spearman}, {&pearson, c.Pearson}, {&kendall, c.Kendall}} {
			if finite(float64(s.value)) {
				*s.to = append(*s.to, plotter.XY{X: float64(c.Step), Y: float64(s.value)})
			}
		}
		if finite(float64(c.SpearmanLo)) && finite(float64(c.SpearmanHi)) {
			lower = append(lower, plotter.XY{X: float64(c.Step), Y: float64(c.SpearmanLo)})
			upper = append(upper, plotter.XY{X: float64(c.Step), Y: float64(c.SpearmanHi)})
		}
	}
	if len(spearman)+len(pearson)+len(kendall) == 0 {
		return noData(f.Name, f.Title, "no correlation is defined")
	}
	f.Alt = "Line chart of the rank correlation against training steps" + underSeeds(len(r.Seeds))
	if n := len(spearman); n > 0 {
		f.Alt += fmt.Sprintf(", from %s at step %.0f to %s at step %.0f",
			formatRho(spearman[0].Y), spearman[0].X, formatRho(spearman[n-1].Y), spearman[n-1].X)
	}
	if r.LagTime != nil {
		f.Alt += fmt.Sprintf("; Spearman's rho stays at 0.9 or above from step %d on.", *r.LagTime)
	} else {
		f.Alt += "; Spearman's rho never stays at 0.9 or above."
	}

	return render(f, inches(8.6), inches(4.4), correlationSpec(r, last), func(c draw.Canvas) {
		c = headline(c, f.Title)
		p := newPlot("", "", "correlation with the final loss")
		stepAxis(&p.X, last)
		p.Y.Min, p.Y.Max = correlationRange(spearman, pearson, kendall, lower)
		p.Y.Tick.Marker = decimalTicks{9}

		band := addBand(p, lower, upper, blue)
		horizontal(p, last, 0, lineStyle(grey, 0.9, 0))
		horizontal(p, last, rhoThreshold, lineStyle(black, 1, 2))

		spearmanLine := lineStyle(blue, 2.4, 0)
		pearsonLine := lineStyle(vermillion, 1.5, 1)
		kendallLine := lineStyle(green, 1.5, 3)
		addSeries(p, kendall, kendallLine, nil)
		addSeries(p, pearson, pearsonLine, nil)
		addSeries(p, spearman, spearmanLine, blue)

		legend := plot.NewLegend()
		legend.TextStyle.Font = sans(sizeNote)
		legend.Left, legend.Top = true, true
		legend.YPosition = draw.PosCenter
		legend.Padding = vg.Points(5)
		legend.ThumbnailWidth = vg.Points(28)
		legend.Add("Spearman's ρ", &plotter.Line{LineStyle: spearmanLine})
		if len(upper) > 1 {
			legend.Add("its 95% interval", band)
		}
		legend.Add("Pearson's r", &plotter.Line{LineStyle: pearsonLine})
		legend.Add("Kendall's τ-b", &plotter.Line{LineStyle: kendallLine})
		legend.Add("ρ = 0.9", &plotter.Line{LineStyle: lineStyle(black, 1, 2)})
		if r.LagTime != nil {
			style := lineStyle(purple, 2, 0)
			upright(p, float64(*r.LagTime), style)
			legend.Add(fmt.Sprintf("lag time: %d steps", *r.LagTime), &plotter.Line{LineStyle: style})
		}
		if r.Lag > 0 {
			style := lineStyle(grey, 1.2, 1)
			upright(p, float64(r.Lag), style)
			legend.Add(fmt.Sprintf("LAG picks at %d", r.Lag), &plotter.Line{LineStyle: style})
		}
		width := inches(1.75)
		area := draw.Crop(c, vg.Points(4), -width, captionHeight, 0)
		p.Draw(area)
		caption(c, middle(p.DataCanvas(area)), c.Min.Y+captionHeight/2, "step after growing (log scale)")
		legend.Draw(draw.Crop(c, c.Max.X-c.Min.X-width+vg.Points(6), 0, 0, -vg.Points(6)))
	})
}

// correlationRange returns a range that ends at 1 and starts no higher than 0.
func correlationRange(series ...plotter.XYs) (lo, hi float64) {
	lo = 0
	for _, s := range series {
		for _, xy := range s {
			lo = min(lo, xy.Y)
		}
	}
	return max(-1, lo-0.04), 1
}

func addSeries(p *plot.Plot, xys plotter.XYs, style draw.LineStyle, dots color.Color) {
	if len(xys) == 0 {
		return
	}
	p.Add(&plotter.Line{XYs: xys, LineStyle: style})
	if dots != nil || len(xys) == 1 {
		addGlyphs(p, xys, draw.GlyphStyle{Color: style.Color, Radius: vg.Points(2.6), Shape: draw.CircleGlyph{}})
	}
}

func horizontal(p *plot.Plot, last int, y float64, style draw.LineStyle) {
	p.Add(&plotter.Line{XYs: plotter.XYs{{X: 0, Y: y}, {X: float64(last), Y: y}}, LineStyle: style})
}

func upright(p *plot.Plot, x float64, style draw.LineStyle) {
	p.Add(&plotter.Line{XYs: plotter.XYs{{X: x, Y: p.Y.Min}, {X: x, Y: p.Y.Max}}, LineStyle: style})
}

func correlationSpec(r *result.Study, last int) object {
	var values, band list
	for _, c := range r.Correlation {
		for _, s := range []struct {
			measure string
			value   result.Number
		}{{"Spearman", c.Spearman}, {"Pearson", c.Pearson}, {"Kendall", c.Kendall}} {
			if finite(float64(s.value)) {
				values = append(values, object{"step": c.Step, "measure": s.measure, "correlation": float64(s.value)})
			}
		}
		if finite(float64(c.SpearmanLo)) && finite(float64(c.SpearmanHi)) {
			band = append(band, object{"step": c.Step, "lo": float64(c.SpearmanLo), "hi": float64(c.SpearmanHi)})
		}
	}
	x := symlogSteps(last)
	layers := list{
		object{
			"data": object{"values": band},
			"mark": object{"type": "area", "color": hex(blue), "opacity": 0.2},
			"encoding": object{
				"x": x, "y": object{"field": "lo", "type": "quantitative"}, "y2": object{"field": "hi"},
				"tooltip": tooltip("step", "lo", "hi"),
			},
		},
		object{
			"data": object{"values": list{object{"y": rhoThreshold}}},
			"mark": object{"type": "rule", "strokeDash": list{3, 3}}, "encoding": object{"y": object{"field": "y", "type": "quantitative"}},
		},
		object{
			"data": object{"values": values},
			"mark": object{"type": "line", "point": true},
			"encoding": object{
				"x": x,
				"y": object{"field": "correlation", "type": "quantitative", "title": "correlation with the final loss", "scale": object{"domainMax": 1}},
				"color": object{"field": "measure", "type": "nominal", "scale": object{
					"domain": list{"Spearman", "Pearson", "Kendall"}, "range": list{hex(blue), hex(vermillion), hex(green)}}},
				"strokeDash": object{"field": "measure", "type": "nominal", "scale": object{
					"domain": list{"Spearman", "Pearson", "Kendall"}, "range": list{list{1, 0}, list{6, 3}, list{7, 2, 2, 2}}}},
				"tooltip": tooltip("step", "measure", "correlation"),
			},
		},
	}
	if r.LagTime != nil {
		layers = append(layers, object{
			"data": object{"values": list{object{"step": *r.LagTime}}},
			"mark": object{"type": "rule", "color": hex(purple), "strokeWidth": 2}, "encoding": object{"x": x},
		}, object{
			"data": object{"values": list{object{"step": *r.LagTime, "label": fmt.Sprintf("lag time: %d steps", *r.LagTime)}}},
			"mark": object{"type": "text", "color": hex(purple), "align": "left", "dx": 6, "y": object{"expr": "height - 12"}},
			"encoding": object{
				"x": x, "text": object{"field": "label", "type": "nominal"}},
		})
	}
	return object{"width": 560, "height": 320, "layer": layers}
}
