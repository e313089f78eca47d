package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// PretrainCurve draws the validation loss of the source model during
// pretraining. The dashed line is the unigram entropy of the validation tokens,
// the loss of a model that knows nothing but how frequent each token is: a
// source that is not clearly below it has not left the plateau.
func PretrainCurve(r *result.Study) Figure {
	f := Figure{Name: "pretrain-curve", Title: fmt.Sprintf("Pretraining of the source model, %s layers", joined(grownFrom(r)))}
	return lossCurve(f, r.Source.Curve, r.Source.UnigramEntropy, "the source model", "pretraining step")
}

// lossCurve draws the validation loss of a model over its training.
func lossCurve(f Figure, curve []result.Point, entropy float64, model, stepTitle string) Figure {
	var xys plotter.XYs
	values := list{}
	for _, p := range curve {
		if l := float64(p.Loss); finite(l) {
			xys = append(xys, plotter.XY{X: float64(p.Step), Y: l})
			values = append(values, object{"step": p.Step, "loss": l})
		}
	}
	if len(xys) == 0 {
		return noData(f.Name, f.Title, model+" has no losses")
	}
	end := xys[len(xys)-1]
	f.Alt = fmt.Sprintf("Line chart of the validation loss of %s, %.3f nats per token after %.0f steps; the unigram entropy is %.3f.", model, end.Y, end.X, entropy)

	layers := list{object{
		"data": object{"values": values},
		"mark": object{"type": "line", "point": true, "color": hex(blue)},
		"encoding": object{
			"x":       object{"field": "step", "type": "quantitative", "title": stepTitle},
			"y":       object{"field": "loss", "type": "quantitative", "title": "validation loss [nats/token]", "scale": object{"zero": false}},
			"tooltip": tooltip("step", "loss"),
		},
	}}
	if entropy > 0 {
		layers = append(layers, object{
			"data":     object{"values": list{object{"loss": entropy}}},
			"mark":     object{"type": "rule", "color": hex(vermillion), "strokeDash": list{6, 3}},
			"encoding": object{"y": object{"field": "loss", "type": "quantitative"}, "tooltip": tooltip("loss")},
		})
	}
	spec := object{"width": 560, "height": 300, "layer": layers}

	return render(f, inches(8.2), inches(4), spec, func(c draw.Canvas) {
		c = headline(c, f.Title)
		p := newPlot("", stepTitle, "validation loss [nats/token]")
		p.X.Min, p.X.Max = 0, max(1, end.X)
		p.X.Tick.Marker = decimalTicks{8}
		losses := make([]float64, 0, len(xys)+1)
		for _, xy := range xys {
			losses = append(losses, xy.Y)
		}
		if entropy > 0 {
			losses = append(losses, entropy)
		}
		p.Y.Min, p.Y.Max = extent(losses, 0.08)
		if entropy > 0 {
			p.Add(&plotter.Line{
				XYs:       plotter.XYs{{X: 0, Y: entropy}, {X: p.X.Max, Y: entropy}},
				LineStyle: lineStyle(vermillion, 1.5, 1),
			})
			addText(p, p.X.Max, entropy+0.035*(p.Y.Max-p.Y.Min), fmt.Sprintf("unigram entropy %.2f", entropy), vermillion, -vg.Points(2))
		}
		addSeries(p, xys, lineStyle(blue, 2, 0), blue)
		above := math.Copysign(0.05, p.Y.Max-end.Y-0.1*(p.Y.Max-p.Y.Min))
		addText(p, end.X, end.Y+above*(p.Y.Max-p.Y.Min), fmt.Sprintf("%.3f", end.Y), blue, -vg.Points(2))
		p.Draw(draw.Crop(c, vg.Points(4), -vg.Points(16), vg.Points(4), 0))
	})
}
