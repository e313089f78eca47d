package figure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/progress"
)

// The size of the picture is fixed for a phase, so that the page does not jump. It is
// about as wide as a cell in a window of 1280 pixels.
const (
	liveWidth  = 870
	livePanel  = 220
	liveLabels = 245 // of candidates, with their ranks
	runLabels  = 215 // of other runs
)

// chart describes the losses so far.
func (l *liveView) chart() chart.Chart {
	if l.part.Phase == progress.PhaseProbe {
		return l.candidatesChart()
	}
	return l.runsChart()
}

// leading is how many of the best candidates so far have their colors.
const leading = 3

// candidatesChart draws the candidates: the current one and the best so far in
// their colors, the others and those of other seeds in grey.
func (l *liveView) candidatesChart() chart.Chart {
	total := int(l.event.Total)
	ranks := l.ranks()
	var curves []curve
	for _, r := range l.runs {
		if len(r.data) == 0 {
			continue
		}
		cv := curve{label: r.name, series: r.name, style: otherLine, data: r.data}
		current := r == l.run(l.event) && l.event.Done < l.event.Total
		switch rank := ranks[r]; {
		case r.seed != l.event.Seed:
			cv.silent, cv.series = true, fmt.Sprintf("%s, seed %d", r.name, r.seed)
		case current:
			cv.role, cv.bold = l.soFar(r), true
		case rank > 0 && rank <= leading:
			cv.role = ordinal(rank) + " so far"
		}
		if cv.role != "" {
			cv.style, cv.point = strategyLine(r.place, 2.2), strategyPoint(r.place, 4.3)
		}
		if cv.bold {
			cv.style.Width = 3.4
		}
		curves = append(curves, cv)
	}
	// The best is first, as in the figure of the result.
	slices.SortStableFunc(curves, func(a, b curve) int { return cmp.Compare(a.data[len(a.data)-1].Y, b.data[len(b.data)-1].Y) })
	late := total / 10
	if last := l.lastStep(); last <= late { // nothing for the right panel yet
		late = last / 2
	}
	c := lossChart(curves, total, late)
	row := c.Rows[0]
	row[0].Width, row[1].Width = livePanel, livePanel
	row[2].Width, row[2].X.Max = max(row[2].Width, liveLabels), max(row[2].Width, liveLabels)
	c.MinWidth = liveWidth
	c.Caption = "Do the candidates keep their order? Bold: the one that trains; with color: the best so far."
	return c
}

// ranks returns the ranks of the finished candidates with the current seed, 1
// for the lowest loss.
func (l *liveView) ranks() map[*liveRun]int {
	var done []*liveRun
	for _, r := range l.runs {
		if r.seed == l.event.Seed && r.finished() {
			done = append(done, r)
		}
	}
	slices.SortStableFunc(done, func(a, b *liveRun) int { return cmp.Compare(a.data[len(a.data)-1].Y, b.data[len(b.data)-1].Y) })
	ranks := make(map[*liveRun]int)
	for i, r := range done {
		ranks[r] = i + 1
	}
	return ranks
}

// soFar returns the rank of a candidate that trains, at its last evaluation.
func (l *liveView) soFar(r *liveRun) string {
	end := r.data[len(r.data)-1]
	rank, of := 1, 1
	for _, other := range l.runs {
		if other == r || other.seed != r.seed {
			continue
		}
		if i := slices.IndexFunc(other.data, func(d chart.Datum) bool { return d.X == end.X }); i >= 0 {
			of++
			if other.data[i].Y < end.Y {
				rank++
			}
		}
	}
	if of == 1 {
		return "trains now"
	}
	return fmt.Sprintf("trains now, %s of %d at step %.0f", ordinal(rank), of, end.X)
}

func (l *liveView) lastStep() int {
	last := 0.0
	for _, r := range l.runs {
		if n := len(r.data); n > 0 {
			last = max(last, r.data[n-1].X)
		}
	}
	return int(last)
}

// trainingData returns the training losses of a run.
func trainingData(r *liveRun) []chart.Datum {
	list := make([]chart.Datum, len(r.training.Points))
	for i, p := range r.training.Points {
		list[i] = chart.Datum{X: p[0], Y: p[1]}
	}
	return list
}

// labelledAtMost is the largest number of runs of which each has its name; of
// more, only the current one has.
const labelledAtMost = 8

// runsChart draws the training and validation losses of runs that are not
// candidates, and the loss of predicting by how frequent each token is.
func (l *liveView) runsChart() chart.Chart {
	const width, height = 500, 290
	var losses []float64
	furthest := 0.0
	for _, r := range l.runs {
		for _, d := range slices.Concat(r.data, trainingData(r)) {
			losses, furthest = append(losses, d.Y), max(furthest, d.X)
		}
	}
	unigram := l.event.Unigram
	if unigram > 0 {
		losses = append(losses, unigram)
	}
	lo, hi := chart.Extent(losses, 0.08)
	// The axis grows with the training, so that the first steps can be seen.
	last := max(1, float64(l.event.Total), furthest)
	for last/2 >= max(furthest, 20) {
		last /= 2
	}
	p := chart.Panel{Width: width, Height: height, X: chart.Values("step", "step", 0, last, 8), Y: chart.Values("loss", "loss [nats/token]", lo, hi, 6)}
	var labels []endLabel
	label := func(name, note string, y float64, style, shape chart.Style) {
		labels = append(labels, endLabel{name: name, note: note, series: name, style: style, shape: shape, y: height * min(max(p.Y.Place(y), 0), 1)})
	}
	if unigram > 0 {
		p.Marks = append(p.Marks, across(p.X, unigram, unigramLine))
		label(fmt.Sprintf("unigram entropy %.2f", unigram), "", unigram, unigramLine, chart.Style{})
	}
	for _, r := range l.runs {
		style, point := l.runStyle(r)
		current := r == l.run(l.event)
		if current && len(r.training.Points) > 0 {
			thin := chart.Style{Color: chart.Faint(chart.Grey, 0.8), Width: 1.2}
			p.Marks = append(p.Marks, chart.Mark{Kind: chart.Line, Series: "training loss", Style: thin, Data: trainingData(r)})
			latest, _ := r.training.Latest()
			label("training loss", "", latest, thin, chart.Style{})
		}
		if len(r.data) == 0 {
			continue
		}
		name := "validation loss"
		if l.event.Count > 1 {
			name = r.name
		}
		p.Marks = append(p.Marks, chart.Mark{Kind: chart.Line, Series: name, Style: style, Data: r.data},
			chart.Mark{Kind: chart.Points, Series: name, Style: point, Data: r.data})
		if end := r.data[len(r.data)-1]; current || len(l.runs) <= labelledAtMost {
			label(name, "", end.Y, style, point)
		}
	}
	c := chart.Chart{Rows: [][]chart.Panel{{p, endLabels(labels, nil, height, runLabels)}}, Series: "series", Hover: true, MinWidth: liveWidth,
		Caption: "A model that stays at the dashed line has learned only how frequent tokens are."}
	return c
}

// runStyle returns the line and the points of a run that is not a candidate,
// those that it has in figures of the result.
func (l *liveView) runStyle(r *liveRun) (line, point chart.Style) {
	switch l.part.Phase {
	case progress.PhaseStack:
		line, point = strategyLine(r.place, 2.4), strategyPoint(r.place, 3.5)
	case progress.PhaseControl:
		shade := 0
		if strings.Contains(r.name, "@") { // one rate of a sweep
			shade = 1 + r.place
		}
		line = controlLine(r.name, shade)
		point = chart.Style{Color: line.Color, Radius: 3.5}
	default:
		line, point = chart.Style{Color: chart.Blue, Width: 2.7}, chart.Style{Color: chart.Blue, Radius: 3.5}
	}
	if r.seed != l.event.Seed {
		line, point = otherLine, chart.Style{Color: otherLine.Color, Radius: 2.5}
	}
	return line, point
}
