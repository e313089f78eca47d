package watch

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// watched is a run and what is known of it.
type watched struct {
	path string
	info runs.Info
	told bool  // info was read
	bad  error // why a file cannot be used, or nil
	seen time.Time

	planned int // place in the plan, -1 if it is none of it
	turn    int // in which it was found
	version int64

	log      *train.Follower
	logged   time.Time // when the log last grew
	curve    [][2]float64
	training progress.Curve
	steps    int
	diverged bool
	ended    bool // it has an outcome
	settled  bool // everything was read; it is looked at seldom

	speed
	holder  dirlock.Holder
	held    bool
	beat    int       // of the holder
	beating time.Time // when the beat last changed, by our clock
}

// recheck is the time after which a run that has ended is looked at again: it may
// be trained anew after damage.
const recheck = time.Minute

// read reads what is new of a run. whole tells that the log is wanted even if the
// outcome has all validation losses. It reports whether anything changed.
func (r *watched) read(ctx context.Context, now time.Time, whole bool) (changed bool) {
	r.seen = now
	before := *r
	r.bad = nil
	r.readHolder(now)
	wasEnded := r.ended
	outcome, err := train.ReadOutcome(r.path)
	r.ended = err == nil
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.bad = err
	}
	if !r.ended || whole || r.log != nil && !wasEnded {
		r.readLog(ctx, now)
	}
	if r.ended {
		r.finish(outcome)
	}
	r.settled = r.ended && !r.held && r.bad == nil && ctx.Err() == nil
	return r.ended != before.ended || r.held != before.held || r.steps != before.steps || len(r.curve) != len(before.curve) ||
		r.holder != before.holder || !r.logged.Equal(before.logged) || r.settled != before.settled || (r.bad == nil) != (before.bad == nil)
}

// finish takes over what a run came to.
func (r *watched) finish(o train.Outcome) {
	r.steps, r.diverged = o.Steps, o.DivergedAt != nil
	if r.diverged {
		r.steps = *o.DivergedAt
	}
	r.curve = nil
	for _, l := range o.Curve {
		r.curve = addPoint(r.curve, l.Step, l.Value())
	}
}

// readHolder reads who trains the run.
func (r *watched) readHolder(now time.Time) {
	h, ok, err := dirlock.HolderOf(r.path)
	if err != nil {
		ok = false // the directory may be gone; that is found out elsewhere
	}
	if ok && (!r.held || h.Beat != r.beat || h.PID != r.holder.PID || h.Host != r.holder.Host) {
		if r.beat, r.beating = h.Beat, now; !r.held && !h.Known {
			// At the first look only the file's time tells. A clock that is ahead
			// makes it no younger than now.
			if h.At.Before(now) {
				r.beating = h.At
			}
		}
	}
	r.holder, r.held = h, ok && (h.Known || now.Sub(r.beating) < dirlock.Stale)
}

// readLog reads what was added to the log.
func (r *watched) readLog(ctx context.Context, now time.Time) {
	if r.log == nil {
		r.log = train.NewFollower(r.path)
	}
	grew := false
	err := r.log.Read(ctx, func() {
		r.curve, r.training, r.steps, r.diverged, r.speed = nil, progress.Curve{}, 0, false, speed{}
		grew = true
	}, func(m train.Metric) {
		grew = true
		r.add(m)
	})
	if grew {
		if r.logged = now; r.version == 0 { // at the first look the file tells since when
			if info, err := os.Stat(filepath.Join(r.path, train.MetricsFile)); err == nil && info.ModTime().Before(now) {
				r.logged = info.ModTime()
			}
		}
	}
	// A line that is not whole yet, as network file systems may show it, is read
	// again the next time; until then it counts as damage only if nothing follows.
	if err != nil && sealed.IsDamaged(err) && now.Sub(r.logged) > settling {
		r.bad = errors.Join(r.bad, err)
	}
}

// settling is how long a line may be incomplete before it counts as damaged.
const settling = 5 * time.Second

// add takes over a line of the log.
func (r *watched) add(m train.Metric) {
	switch m.Event {
	case train.EventTrain:
		r.steps = max(r.steps, m.Step+1)
		r.training.Add(float64(m.Step), m.Loss)
		r.speed.step(m.Seconds, m.Tokens)
	case train.EventValidation:
		r.steps = max(r.steps, m.Step)
		r.curve = addPoint(r.curve, m.Step, m.Loss)
		r.speed.pause(m.Seconds)
	case train.EventResume:
		r.speed.resume()
	case train.EventDiverged:
		r.diverged = true
	}
}

// addPoint adds a loss to a curve. One that is not finite has no place in it.
func addPoint(curve [][2]float64, step int, loss float64) [][2]float64 {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return curve
	}
	if n := len(curve); n > 0 && curve[n-1][0] >= float64(step) {
		return curve // it was measured again after a resumption
	}
	return append(curve, [2]float64{float64(step), loss})
}

// status returns how far the run has come.
func (r *watched) status() string {
	switch {
	case r.held && !r.ended:
		return "at work"
	case r.bad != nil:
		return string(runs.Broken)
	case r.diverged:
		return string(runs.Diverged)
	case r.ended:
		return string(runs.Complete)
	}
	return string(runs.Partial)
}

// at returns the validation loss at a step.
func (r *watched) at(step int) (loss float64, ok bool) {
	for _, p := range r.curve {
		if int(p[0]) == step {
			return p[1], true
		}
	}
	return 0, false
}

// final returns the loss at the end of a run that came to it.
func (r *watched) final() (loss float64, ok bool) {
	if !r.ended || r.diverged || len(r.curve) == 0 {
		return 0, false
	}
	return r.curve[len(r.curve)-1][1], true
}
