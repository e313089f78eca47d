package figure

import (
	"context"
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// SignalNoise draws the signal-to-noise ratio of the losses at each step: the
// spread over the strategies against how far one strategy moved among them in
// the last evaluations, see [stats.MeasureSignal]. The dotted line at 1 is what
// an order would have that is drawn anew for each evaluation.
func SignalNoise(r *result.Study) Figure {
	f := Figure{Name: "signal-noise", Title: "Signal-to-noise ratio of the losses at a step" + forSeeds(len(r.Seeds), " (%d seeds together)")}
	list, err := aggregate.Foresights(context.Background(), r)
	if err != nil {
		return Figure{Name: f.Name, Title: f.Title, Err: fmt.Errorf("figure %s: %w", f.Name, err)}
	}
	var ratio []chart.Datum
	last, highest, lowest := 0, 2.0, math.Inf(1)
	least := 0
	for _, one := range list {
		last = max(last, one.Step)
		if !finite(one.Signal.Ratio) {
			continue
		}
		if one.Signal.Ratio < lowest {
			lowest, least = one.Signal.Ratio, one.Step
		}
		highest = max(highest, one.Signal.Ratio)
		tips := append(tip("spread [nats]", one.Signal.Signal), tip("noise [nats]", one.Signal.Noise)...)
		ratio = append(ratio, chart.Datum{X: float64(one.Step), Y: one.Signal.Ratio, Tips: tips})
	}
	if len(ratio) == 0 {
		return noData(f.Name, f.Title, "no step has three evaluations of two strategies up to it")
	}
	f.Alt = fmt.Sprintf("Line chart of the signal-to-noise ratio against training steps: %.1f at step %.0f, lowest with %.1f at step %d, %.1f at step %.0f.",
		ratio[0].Y, ratio[0].X, lowest, least, ratio[len(ratio)-1].Y, ratio[len(ratio)-1].X)
	f.Caption = "Where it is low, the order of the strategies changes. It may be high twice: early for an order that does not last, and at the end."

	p := chart.Panel{Width: 540, Height: 280, X: chart.Steps("step", stepTitle, last),
		Y: chart.Axis{Name: "ratio", Title: "spread / noise (log scale of 1 + ratio)", Max: 1.1 * highest, Log1p: true, Ticks: costTicks(1.1 * highest)}}
	var legend chart.Legend
	add := func(label string, m chart.Mark) {
		p.Marks, legend.Entries = append(p.Marks, m), append(legend.Entries, chart.Entry{Label: label, Kind: chart.Line, Style: m.Style})
	}
	add("signal-to-noise ratio", chart.Mark{Kind: chart.Line, Series: "signal-to-noise ratio", Style: chart.Style{Color: chart.Blue, Width: 3.2, Radius: 3.5}, Data: ratio})
	add("of orders that are drawn anew", across(p.X, 1, chart.Style{Color: chart.Ink, Width: 1.3, Dash: chart.Dotted}))
	if r.Lag > 0 {
		add(fmt.Sprintf("LAG picks at %d", r.Lag), upright(p.Y, math.Min(float64(r.Lag), p.X.Max), chart.Style{Color: chart.Vermillion, Width: 1.8, Dash: chart.Dashed}))
	}
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend, Series: "measure"})
}
