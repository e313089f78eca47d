package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/landscape-aware/growing/lag/progress"
)

// A pace is how fast a phase goes, from its training steps.
type pace struct {
	first, last mark   // since the phase began to train
	recent      []mark // about the last ten seconds, the oldest first
}

// A mark is how far a phase was at a time.
type mark struct {
	at       time.Time
	steps    int     // trained so far by this process
	progress float64 // of the phase, from 0 to 1
}

const paceWindow = 10 * time.Second

// add adds steps that have been trained by now.
func (p *pace) add(now time.Time, progress float64, steps int) {
	m := mark{now, p.last.steps + steps, progress}
	if p.first.at.IsZero() {
		p.first = m
	}
	p.last = m
	// A mark each fiftieth of the window is enough.
	if n := len(p.recent); n > 0 && now.Sub(p.recent[n-1].at) < paceWindow/50 {
		return
	}
	for len(p.recent) > 1 && now.Sub(p.recent[1].at) >= paceWindow {
		p.recent = p.recent[1:]
	}
	p.recent = append(p.recent, m)
}

// perSecond returns the steps per second of late, or 0 if it is too early to
// tell.
func (p *pace) perSecond() float64 {
	if len(p.recent) == 0 {
		return 0
	}
	took := p.last.at.Sub(p.recent[0].at).Seconds()
	if steps := p.last.steps - p.recent[0].steps; steps >= 2 && took > 0.2 {
		return float64(steps) / took
	}
	return 0
}

// left returns the time to the end of the phase at the pace since it began, or
// 0 if it is too early to tell.
func (p *pace) left(now time.Time) time.Duration {
	elapsed, done := p.last.at.Sub(p.first.at), p.last.progress-p.first.progress
	if done <= 0 || elapsed < 500*time.Millisecond {
		return 0
	}
	left := time.Duration(float64(elapsed)*(1-p.last.progress)/done) - now.Sub(p.last.at)
	return max(left, time.Second)
}

// status returns the progress in one line.
func (l *liveView) status(now time.Time) string {
	e := l.event
	var parts []string
	switch {
	case e.Phase == progress.PhaseProbe && e.Count > 0:
		parts = append(parts, fmt.Sprintf("candidate %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseBranch && e.From == 0:
		parts = append(parts, "training again for a decay branch: "+e.Run)
	case e.Phase == progress.PhaseBranch && e.Count > 0:
		parts = append(parts, fmt.Sprintf("decay branch %d of %d: %s from step %d", e.Index+1, e.Count, e.Run, e.From))
	case e.Phase == progress.PhaseControl && e.Count > 0:
		parts = append(parts, fmt.Sprintf("control %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseStack && e.Count > 0:
		parts = append(parts, fmt.Sprintf("arm %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhaseTrain:
		parts = append(parts, "training: "+e.Run)
	case e.Phase == progress.PhaseMeasure:
		parts = append(parts, fmt.Sprintf("measuring %d of %d: %s", e.Index+1, e.Count, e.Run))
	case e.Phase == progress.PhasePretrain:
		parts = append(parts, "pretraining: "+e.Run)
	default:
		parts = append(parts, "preparing: "+e.Run)
	}
	switch {
	case e.Total > 0 && e.Phase == progress.PhasePrepare: // bytes or documents: show only the percentage
		parts = append(parts, fmt.Sprintf("%d%%", 100*e.Done/e.Total))
	case e.Total > 0 && e.Phase.Trains():
		parts = append(parts, fmt.Sprintf("step %d of %d", e.Done, e.Total))
	}
	switch {
	case e.Point != nil && finite(float64(e.Point.Loss)):
		parts = append(parts, fmt.Sprintf("validation loss %.3f", float64(e.Point.Loss)))
	case e.Phase != progress.PhasePrepare && finite(e.Loss) && e.Loss != 0:
		parts = append(parts, fmt.Sprintf("training loss %.3f", e.Loss))
	}
	followed := e.Whole.Runs > 0
	if followed && e.Whole.Share >= 1 || !followed && phaseProgress(e) >= 1 {
		return strings.Join(append(parts, "done in "+now.Sub(l.started).Round(time.Second).String()), " · ")
	}
	if speed := l.pace.perSecond(); speed > 0 {
		parts = append(parts, fmt.Sprintf("%.*f steps/s", max(0, 1-int(math.Log10(speed))), speed))
	}
	left := ""
	if d := l.pace.left(now); d > 0 {
		left = d.Round(time.Second).String() + " left"
	}
	if followed && e.Phase != progress.PhasePrepare {
		parts = slices.Insert(parts, 0, fmt.Sprintf("%d of %d runs done", e.Whole.Done, e.Whole.Runs))
		if left != "" {
			parts = slices.Insert(parts, 1, left)
		}
	} else if left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, " · ")
}

// phaseProgress returns the fraction of its phase that is complete at an event,
// in [0, 1]. Where other processes train the runs, many are under way at a time, and
// it is the fraction of all phases.
func phaseProgress(e progress.Event) float64 {
	if e.Whole.Runs > 0 {
		return e.Whole.Share
	}
	run := 0.0
	if e.Total > 0 {
		run = min(1, float64(e.Done)/float64(e.Total))
	}
	return math.Min(1, (float64(e.Index)+run)/float64(max(e.Count, 1)))
}
