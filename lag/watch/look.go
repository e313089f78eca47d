package watch

import (
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/runs"
)

// lookOf returns the color and the dash of the i-th strategy of a pool, which it
// has in the figures too.
func lookOf(i int) (color string, dash int) {
	style := chart.SeriesStyle(i)
	return chart.Hex(style.Color), int(style.Dash)
}

// look returns the color and the dash of a run. In a study it is that of its
// strategy, elsewhere that of its turn.
func (w *Watcher) look(r *watched) (color string, dash int) {
	if w.index.Kind != runs.Study {
		return lookOf(r.turn)
	}
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
