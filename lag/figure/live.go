package figure

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/log"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/progress"
)

// Live returns an observer that draws a study in a GoNB notebook while it runs.
// It shows a line with the current run and the time left, and the validation
// losses so far; candidates of earlier seeds are grey. There is one picture for
// each phase, such as pretraining and the candidates. It is updated when a run
// ends, and otherwise at most once a second, or less often so that drawing takes
// at most a twentieth of the time. The picture is a PNG, so that its last state stays
// visible in the saved notebook.
//
// Outside a notebook the observer does nothing. Like every [progress.Observer],
// it is called for one event at a time.
func Live() progress.Observer {
	if !gonbui.IsNotebook {
		return func(progress.Event) {}
	}
	l := &liveView{now: time.Now, send: sendDisplay, flush: flushDisplay, newID: gonbui.UniqueId}
	return l.observe
}

// liveView is the state of a live picture: the events so far.
type liveView struct {
	now   func() time.Time
	send  func(id string, data map[protocol.MIMEType]any, metadata map[string]any) error
	flush func() error
	newID func() string

	phase  progress.Phase
	event  progress.Event
	failed bool
	livePhase
	others map[progress.Phase]livePhase // processes that share a study go back and forth between phases
}

// livePhase is the state of the picture of one phase.
type livePhase struct {
	id       string    // of the display
	started  time.Time // first event of the phase
	progress float64   // at the first event, more than 0 for a resumed phase
	runs     []liveRun
	next     time.Time // earliest time of the next drawing, unless a run ends
}

type liveRun struct {
	index int
	seed  int64
	name  string
	data  []chart.Datum
}

func (l *liveView) observe(e progress.Event) {
	if l.failed {
		return
	}
	now := l.now()
	if e.Phase != l.phase {
		l.turnTo(e, now)
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

// turnTo switches to the picture of an event's phase.
func (l *liveView) turnTo(e progress.Event, now time.Time) {
	if l.others == nil {
		l.others = make(map[progress.Phase]livePhase)
	}
	l.others[l.phase] = l.livePhase
	kept, ok := l.others[e.Phase]
	if !ok {
		kept = livePhase{id: "lag-" + string(e.Phase) + "-" + l.newID(), started: now, progress: phaseProgress(e)}
	}
	l.phase, l.livePhase = e.Phase, kept
}

// fail stops the drawing, but not the study.
func (l *liveView) fail(err error) {
	l.failed = true
	log.Warn("the live picture failed and is no longer updated; the study continues", "err", err)
}

func (l *liveView) addPoint(e progress.Event) {
	if e.Point == nil || !finite(float64(e.Point.Loss)) {
		return
	}
	at := chart.Datum{X: float64(e.Point.Step), Y: float64(e.Point.Loss)}
	for i := range l.runs {
		if r := &l.runs[i]; r.index == e.Index && r.name == e.Run {
			if n := len(r.data); n > 0 && r.data[n-1].X >= at.X {
				return // repeated by a run that was resumed
			}
			r.data = append(r.data, at)
			return
		}
	}
	l.runs = append(l.runs, liveRun{e.Index, e.Seed, e.Run, []chart.Datum{at}})
}

func (l *liveView) draw(now time.Time) error {
	line := l.status(now)
	data := map[protocol.MIMEType]any{protocol.MIMETextPlain: line}
	metadata := map[string]any{}
	if len(l.runs) > 0 {
		c := l.chart()
		c.MinWidth = max(c.MinWidth, liveWidth)
		c.Title = chart.Shorten(line, chart.SizeTitle, true, liveWidth-30)
		picture, err := c.PNG(pngScale * 0.75)
		if err != nil {
			return err
		}
		var f Figure
		f.Width, f.Height = c.Size()
		data[protocol.MIMEImagePNG] = picture
		metadata = f.size()
	}
	return l.send(l.id, data, metadata)
}

// The size of the picture is fixed for a phase, so that the page does not jump.
const (
	liveWidth  = 980
	liveLegend = 210
)

// chart describes the losses so far.
func (l *liveView) chart() chart.Chart {
	total := int(l.event.Total)
	if l.phase != progress.PhaseProbe {
		var curves []curve
		for i, r := range l.runs {
			of := chart.OrderColor(i, len(l.runs))
			curves = append(curves, curve{style: chart.Style{Color: of, Width: 2.7, Dash: chart.Dash(i), Radius: 3.5}, data: r.data})
		}
		return chart.Chart{Rows: [][]chart.Panel{{curvePanel(curves, float64(total), "step", 0)}}}
	}
	var curves []curve
	for _, r := range l.runs {
		cv := curve{label: r.name, style: chart.Style{Color: chart.OrderColor(r.index, l.event.Count), Width: 1.8, Dash: chart.Dash(r.index)}, data: r.data}
		if r.index == l.event.Index && r.name == l.event.Run && l.event.Done < l.event.Total {
			cv.label, cv.bold, cv.style.Width = cv.label+" ← now", true, 3.4
		}
		if r.seed != l.event.Seed {
			cv.label, cv.style = "", chart.Style{Color: chart.LightGrey, Width: 1.3}
		}
		curves = append(curves, cv)
	}
	late := total / 10
	if last := l.lastStep(); last <= late { // nothing for the right panel yet
		late = last / 2
	}
	c := lossChart(curves, total, late)
	all := chart.Legend{Entries: make([]chart.Entry, l.event.Count)}
	c.Legend.Width, c.MinHeight = liveLegend, all.Height()+60
	c.MinWidth = liveWidth + liveLegend*float64(all.Columns()-1)
	for i := range c.Rows[0] {
		c.Rows[0][i].Height = 310
	}
	return c
}

func (l *liveView) lastStep() int {
	last := 0.0
	for _, r := range l.runs {
		last = max(last, r.data[len(r.data)-1].X)
	}
	return int(last)
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
	case e.Total > 0 && e.Phase == progress.PhasePrepare: // bytes or documents: show only the percentage
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

// phaseProgress returns the fraction of its phase that is complete at an event,
// in [0, 1].
func phaseProgress(e progress.Event) float64 {
	run := 0.0
	if e.Total > 0 {
		run = min(1, float64(e.Done)/float64(e.Total))
	}
	return math.Min(1, (float64(e.Index)+run)/float64(max(e.Count, 1)))
}
