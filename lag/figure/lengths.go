package figure

import (
	"fmt"
	"image/color"

	"github.com/landscape-aware/growing/data/statistics"
	"github.com/landscape-aware/growing/lag/figure/chart"
)

// DocumentLengths draws the lengths of the documents of a dataset in tokens:
// for each split, the share of documents between powers of two.
func DocumentLengths(s *statistics.Dataset) Figure {
	f := Figure{Name: "document-lengths", Title: "Length of documents"}
	if s.Train.Documents == 0 {
		return noData(f.Name, f.Title, "the dataset has no documents")
	}
	f.Alt = fmt.Sprintf("Bar chart of the length of documents: %d for training, of %.0f tokens on average, %d to %d; %d for validation, of %.0f on average.",
		s.Train.Documents, s.Train.MeanLength, s.Train.MinLength, s.Train.MaxLength, s.Validation.Documents, s.Validation.MeanLength)

	f.Caption = "Are the two splits alike, and how many documents are shorter than a training sequence?"

	// Both splits use the same bins.
	bins := s.Train.Lengths
	if v := s.Validation.Lengths; len(v) > 0 {
		bins = spanBins(s.Train.Lengths, v)
	}
	x := chart.Names("tokens", nil)
	x.Title, x.Slant = "tokens in a document", len(bins) > 8
	for _, b := range bins {
		name := fmt.Sprintf("%d–%d", b.Low, b.High-1)
		if b.High-1 == b.Low {
			name = fmt.Sprint(b.Low)
		}
		x.Bands = append(x.Bands, name)
	}
	var bars []chart.Mark
	var legend chart.Legend
	highest := 1.0
	for j, split := range []struct {
		name string
		statistics.Split
		color color.NRGBA
	}{{"training", s.Train, chart.Blue}, {"validation", s.Validation, chart.Purple}} {
		m := chart.Mark{Kind: chart.Bars, Series: split.name, Style: chart.Style{Color: split.color, Share: 0.38, Offset: 0.38 * (float64(j) - 0.5)}}
		for i, b := range bins {
			share := 0.0
			for _, l := range split.Lengths {
				if l.Low == b.Low && split.Documents > 0 {
					share = 100 * float64(l.Documents) / float64(split.Documents)
				}
			}
			m.Data = append(m.Data, chart.Datum{X: float64(i), X2: float64(i), Y: share})
			highest = max(highest, share)
		}
		bars = append(bars, m)
		legend.Entries = append(legend.Entries, chart.Entry{Label: split.name, Kind: chart.Bars, Style: m.Style})
	}
	p := chart.Panel{Width: 560, Height: 270, X: x, Y: chart.Values("share", "documents [%]", 0, 1.06*highest, 6), Marks: bars}
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend, Series: "split"})
}

// spanBins returns bins from the lowest to the highest of both lists. Their
// bounds are powers of two.
func spanBins(a, b []statistics.LengthBin) []statistics.LengthBin {
	low, high := min(a[0].Low, b[0].Low), max(a[len(a)-1].High, b[len(b)-1].High)
	var out []statistics.LengthBin
	for low < high {
		next := max(1, 2*low)
		out = append(out, statistics.LengthBin{Low: low, High: next})
		low = next
	}
	return out
}
