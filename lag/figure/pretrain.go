package figure

import (
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// PretrainCurve draws the validation loss of the source model during
// pretraining. The dashed line is the unigram entropy of the validation tokens:
// the loss of a model that knows only how frequent each token is. A source that
// is not clearly below it has not left the plateau.
func PretrainCurve(r *result.Study) Figure {
	f := Figure{Name: "pretrain-curve", Title: fmt.Sprintf("Pretraining of the source model, %s", aggregate.From(r).Layers())}
	return lossCurve(f, r.Source.Curve, r.Source.UnigramEntropy, "the source model", "pretraining step")
}

// TrainingCurve draws the validation loss of a training and the unigram entropy
// of the corpus, like [PretrainCurve].
func TrainingCurve(name string, t *result.Training) Figure {
	return lossCurve(Figure{Name: "training-curve", Title: "Training of " + name}, t.Curve, t.UnigramEntropy, "the model", "training step")
}

// lossCurve draws the validation loss of a model over its training.
func lossCurve(f Figure, points []result.Point, entropy float64, model, stepTitle string) Figure {
	data := curveOf(points)
	if len(data) == 0 {
		return noData(f.Name, f.Title, model+" has no losses")
	}
	end := data[len(data)-1]
	f.Alt = fmt.Sprintf("Line chart of the validation loss of %s, %.3f nats per token after %.0f steps; the unigram entropy is %.3f.", model, end.Y, end.X, entropy)
	f.Caption = "A model that ends at the dashed line has learned only how frequent tokens are."
	if entropy > 0 {
		f.Caption += fmt.Sprintf(" This one ends %.2f nats %s it.", math.Abs(entropy-end.Y), map[bool]string{true: "below", false: "above"}[end.Y <= entropy])
	}
	p := curvePanel([]curve{{style: chart.Style{Color: chart.Blue, Width: 2.7, Radius: 3.5}, data: data}}, end.X, stepTitle, entropy)
	// Both texts are beside the panel, where no curve runs.
	apart := 0.0
	if entropy > 0 {
		below := p.Height * (p.Y.Place(entropy) - p.Y.Place(end.Y)) // pixels from the entropy down to the end
		apart = math.Copysign(max(0, lineHeight-math.Abs(below))/2, below)
		p.Marks = append(p.Marks, across(p.X, entropy, unigramLine),
			written(fmt.Sprintf("unigram entropy %.2f", entropy), p.X.Max, entropy, chart.Style{Color: chart.Grey, Dx: 9, Dy: -apart}))
	}
	p.Marks = append(p.Marks, written(fmt.Sprintf("%.3f", end.Y), end.X, end.Y, chart.Style{Color: chart.Ink, Dx: 9, Dy: apart}))
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}})
}

// lineHeight is the distance between two lines of text, in pixels.
const lineHeight = 17

// unigramLine is the loss of predicting by how frequent each token is.
var unigramLine = chart.Style{Color: chart.Grey, Width: 1.8, Dash: chart.Dashed}

// curvePanel draws curves over steps up to last. Its range includes other,
// unless that is 0.
func curvePanel(curves []curve, last float64, stepTitle string, other float64) chart.Panel {
	var losses []float64
	var lines []chart.Mark
	for _, cv := range curves {
		for _, d := range cv.data {
			losses = append(losses, d.Y)
		}
		lines = append(lines, chart.Mark{Kind: chart.Line, Series: cv.series, Style: cv.style, Data: cv.data})
	}
	if other > 0 {
		losses = append(losses, other)
	}
	lo, hi := chart.Extent(losses, 0.08)
	return chart.Panel{Width: 540, Height: 280, X: chart.Values("step", stepTitle, 0, max(1, last), 8), Y: chart.Values("loss", lossTitle, lo, hi, 6), Marks: lines}
}
