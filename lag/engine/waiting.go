package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
)

// Held is a run that another process trains.
type Held struct {
	Run    string // its name in progress events
	Dir    string
	Holder dirlock.Holder // zero if it is not known
}

func (h Held) String() string {
	return fmt.Sprintf("%s, held by %s", h.Run, h.Holder)
}

// Share is [Session.Do] for one of several processes, each of which may end
// sooner. It does not wait for the last runs of the jobs, see [Run], if other
// processes are training them. Once they have shown that they work, at the latest
// after some ten seconds, it returns these runs. If a process is killed later, the
// run that it trained is left for whoever comes next.
func (s *Session) Share(ctx context.Context, jobs ...Job) (left []Held, err error) {
	return s.carry(ctx, true, jobs...)
}

// WhenWaiting sets what is called the first time that the session waits for other
// processes, such as to compile something meanwhile; nil means nothing.
func (s *Session) WhenWaiting(f func(ctx context.Context)) { s.whenWaiting = f }

// waiting is what a session knows of other processes while it waits for them.
type waiting struct {
	session *Session
	told    Held                      // what was said last
	looked  time.Time                 // when who holds it was read last
	beats   map[string]dirlock.Holder // by directory, when this process began to wait for it
	taken   int                       // runs that the session had taken when it began to wait
	next    time.Duration             // pause before it looks again, in a crowd
}

// blocking returns the runs that keep requests from being settled. A run that
// waits for the one it grows from is not blocked itself. last reports that nothing
// comes after any of them.
func (w *waiting) blocking(list []*activity) (runs []*Run, last bool) {
	last = true
	for _, a := range list {
		if a.done {
			continue
		}
		for i, r := range a.request.runs {
			if a.request.settled[i] {
				continue
			}
			last = last && r.Last && a.request.step >= r.Spec.Schedule.Steps
			for r.parent != nil && w.session.reached[r.parent.address] < r.parentStep() {
				r, last = r.parent, false
			}
			runs = append(runs, r)
		}
	}
	return runs, last
}

// parentStep returns the step of the parent at which the run starts.
func (r *Run) parentStep() int {
	if r.isDecay() {
		return r.ParentStep
	}
	return r.parent.Spec.Schedule.Steps
}

// held describes who trains a run.
func (w *waiting) held(r *Run) (h Held, known bool, err error) {
	h = Held{Run: r.label.Run, Dir: filepath.Join(w.session.options.Dir, r.address)}
	h.Holder, known, err = w.session.world.Holder(h.Dir)
	return h, known, err
}

// lookAgain is the time after which a process that waits looks again who holds the
// first run. Tests change it.
var lookAgain = 30 * time.Second

// say says what this process waits for, again if that has changed.
func (w *waiting) say(runs []*Run) {
	if len(runs) == 0 || time.Since(w.looked) < lookAgain {
		return
	}
	w.looked = time.Now()
	h, _, _ := w.held(runs[0]) // if that cannot be read, it is not said
	if h.Dir == w.told.Dir && h.Holder.Host == w.told.Holder.Host && h.Holder.PID == w.told.Holder.PID {
		return
	}
	w.told = h
	log.Info("other processes are training the remaining runs; waiting for them", "dir", w.session.options.Dir, "runs", len(runs), "first", h)
}

// leave returns the runs if the processes that train them certainly work. A process
// elsewhere must have given a sign of life since this one began to wait.
func (w *waiting) leave(runs []*Run) (left []Held, ok bool) {
	if w.beats == nil {
		w.beats = make(map[string]dirlock.Holder)
	}
	ok = true
	for _, r := range runs {
		h, known, err := w.held(r)
		if err != nil || !known {
			ok = false // it is free now, or will be
			continue
		}
		before, seen := w.beats[h.Dir]
		if !seen || before.Host != h.Holder.Host || before.PID != h.Holder.PID {
			before = h.Holder
			w.beats[h.Dir] = before
		}
		ok = ok && (h.Holder.Known || h.Holder.Beat != before.Beat)
		left = append(left, h)
	}
	return left, ok
}
