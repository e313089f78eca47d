package figure

import (
	"time"

	"github.com/charmbracelet/log"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/progress"
)

// Live returns an observer that draws a study in a GoNB notebook while it runs.
// It shows a line with the current run, steps per second and the time left, and
// the losses so far: for one model its training loss from the first step on, its
// validation loss and the loss of predicting by how frequent each token is; for
// candidates their validation losses and the ranks so far. Candidates have the
// colors that they have in figures of the result; those of earlier seeds are
// grey.
//
// There is one picture for each phase, such as pretraining and the candidates.
// Decay branches have only the line, one for each kind of them. A picture is
// updated in place when a run ends, and otherwise at most once a second, or less
// often so that drawing takes at most a twentieth of the time. Its last state
// stays visible in the saved notebook, as a PNG. A phase in which nothing is left
// to train, because an earlier execution did, has no picture.
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

	part   progress.Part
	event  progress.Event
	failed bool
	livePart
	others map[progress.Part]livePart // processes that share a study go back and forth between parts
}

// livePart is the state of the picture of one part.
type livePart struct {
	id      string    // of the display
	started time.Time // first event of the part
	working bool      // something was trained or prepared: events are not only of earlier executions
	pace    pace
	runs    []*liveRun
	next    time.Time // earliest time of the next drawing, unless a run ends
}

// liveRun is a run with its losses so far.
type liveRun struct {
	index, place int
	seed         int64
	name         string
	total        float64
	data         []chart.Datum // validation losses
	training     progress.Curve
}

func (r *liveRun) finished() bool { return len(r.data) > 0 && r.data[len(r.data)-1].X >= r.total }

func (l *liveView) observe(e progress.Event) {
	if l.failed {
		return
	}
	if l.repeats(e) {
		return
	}
	now := l.now()
	if e.Part() != l.part {
		l.turnTo(e, now)
	}
	l.event = e
	l.add(e, now)

	// A run ends with a validation loss, after the event of its last step.
	ended := e.Total > 0 && e.Done >= e.Total && (e.Point != nil || !e.Phase.Trains())
	if !l.working || !ended && now.Before(l.next) {
		return
	}
	last := ended && e.Index >= e.Count-1
	if err := l.draw(now, last); err != nil {
		l.fail(err)
		return
	}
	spent := l.now().Sub(now)
	l.next = l.now().Add(max(time.Second, 20*spent))
	if last {
		if err := l.flush(); err != nil {
			l.fail(err)
		}
	}
}

// repeats reports whether an event tells only what is known: each candidate
// repeats the losses of the source that it grows from.
func (l *liveView) repeats(e progress.Event) bool {
	of := l.livePart
	if e.Part() != l.part {
		of = l.others[e.Part()]
	}
	r := of.run(e)
	if !e.Phase.Trains() || r == nil || finite(e.Loss) {
		return false
	}
	n := len(r.data)
	return e.Point == nil || n > 0 && r.data[n-1].X >= float64(e.Point.Step)
}

// run returns the run of an event, or nil if it has none yet.
func (p livePart) run(e progress.Event) *liveRun {
	for _, r := range p.runs {
		if r.index == e.Index && r.name == e.Run {
			return r
		}
	}
	return nil
}

// turnTo switches to the picture of an event's part.
func (l *liveView) turnTo(e progress.Event, now time.Time) {
	if l.others == nil {
		l.others = make(map[progress.Part]livePart)
	}
	l.others[l.part] = l.livePart
	kept, ok := l.others[e.Part()]
	if !ok {
		kept = livePart{id: "lag-" + string(e.Phase) + "-" + l.newID(), started: now}
	}
	l.part, l.livePart = e.Part(), kept
}

// fail stops the drawing, but not the study.
func (l *liveView) fail(err error) {
	l.failed = true
	log.Warn("the live picture failed and is no longer updated; the study continues", "err", err)
}

// add adds an event to its run.
func (l *liveView) add(e progress.Event, now time.Time) {
	if !e.Phase.Trains() {
		l.working = l.working || e.Total == 0 || e.Done < e.Total
		l.pace.add(now, phaseProgress(e), 0)
		return
	}
	r := l.run(e)
	if r == nil {
		r = &liveRun{index: e.Index, place: e.Place, seed: e.Seed, name: e.Run, total: float64(e.Total)}
		l.runs = append(l.runs, r)
	}
	if finite(e.Loss) { // a step was trained; events of earlier steps have only a point
		if !l.working {
			l.working, l.started = true, now
		}
		l.pace.add(now, phaseProgress(e), 1)
		r.training.Add(float64(e.Done), e.Loss)
	}
	if e.Point == nil || !finite(float64(e.Point.Loss)) {
		return
	}
	at := chart.Datum{X: float64(e.Point.Step), Y: float64(e.Point.Loss)}
	if n := len(r.data); n == 0 || r.data[n-1].X < at.X { // others are repeated by a run that was resumed
		r.data = append(r.data, at)
	}
}

// draw sends the picture. While a phase runs, notebooks show it as SVG in HTML,
// which suits dark pages and is replaced without a flicker; at its end they show
// Vega, as for every figure. The PNG is for other readers of the notebook.
func (l *liveView) draw(now time.Time, last bool) error {
	line := l.status(now)
	data := map[protocol.MIMEType]any{protocol.MIMETextPlain: line}
	metadata := map[string]any{}
	if l.hasLosses() {
		c := l.chart()
		c.Title = chart.Shorten(line, chart.SizeTitle, true, c.MinWidth-30)
		picture, err := c.PNG(pngScale * 0.75)
		if err != nil {
			return err
		}
		var f Figure
		f.Width, f.Height = c.Size()
		data[protocol.MIMEImagePNG] = picture
		metadata = f.size()
		if last {
			if f.VegaLite, err = c.VegaLite(); err != nil {
				return err
			}
			if data[mimeVega], err = f.spec(); err != nil {
				return err
			}
		} else {
			svg, err := c.SVG()
			if err != nil {
				return err
			}
			data[protocol.MIMETextHTML] = "<div>" + string(chart.Inline(svg)) + "</div>"
		}
	}
	return l.send(l.id, data, metadata)
}

// hasLosses reports whether there are losses to draw. Decay branches are short and
// evaluated once, and a candidate that is trained again for one was drawn before.
func (l *liveView) hasLosses() bool {
	if l.part.Phase == progress.PhaseBranch {
		return false
	}
	for _, r := range l.runs {
		if len(r.data)+len(r.training.Points) > 0 {
			return true
		}
	}
	return false
}
