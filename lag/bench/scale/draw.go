package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/lag/figure/chart"
)

// A curve is a figure against the number of workers.
type curve struct {
	name  string
	style chart.Style
	of    func(outcome) float64
}

func line(c int, dash chart.Dash) chart.Style {
	s := chart.SeriesStyle(c)
	s.Width, s.Dash, s.Radius = 2, dash, 4
	return s
}

var (
	simulated = line(0, chart.Solid)
	second    = line(1, chart.Solid)
	third     = line(2, chart.Solid)
	unaware   = line(3, chart.Dotted)
	ideal     = chart.Style{Color: chart.Grey, Width: 1.6, Dash: chart.Dashed}
)

// draw draws what simulations came to, against the workers.
//
// alone are the same for workers that do not know that there are many.
func draw(all, alone []outcome, p plan) chart.Chart {
	first := all[0]
	before := make(map[int]outcome)
	for _, o := range alone {
		before[o.workers] = o
	}
	panels := []chart.Panel{
		panel("time to the end of the last run", "hours", true, all, curve{"simulated", simulated, func(o outcome) float64 { return o.hours }},
			curve{"one worker's time, divided", ideal, func(o outcome) float64 { return first.hours / float64(o.workers) }}),
		panel("share of the workers' time", "percent", false, all, curve{"idle", simulated, func(o outcome) float64 { return 100 * o.idle }},
			curve{"lost by preemptions, and starting", second, func(o outcome) float64 { return 100 * o.lost }}, curve{"waiting for files", third, func(o outcome) float64 { return 100 * o.files }}),
		panel("operations on the file system", "a second", true, all, curve{"mean", simulated, func(o outcome) float64 { return o.ops }},
			curve{"mean, if workers did not know of the others", unaware, func(o outcome) float64 { return before[o.workers].ops }},
			curve{"busiest second", second, func(o outcome) float64 { return float64(o.peak) }}, curve{"all that the server does", ideal, func(outcome) float64 { return p.Capacity }}),
		panel("attempts to lock a run", "a second", true, all, curve{"mean", simulated, func(o outcome) float64 { return o.locks }},
			curve{"mean, if workers did not know of the others", unaware, func(o outcome) float64 { return before[o.workers].locks }}),
	}
	return chart.Chart{
		Title: fmt.Sprintf("A study of %s candidates on 1 to %d workers, simulated", humanize.Comma(int64(p.candidates())), all[len(all)-1].workers),
		Caption: fmt.Sprintf("Workers are idle mostly while one of them trains the source. Each is preempted without notice about every %.3g hours, and returns after %.0f s.",
			1/p.Preemptions, p.Requeue.Seconds()),
		Alt:    "Four panels against the number of workers: hours, shares of time, operations on files and attempts to lock runs.",
		Series: "figure", Rows: [][]chart.Panel{panels[:2], panels[2:]},
	}
}

// panel returns a panel with a legend in its area.
func panel(title, unit string, logarithmic bool, all []outcome, curves ...curve) chart.Panel {
	lo, hi := math.Inf(1), 0.0
	for _, o := range all {
		for _, c := range curves {
			lo, hi = min(lo, c.of(o)), max(hi, c.of(o))
		}
	}
	at := func(y float64) float64 { return y }
	p := chart.Panel{Title: title, Width: 330, Height: 230, Y: chart.Values(unit, unit, 0, 1.25*max(hi, 1), 5)}
	if logarithmic {
		at = math.Log10
		p.Y = chart.Axis{Name: unit, Title: unit, Min: math.Floor(at(lo)), Max: math.Ceil(at(hi))}
		p.Y.Max += 0.09 * float64(len(curves)) * (p.Y.Max - p.Y.Min)
		for e := p.Y.Min; e <= p.Y.Max; e++ {
			p.Y.Ticks = append(p.Y.Ticks, chart.Tick{At: e, Label: strconv.FormatFloat(math.Pow(10, e), 'f', -1, 64)})
		}
	}
	p.X = chart.Axis{Name: "workers", Title: "workers", Max: math.Log2(float64(all[len(all)-1].workers)) + 0.2, Min: -0.2}
	for i, o := range all {
		if len(all) < 6 || i%2 == 0 {
			p.X.Ticks = append(p.X.Ticks, chart.Tick{At: math.Log2(float64(o.workers)), Label: strconv.Itoa(o.workers)})
		}
	}
	for i, c := range curves {
		var data []chart.Datum
		for _, o := range all {
			data = append(data, chart.Datum{X: math.Log2(float64(o.workers)), Y: at(c.of(o)), Tips: []chart.Tip{{Name: unit, Value: c.of(o)}}})
		}
		p.Marks = append(p.Marks, chart.Mark{Kind: chart.Line, Series: c.name, Style: c.style, Data: data, Loose: true})
		if c.style.Radius > 0 {
			p.Marks = append(p.Marks, chart.Mark{Kind: chart.Points, Series: c.name, Style: c.style, Data: data, Loose: true})
		}
		if len(curves) > 1 { // named in the upper left, where no curve is
			y := p.Y.Max - (p.Y.Max-p.Y.Min)*(0.06+0.075*float64(i))
			p.Marks = append(p.Marks,
				chart.Mark{Kind: chart.Segments, Series: c.name, Style: c.style, Loose: true, Data: []chart.Datum{{X: p.X.Min + 0.02*(p.X.Max-p.X.Min), X2: p.X.Min + 0.09*(p.X.Max-p.X.Min), Y: y, Y2: y}}},
				chart.Mark{Kind: chart.Texts, Series: c.name, Style: chart.Style{Color: chart.Ink, Size: chart.SizeNote}, Loose: true, Data: []chart.Datum{{X: p.X.Min + 0.11*(p.X.Max-p.X.Min), Y: y, Text: c.name}}})
		}
	}
	return p
}
