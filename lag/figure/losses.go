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
// LAG's pick, the pick of the loss at initialization, the best and the worst
// strategy have their colors, and names at the ends of their lines; the others
// are grey and have their names at the pointer. With several seeds a curve is
// their mean, and the range of the highlighted ones is shaded.
func LossCurves(r *result.Study) Figure {
	f := Figure{
		Name:  "loss-curves",
		Title: fmt.Sprintf("Validation loss after growing %s → %s layers%s", aggregate.Join(aggregate.From(r)), aggregate.Join(aggregate.To(r)), underSeeds(len(r.Seeds))),
	}
	all := aggregate.Strategies(r)
	curves := make([]curve, 0, len(all))
	stopped := 0
	because := roles(all)
	for i, s := range all {
		c := curve{label: s.Name, series: s.Name, role: because[i], style: otherLine, bold: i == pickOf(all), lag: i == pickOf(all)}
		if s.Stopped() {
			stopped++
			c.stopped = true
			c.label += " (" + s.Unfinished + ")"
			c.style.Dash = chart.Dotted
		}
		if c.role != "" {
			c.style, c.point = strategyLine(s.Place, 2.4), strategyPoint(s.Place, 4.3)
			if c.bold {
				c.style.Width = 3.6
			}
		}
		shaded := s.Seeds() > 1 && !s.Stopped() && c.role != ""
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
	f.Caption = "Do the lines cross to the right of the dashed one? If not, the order there is the order at the end."
	if i := pickOf(all); i >= 0 && !all[i].Stopped() {
		f.Caption += fmt.Sprintf(" LAG's pick ends %s of %d.", ordinal(i+1), len(all))
	}
	c := lossChart(curves, r.Steps, late)
	if p := &c.Rows[0][0]; late > 0 {
		p.Marks = append(p.Marks, upright(p.Y, float64(late), chart.Style{Color: chart.Vermillion, Width: 1.4, Dash: chart.Dashed}),
			written(fmt.Sprintf("lag %d", late), float64(late), p.Y.Value(0.97), chart.Style{Color: chart.Vermillion, Dx: 5}))
	}
	return render(f, c)
}

// curve is a line of a chart of losses.
type curve struct {
	label   string
	role    string // why it is highlighted; empty if it is not
	series  string
	style   chart.Style
	point   chart.Style // at the end of a highlighted line
	data    []chart.Datum
	seeds   []chart.Datum // range over the seeds, to be shaded; may be nil
	stopped bool
	bold    bool // drawn above the others
	lag     bool // LAG picks it
	silent  bool // neither named nor counted among the others
}

// lossChart draws curves in two panels: all steps, and steps from late on with
// their own vertical scale. The names of highlighted curves are at their ends.
func lossChart(curves []curve, steps, late int) chart.Chart {
	const height = 310
	lo, hi := lossRange(curves, 0)
	early := chart.Panel{Title: "all steps", Width: twoPanels, Height: height, X: chart.Steps("step", stepTitle, steps), Y: chart.Values("loss", lossTitle, lo, hi, 6)}
	lo, hi = lossRange(curves, float64(late))
	zoom := chart.Panel{Title: "late steps, with their own scale", Width: twoPanels, Height: height,
		X: chart.Values("step", "step after growing", float64(late), float64(max(steps, late+1)), 5), Y: chart.Values("loss", "", lo, hi, 6)}
	early.Marks, zoom.Marks = curveMarks(curves, 0), curveMarks(curves, float64(late))
	labels, others := curveLabels(curves, zoom)
	names := endLabels(labels, others, height, endLabelsWidth(append(others, labels...)...))
	return chart.Chart{Rows: [][]chart.Panel{{early, zoom, names}}, Series: "strategy", Hover: true}
}

// curveLabels returns the labels of the highlighted curves at the right edge of
// a panel, and of the others.
func curveLabels(curves []curve, p chart.Panel) (labels, others []endLabel) {
	rest := 0
	var stopped []curve
	for _, cv := range curves {
		switch {
		case cv.role != "":
			y := cv.data[len(cv.data)-1].Y
			labels = append(labels, endLabel{name: cv.label, note: cv.role, series: cv.series, bold: cv.bold, accent: cv.lag, style: cv.style, shape: cv.point,
				y: p.Height * min(max(p.Y.Place(y), 0), 1)})
		case cv.stopped:
			stopped = append(stopped, cv)
		case !cv.silent:
			rest++
		}
	}
	if rest > 0 {
		others = append(others, endLabel{name: counted(rest, "other"), style: otherLine})
	}
	if len(stopped) > 0 {
		l := endLabel{name: counted(len(stopped), "other") + " stopped early", style: otherLine, shape: stoppedPoint}
		if len(stopped) == 1 {
			l.name, l.series = stopped[0].label, stopped[0].series
		}
		l.style.Dash = chart.Dotted
		others = append(others, l)
	}
	return labels, others
}

// stoppedPoint marks where a training stopped.
var stoppedPoint = chart.Style{Color: chart.Grey, Shape: chart.Cross, Radius: 3.4}

// counted returns a number of things: "1 other", "13 others".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// curveMarks returns the marks of curves from an x on. Highlighted curves are
// above the others, the best and the bold ones on top.
func curveMarks(curves []curve, from float64) []chart.Mark {
	var areas, lines, ends []chart.Mark
	for level := range 3 {
		for i := len(curves) - 1; i >= 0; i-- {
			cv := curves[i]
			data := since(cv.data, from)
			own := 0
			if cv.role != "" {
				own = 1
			}
			if cv.bold {
				own = 2
			}
			if own != level || len(data) == 0 {
				continue
			}
			if seeds := since(cv.seeds, from); len(seeds) > 1 {
				areas = append(areas, chart.Mark{Kind: chart.Area, Series: cv.series, Style: chart.Style{Color: chart.Faint(cv.style.Color, 0.15)}, Data: seeds})
			}
			lines = append(lines, chart.Mark{Kind: chart.Line, Series: cv.series, Style: cv.style, Data: data})
			switch end := data[len(data)-1:]; {
			case cv.stopped || len(data) == 1:
				at := stoppedPoint
				at.Color = cv.style.Color
				ends = append(ends, chart.Mark{Kind: chart.Points, Series: cv.series, Style: at, Data: end})
			case cv.point.Radius > 0:
				ends = append(ends, chart.Mark{Kind: chart.Points, Series: cv.series, Style: cv.point, Data: end})
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
