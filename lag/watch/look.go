package watch

import (
	"image/color"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/progress"
)

// colors are those of strategies, which people with a color vision deficiency can
// tell apart. All are visible on white and on black.
var colors = []color.NRGBA{chart.Blue, chart.Vermillion, chart.Green, chart.Purple, chart.SkyBlue}

// lookOf returns the color and the dash of the i-th strategy of a pool. With the
// dash, as many strategies look different as there are pairs of both.
func lookOf(i int) (color string, dash int) {
	return chart.Hex(colors[i%len(colors)]), i / len(colors) % 4
}

// look returns the color and the dash of a run.
func (w *Watcher) look(r *watched) (color string, dash int) {
	if r.planned < 0 || w.planned[r.planned].Kind == progress.PhasePretrain {
		return chart.Hex(chart.Grey), 0
	}
	name := w.planned[r.planned].Name
	i := 0
	for _, p := range w.planned {
		switch {
		case p.Kind != progress.PhaseProbe:
		case p.Name == name:
			return lookOf(i)
		default:
			i++
		}
	}
	return chart.Hex(chart.Grey), 0
}
