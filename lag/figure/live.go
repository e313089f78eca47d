package figure

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/log"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/progress"
)

// Live returns an observer that draws a study in a GoNB notebook while it runs:
// a line that says what is being trained and how long it will take, and the
// validation losses so far, those of candidates under an earlier seed in grey. There is one picture for pretraining and one for
// the candidates; each is drawn again at most once a second, more seldom where
// drawing takes longer than a twentieth of the time, and always when a run ends.
// It is a PNG, so that its last state stays visible in the saved notebook.
//
// Outside a notebook the observer does nothing. Like every [progress.Observer] it is
// called for one event at a time.
func Live() progress.Observer {
	if !gonbui.IsNotebook {
		return func(progress.Event) {}
	}
	l := &liveView{now: time.Now, send: sendDisplay, flush: flushDisplay, newID: gonbui.UniqueId}
	return l.observe
}

const liveWidth = 10.2 * vg.Inch

// liveView is what Live draws: the events so far.
type liveView struct {
	now   func() time.Time
	send  func(id string, data map[protocol.MIMEType]any, metadata map[string]any) error
	flush func() error
	newID func() string

	phase    progress.Phase
	id       string // of the phase's display
	event    progress.Event
	started  time.Time // first event of the phase
	progress float64   // at the first event of the phase, more than 0 for one that is resumed
	runs     []liveRun
	next     time.Time // not drawn before, unless a run ends
	failed   bool
}

type liveRun struct {
	index int
	seed  int64
	name  string
	xys   plotter.XYs
}

func (l *liveView) observe(e progress.Event) {
	if l.failed {
		return
	}
	now := l.now()
	if e.Phase != l.phase {
		l.phase, l.id = e.Phase, "lag-"+string(e.Phase)+"-"+l.newID()
		l.started, l.progress = now, phaseProgress(e)
		l.runs, l.next = nil, time.Time{}
	}
	l.event = e
	l.addPoint(e)

	ended := e.Total > 0 && e.Done >= e.Total
	if !ended && now.Before(l.next) {
		return
	}
	if err := l.draw(now); err != nil {
		l.fail(err)
		return
	}
	spent := l.now().Sub(now)
	l.next = l.now().Add(max(time.Second, 20*spent))
	if ended && e.Index >= e.Count-1 {
		if err := l.flush(); err != nil {
			l.fail(err)
		}
	}
}

// fail stops the drawing, not the study.
func (l *liveView) fail(err error) {
	l.failed = true
	log.Warn("the live picture stops here; the study goes on", "err", err)
}

func (l *liveView) addPoint(e progress.Event) {
	if e.Point == nil || !finite(float64(e.Point.Loss)) {
		return
	}
	at := plotter.XY{X: float64(e.Point.Step), Y: float64(e.Point.Loss)}
	for i := range l.runs {
		if r := &l.runs[i]; r.index == e.Index && r.name == e.Run {
			if n := len(r.xys); n > 0 && r.xys[n-1].X >= at.X {
				return // told twice, by a run that was resumed
			}
			r.xys = append(r.xys, at)
			return
		}
	}
	l.runs = append(l.runs, liveRun{e.Index, e.Seed, e.Run, plotter.XYs{at}})
}

func (l *liveView) draw(now time.Time) error {
	line := l.status(now)
	data := map[protocol.MIMEType]any{protocol.MIMETextPlain: line}
	metadata := map[string]any{}
	if len(l.runs) > 0 {
		f := Figure{Width: cssPixels(liveWidth), Height: cssPixels(l.height())}
		picture, err := renderPNG(liveWidth, l.height(), pngDPI*3/4, func(c draw.Canvas) { l.paint(c, line) })
		if err != nil {
			return err
		}
		data[protocol.MIMEImagePNG] = picture
		metadata = f.size()
	}
	return l.send(l.id, data, metadata)
}

// height is fixed for a phase, so that the page doesn't jump.
func (l *liveView) height() vg.Length {
	if l.phase == progress.PhaseProbe {
		return curvesHeight(min(l.event.Count, 44))
	}
	return inches(4)
}

func (l *liveView) paint(c draw.Canvas, line string) {
	if l.phase != progress.PhaseProbe {
		p := newPlot("", "step", "validation loss [nats/token]")
		c = headline(c, line)
		for i, r := range l.runs {
			addSeries(p, r.xys, lineStyle(orderColor(i, len(l.runs)), 2, i), orderColor(i, len(l.runs)))
		}
		p.X.Min, p.X.Max = 0, float64(max(l.event.Total, 1))
		p.Y.Min, p.Y.Max = liveRange(l.runs)
		p.Draw(draw.Crop(c, vg.Points(4), -vg.Points(16), vg.Points(4), 0))
		return
	}
	var curves []curve
	for _, r := range l.runs {
		cv := curve{
			label: r.name,
			style: lineStyle(orderColor(r.index, l.event.Count), 1.4, r.index),
			xys:   r.xys,
		}
		if r.index == l.event.Index && r.name == l.event.Run && l.event.Done < l.event.Total {
			cv.label, cv.marked, cv.style.Width = cv.label+" ← now", true, vg.Points(2.6)
		}
		if r.seed != l.event.Seed {
			cv.label, cv.style = "", lineStyle(lightGrey, 1, 0)
		}
		curves = append(curves, cv)
	}
	total := int(l.event.Total)
	late := total / 10
	if last := l.lastStep(); last <= late { // nothing yet for the right panel
		late = last / 2
	}
	paintCurves(c, line, curves, total, late, "")
}

func (l *liveView) lastStep() int {
	last := 0.0
	for _, r := range l.runs {
		last = max(last, r.xys[len(r.xys)-1].X)
	}
	return int(last)
}

func liveRange(runs []liveRun) (lo, hi float64) {
	var losses []float64
	for _, r := range runs {
		for _, xy := range r.xys {
			losses = append(losses, xy.Y)
		}
	}
	return extent(losses, 0.06)
}

// status returns the progress in one line.
func (l *liveView) status(now time.Time) string {
	e := l.event
	var parts []string
	switch {
	case e.Phase == progress.PhaseProbe && e.Count > 0:
		parts = append(parts, fmt.Sprintf("candidate %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseBranch && e.Count > 0:
		parts = append(parts, fmt.Sprintf("decay branch %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseControl && e.Count > 0:
		parts = append(parts, fmt.Sprintf("control %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseStack && e.Count > 0:
		parts = append(parts, fmt.Sprintf("arm %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseTrain:
		parts = append(parts, "training: "+e.Run)
	case e.Phase == progress.PhasePretrain:
		parts = append(parts, "pretraining: "+e.Run)
	default:
		parts = append(parts, "preparing: "+e.Run)
	}
	switch {
	case e.Total > 0 && e.Phase == progress.PhasePrepare: // bytes or documents: numbers that mean nothing to a reader
		parts = append(parts, fmt.Sprintf("%d%%", 100*e.Done/e.Total))
	case e.Total > 0:
		parts = append(parts, fmt.Sprintf("step %d of %d", e.Done, e.Total))
	}
	switch {
	case e.Point != nil && finite(float64(e.Point.Loss)):
		parts = append(parts, fmt.Sprintf("validation loss %.3f", float64(e.Point.Loss)))
	case e.Phase != progress.PhasePrepare && finite(e.Loss) && e.Loss != 0:
		parts = append(parts, fmt.Sprintf("training loss %.3f", e.Loss))
	}
	elapsed := now.Sub(l.started)
	done := phaseProgress(e)
	switch {
	case done >= 1:
		parts = append(parts, "done in "+elapsed.Round(time.Second).String())
	case done-l.progress > 0.01:
		left := time.Duration(float64(elapsed) * (1 - done) / (done - l.progress))
		parts = append(parts, left.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, " · ")
}

// phaseProgress returns how much of its phase is done at an event, in [0, 1].
func phaseProgress(e progress.Event) float64 {
	run := 0.0
	if e.Total > 0 {
		run = min(1, float64(e.Done)/float64(e.Total))
	}
	return math.Min(1, (float64(e.Index)+run)/float64(max(e.Count, 1)))
}
