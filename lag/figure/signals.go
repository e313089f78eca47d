package figure

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// Signals draws how well each early signal foretells the final loss: Spearman's
// rho over the strategies with its 95% interval, for the loss at initialization,
// the loss at the lag and whatever else was measured by then. The strongest comes
// first; the sign tells whether a low value goes with a low final loss.
func Signals(r *result.Study) Figure {
	f := Figure{Name: "signals", Title: "What foretells the final loss?" + underSeedsShort(len(r.Seeds))}
	signals := signalsOf(r)
	if len(signals) == 0 {
		return noData(f.Name, f.Title, "no correlation is defined")
	}
	var spoken []string
	var values, names list
	for _, s := range signals {
		spoken = append(spoken, s.name+" "+formatRho(s.rho))
		v := object{"signal": s.name, "rho": s.rho, "lag": s.marked}
		if finite(s.lo) && finite(s.hi) {
			v["lo"], v["hi"] = s.lo, s.hi
		}
		values, names = append(values, v), append(names, s.name)
	}
	f.Alt = "Spearman's rho of early signals with the final loss, the strongest first: " + strings.Join(spoken, "; ") + "."
	y := object{"field": "signal", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelLimit": 260}}
	x := object{"type": "quantitative", "title": "Spearman's rho with the final loss", "scale": object{"domain": list{lowestRho(signals), 1}}}
	with := func(field string) object {
		channel := maps.Clone(x)
		channel["field"] = field
		return channel
	}
	tips := list{object{"field": "signal", "type": "nominal"}}
	for _, field := range []string{"rho", "lo", "hi"} {
		tips = append(tips, object{"field": field, "type": "quantitative", "format": ".3f"})
	}
	spec := object{
		"width": 460, "height": object{"step": 26},
		"data": object{"values": values},
		"layer": list{
			object{"mark": object{"type": "rule", "color": hex(grey)}, "encoding": object{"y": y, "x": with("lo"), "x2": object{"field": "hi"}}},
			object{"mark": object{"type": "point", "filled": true, "size": 70, "opacity": 1}, "encoding": object{
				"y": y, "x": with("rho"), "tooltip": tips,
				"color": object{"condition": object{"test": "datum.lag", "value": hex(vermillion)}, "value": hex(blue)},
			}},
		},
	}
	return render(f, inches(8.4), rowChartHeight(len(signals)), spec, func(c draw.Canvas) { paintSignals(headline(c, f.Title), signals) })
}

// underSeedsShort is a part of a title.
func underSeedsShort(n int) string {
	if n > 1 {
		return fmt.Sprintf(" (mean over %d seeds)", n)
	}
	return ""
}

// signal is how an early signal relates to the final loss.
type signal struct {
	name        string
	rho, lo, hi float64
	marked      bool // the loss at the lag
}

func signalsOf(r *result.Study) []signal {
	var signals []signal
	add := func(name string, rho, lo, hi result.Number, marked bool) {
		if finite(float64(rho)) {
			signals = append(signals, signal{name, float64(rho), float64(lo), float64(hi), marked})
		}
	}
	for _, c := range r.Correlation {
		switch c.Step {
		case 0:
			add("loss at initialization", c.Spearman, c.SpearmanLo, c.SpearmanHi, false)
		case r.Lag:
			add(fmt.Sprintf("loss at the lag, step %d", c.Step), c.Spearman, c.SpearmanLo, c.SpearmanHi, true)
		}
	}
	for _, s := range r.Signals {
		add(s.Describe(), s.Spearman, s.SpearmanLo, s.SpearmanHi, false)
	}
	slices.SortStableFunc(signals, func(a, b signal) int { return cmp.Compare(math.Abs(b.rho), math.Abs(a.rho)) })
	return signals
}

func lowestRho(signals []signal) float64 {
	lowest := 0.0
	for _, s := range signals {
		lowest = min(lowest, s.rho)
		if finite(s.lo) {
			lowest = min(lowest, s.lo)
		}
	}
	return max(-1, math.Floor(lowest*5)/5)
}

func paintSignals(c draw.Canvas, signals []signal) {
	names := make([]string, len(signals))
	for i, s := range signals {
		names[i] = s.name
	}
	chart := newRowChart(c, names, func(i int) bool { return signals[i].marked }, inches(1.6), lowestRho(signals), 1, decimalTicks{6}, "Spearman's ρ with the final loss")
	c.StrokeLine2(lineStyle(grey, 1, 0), chart.x(0), chart.bottom, chart.x(0), chart.top)
	note := textStyle(sizeNote, black)
	note.YAlign = draw.YCenter
	for i, s := range signals {
		y, of := chart.y(i), blue
		if s.marked {
			of = vermillion
		}
		text := formatRho(s.rho)
		if finite(s.lo) && finite(s.hi) {
			c.StrokeLine2(lineStyle(of, 1.8, 0), chart.x(s.lo), y, chart.x(s.hi), y)
			text += fmt.Sprintf("  [%s, %s]", formatRho(s.lo), formatRho(s.hi))
		}
		c.DrawGlyph(draw.GlyphStyle{Color: of, Radius: vg.Points(4), Shape: draw.CircleGlyph{}}, vg.Point{X: chart.x(s.rho), Y: y})
		c.FillText(note, vg.Point{X: chart.x1 + vg.Points(14), Y: y}, text)
	}
}
