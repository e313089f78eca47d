package figure

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// LossCurves draws the validation loss of every strategy against the steps
// after growing. The left panel shows all steps, with more room for early ones.
// The right panel shows the steps after the lag, with its own vertical scale.
// Colors and the legend are ordered by final loss, best first. With several
// seeds a curve is their mean and their range is shaded; with more than eight
// strategies, only the ranges of the best and of LAG's picks are shaded.
func LossCurves(r *result.Study) Figure {
	f := Figure{
		Name:  "loss-curves",
		Title: fmt.Sprintf("Validation loss after growing %s → %s layers%s", aggregate.Join(aggregate.From(r)), aggregate.Join(aggregate.To(r)), underSeeds(len(r.Seeds))),
	}
	all := aggregate.Strategies(r)
	curves := make([]curve, 0, len(all))
	stopped := 0
	for i, s := range all {
		c := curve{label: s.Name, series: s.Name, style: chart.Style{Color: chart.OrderColor(i, len(all)), Width: 1.8, Dash: chart.Dash(i)}}
		if s.Stopped() {
			stopped++
			c.stopped = true
			c.label += " (" + s.Unfinished + ")"
			c.style = chart.Style{Color: chart.Grey, Width: 1.5, Dash: chart.Dotted}
		}
		if s.Picked > 0 {
			c.label += " " + s.PickNote("← LAG ")
			c.style.Width, c.marked = 3.6, true
		}
		shaded := s.Seeds() > 1 && !s.Stopped() && (len(all) <= shadedAtMost || s.Picked > 0 || i == 0)
		for k, step := range s.Steps {
			x := float64(step)
			if finite(s.Loss[k]) {
				c.data = append(c.data, chart.Datum{X: x, Y: s.Loss[k]})
			}
			if shaded && finite(s.Low[k]) && finite(s.High[k]) {
				c.seeds = append(c.seeds, chart.Datum{X: x, Y: s.Low[k], Y2: s.High[k]})
			}
		}
		if len(c.data) > 0 {
			curves = append(curves, c)
		}
	}
	if len(curves) == 0 {
		return noData(f.Name, f.Title, "no strategy has a loss")
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against training steps%s, a line for each of %d strategies. Lowest at the end: %s.", underSeeds(len(r.Seeds)), len(all), all[0].Name)
	if stopped > 0 {
		f.Alt += fmt.Sprintf(" %d did not get to the end.", stopped)
	}
	late := r.Lag
	if late <= 0 || late >= r.Steps {
		late = r.Steps / 10
	}
	c := lossChart(curves, r.Steps, late, "strategy")
	if p := &c.Rows[0][0]; late > 0 {
		p.Marks = append(p.Marks, upright(p.Y, float64(late), chart.Style{Color: chart.Grey, Width: 1.3, Dash: chart.Dashed}),
			written(fmt.Sprintf("lag %d", late), float64(late), p.Y.Value(0.04), chart.Style{Color: chart.Grey, Dx: 5}))
	}
	return render(f, c)
}

// shadedAtMost is the largest number of strategies for which all ranges over
// the seeds are shaded.
const shadedAtMost = 8

// curve is a line of a chart of losses.
type curve struct {
	label   string // in the legend; empty for none
	series  string
	style   chart.Style
	data    []chart.Datum
	seeds   []chart.Datum // range over the seeds, to be shaded; may be nil
	stopped bool
	marked  bool // drawn above the others
}

// lossChart draws curves in two panels: all steps, and steps from late on with
// their own vertical scale.
func lossChart(curves []curve, steps, late int, series string) chart.Chart {
	var legend chart.Legend
	for _, cv := range curves {
		if cv.label != "" {
			legend.Entries = append(legend.Entries, chart.Entry{Label: cv.label, Series: cv.series, Kind: chart.Line, Style: cv.style})
		}
	}
	height := curvesHeight(legend)
	lo, hi := lossRange(curves, 0)
	early := chart.Panel{Title: "all steps", Width: 290, Height: height, X: chart.Steps("step", stepTitle, steps), Y: chart.Values("loss", lossTitle, lo, hi, 6)}
	lo, hi = lossRange(curves, float64(late))
	zoom := chart.Panel{Title: "late steps, with their own scale", Width: 290, Height: height,
		X: chart.Values("step", "step after growing", float64(late), float64(max(steps, late+1)), 5), Y: chart.Values("loss", "", lo, hi, 6)}
	early.Marks, zoom.Marks = curveMarks(curves, 0), curveMarks(curves, float64(late))
	return chart.Chart{Rows: [][]chart.Panel{{early, zoom}}, Legend: legend, Series: series, Choose: true}
}

// curvesHeight returns the height of panels beside a legend.
func curvesHeight(legend chart.Legend) float64 { return max(310, min(legend.Height()-90, 700)) }

// curveMarks returns the marks of curves from an x on. The best and the marked
// curves are above the others.
func curveMarks(curves []curve, from float64) []chart.Mark {
	var areas, lines, ends []chart.Mark
	for _, marked := range []bool{false, true} {
		for i := len(curves) - 1; i >= 0; i-- {
			cv := curves[i]
			data := since(cv.data, from)
			if cv.marked != marked || len(data) == 0 {
				continue
			}
			if seeds := since(cv.seeds, from); len(seeds) > 1 {
				areas = append(areas, chart.Mark{Kind: chart.Area, Series: cv.series, Style: chart.Style{Color: chart.Faint(cv.style.Color, 0.19)}, Data: seeds})
			}
			lines = append(lines, chart.Mark{Kind: chart.Line, Series: cv.series, Style: cv.style, Data: data})
			if cv.stopped || len(data) == 1 {
				ends = append(ends, chart.Mark{Kind: chart.Points, Series: cv.series, Style: chart.Style{Color: cv.style.Color, Shape: chart.Cross, Radius: 3.4}, Data: data[len(data)-1:]})
			}
		}
	}
	return append(append(areas, lines...), ends...)
}

// lossRange returns the range of the losses from a step on. It ignores
// strategies that stopped, unless there are no others, because they would
// compress the others.
func lossRange(curves []curve, from float64) (lo, hi float64) {
	var sound, every []float64
	for _, cv := range curves {
		for _, d := range since(cv.data, from) {
			every = append(every, d.Y)
			if !cv.stopped {
				sound = append(sound, d.Y)
			}
		}
	}
	if len(sound) == 0 {
		sound = every
	}
	return chart.Extent(sound, 0.04)
}
