package figure

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// StackingArms draws the final loss of each arm, with a mark for each seed and
// a line for the mean, the best arm first. Beside it are the difference from
// the best arm with its standard error over the seeds, and the share of FLOPs
// spent on probing strategies that were not picked.
func StackingArms(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-arms", Title: "Final loss of each arm at equal compute" + forSeeds(len(r.Seeds), " (%d seeds)")}
	arms := aggregate.Arms(r)
	var losses []float64
	var rows []row
	var spoken []string
	means := chart.Mark{Kind: chart.Ticks, Style: chart.Style{Color: chart.Ink, Width: 2.4, Share: 0.72}}
	full := chart.Mark{Kind: chart.Bars, Loose: true, Style: chart.Style{Color: chart.LightGrey, Share: 0.44}}
	probing := chart.Mark{Kind: chart.Bars, Style: chart.Style{Color: chart.Vermillion, Share: 0.44}}
	shares := chart.Mark{Kind: chart.Texts, Style: chart.Style{Color: chart.Ink, Dx: 7}}
	for i, a := range arms {
		y := float64(i)
		losses = append(losses, a.Finals...)
		rows, spoken = append(rows, row{name: a.Name, note: armNote(a)}), append(spoken, a.Name+" "+armNote(a))
		means.Data = append(means.Data, chart.Datum{X: float64(a.Final), Y: y})
		full.Data = append(full.Data, chart.Datum{X: 1, Y: y, Y2: y})
		probing.Data = append(probing.Data, chart.Datum{X: a.Probing, Y: y, Y2: y})
		shares.Data = append(shares.Data, chart.Datum{X: 1, Y: y, Text: fmt.Sprintf("%.0f%%", 100*a.Probing)})
	}
	if !slices.ContainsFunc(losses, finite) {
		return noData(f.Name, f.Title, "no arm has a final loss")
	}
	f.Alt = fmt.Sprintf("Final losses of %d arms under %d seeds, the best first: %s.", len(arms), len(r.Seeds), strings.Join(spoken, ", "))
	f.Caption = "The further left, the better. An arm is worse than the best if the difference is well above its error."
	lo, hi := chart.Extent(losses, 0.06)
	left := rowPanel("arm", rows, chart.Values("loss", finalTitle, lo, hi, 5))
	left.Height = 36 * float64(len(arms))
	heading := "mean"
	if len(arms) > 1 {
		heading = "mean (above the best)"
	}
	if len(arms) > 1 && len(r.Seeds) > 1 {
		heading = "mean (above the best ± error)"
	}
	left.Marks = append(left.Marks, written(heading, left.X.Max, 0, chart.Style{Color: chart.Grey, Dx: 16, Dy: -32}), means)
	left.Marks = append(left.Marks, seedMarks(r.Seeds, 4.8, len(arms), func(i int) []float64 { return arms[i].Finals }, func(i int) color.NRGBA { return armStyle(arms[i]).Color })...)

	share := chart.Axis{Name: "share", Title: "spent on probing", Max: 1, Ticks: []chart.Tick{{At: 0, Label: "0%"}, {At: 0.5, Label: "50%"}, {At: 1, Label: "100%"}}}
	right := chart.Panel{Width: 120, Height: left.Height, X: share, Y: left.Y, Marks: []chart.Mark{full, probing, shares}}
	right.Y.Hidden = true
	return render(f, chart.Chart{Rows: [][]chart.Panel{{left, right}}, Legend: seedLegend(r.Seeds)})
}

// armNote returns an arm's final loss and its difference from the best.
func armNote(a aggregate.Arm) string {
	switch {
	case !finite(float64(a.Final)):
		return a.Unfinished
	case a.Difference == 0:
		return fmt.Sprintf("%.4f", float64(a.Final))
	case !finite(float64(a.Error)):
		return fmt.Sprintf("%.4f (+%.4f)", float64(a.Final), float64(a.Difference))
	}
	return fmt.Sprintf("%.4f (+%.4f ± %.4f)", float64(a.Final), float64(a.Difference), float64(a.Error))
}
