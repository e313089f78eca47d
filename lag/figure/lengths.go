package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/data"
)

// DocumentLengths draws how long the documents of a dataset are, in tokens: the
// share of the documents of each split that falls between powers of two.
func DocumentLengths(s *data.Statistics) Figure {
	f := Figure{Name: "document-lengths", Title: "Length of documents"}
	if s.Train.Documents == 0 {
		return noData(f.Name, f.Title, "the dataset has no documents")
	}
	f.Alt = fmt.Sprintf("Bar chart of the length of documents: %d for training, of %.0f tokens on average, %d to %d; %d for validation, of %.0f on average.",
		s.Train.Documents, s.Train.MeanLength, s.Train.MinLength, s.Train.MaxLength, s.Validation.Documents, s.Validation.MeanLength)

	// Both splits get the bins of both.
	bins := s.Train.Lengths
	if v := s.Validation.Lengths; len(v) > 0 {
		bins = spanBins(s.Train.Lengths, v)
	}
	splits := []struct {
		name string
		data.SplitStatistics
		color color.Color
	}{{"training", s.Train, blue}, {"validation", s.Validation, vermillion}}
	names := make([]string, len(bins))
	shares := make([]plotter.Values, len(splits))
	var values list
	for i, b := range bins {
		names[i] = fmt.Sprintf("%d–%d", b.Low, b.High-1)
		if b.High-1 == b.Low {
			names[i] = fmt.Sprint(b.Low)
		}
		for j, p := range splits {
			share := 0.0
			for _, l := range p.Lengths {
				if l.Low == b.Low && p.Documents > 0 {
					share = 100 * float64(l.Documents) / float64(p.Documents)
				}
			}
			shares[j] = append(shares[j], share)
			values = append(values, object{"tokens": names[i], "split": p.name, "share": share})
		}
	}
	spec := object{
		"width": 560, "height": 300, "data": object{"values": values}, "mark": "bar",
		"encoding": object{
			"x":       object{"field": "tokens", "type": "nominal", "title": "tokens in a document", "sort": nil},
			"xOffset": object{"field": "split"},
			"y":       object{"field": "share", "type": "quantitative", "title": "documents [%]"},
			"color":   object{"field": "split", "type": "nominal", "title": nil, "scale": object{"range": list{hex(blue), hex(vermillion)}}},
			"tooltip": list{object{"field": "split", "type": "nominal"}, object{"field": "tokens", "type": "nominal"}, object{"field": "share", "type": "quantitative", "format": ".2f"}},
		},
	}
	return render(f, inches(8.2), inches(4), spec, func(c draw.Canvas) {
		c = headline(c, f.Title)
		p := newPlot("", "tokens in a document", "documents [%]")
		width := vg.Points(400 / float64(len(bins)) / 2.6)
		for j, split := range splits {
			bars, err := plotter.NewBarChart(shares[j], width)
			if err != nil {
				panic(err) // there is a value for each bin; recovered by render
			}
			bars.Color, bars.LineStyle.Width = split.color, 0
			bars.Offset = width * vg.Length(2*j-1) / 2
			p.Add(bars)
			p.Legend.Add(split.name, bars)
		}
		p.Legend.Top, p.Legend.XOffs = true, -vg.Points(8)
		p.Y.Max *= 1.08
		p.NominalX(names...)
		p.X.Min, p.X.Max = -0.7, float64(len(names))-0.3
		p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(2)
		if len(names) > 8 {
			p.X.Tick.Label.Rotation = 0.6
			p.X.Tick.Label.XAlign = draw.XRight
		}
		p.Draw(c)
	})
}

// spanBins returns bins from the lowest to the highest of both lists, whose
// bounds are powers of two.
func spanBins(a, b []data.LengthBin) []data.LengthBin {
	low, high := min(a[0].Low, b[0].Low), max(a[len(a)-1].High, b[len(b)-1].High)
	var out []data.LengthBin
	for low < high {
		next := max(1, 2*low)
		out = append(out, data.LengthBin{Low: low, High: next})
		low = next
	}
	return out
}
