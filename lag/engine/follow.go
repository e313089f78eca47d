package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// Onlooker returns a session for [Session.Follow]. It opens neither a backend nor
// data: those of the runs are taken from the spec of one of them.
func Onlooker(task Task, o Options, of Spec) *Session {
	s := Sketch(task, &backend.Backend{Kind: of.Backend}, of.Data)
	s.options = o.withDefaults()
	s.dataset.UnigramEntropy = unigramEntropy(s.options.DataDir, of.Data)
	return s
}

// unigramEntropy returns the unigram entropy of the prepared data with a
// fingerprint, or 0 if the data is not there.
func unigramEntropy(dir, fingerprint string) float64 {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !data.IsDataset(path) {
			continue
		}
		if found, err := data.FingerprintOf(path); err == nil && found == fingerprint {
			entropy, err := data.UnigramEntropyOf(path)
			if err == nil {
				return entropy
			}
		}
	}
	return 0
}

// Follower tells how far jobs are that other processes carry out, from the
// directories of their runs. It follows the jobs as a [Session] would carry them
// out, so it knows which runs come next. It only reads.
type Follower struct {
	session *Session
	list    []*activity
	runs    map[string]*followed // by address
	whole   progress.Whole
	flops   float64 // of all runs of the jobs
	done    float64 // FLOPs so far
}

// followed is what is known of a run.
type followed struct {
	first *Run            // whose events tell of its steps; jobs may share a run
	log   *train.Follower // nil if its log was not needed so far
	curve []train.Loss    // from the log
	steps int
	told  int // validation losses that the observer got
	ended bool
}

// Follow begins to follow jobs that other processes carry out. runs is the number
// of their runs, flops what all of these cost; 0 if it is not known. Close ends it.
func (s *Session) Follow(ctx context.Context, runs int, flops float64, jobs ...Job) (*Follower, error) {
	f := &Follower{session: s, runs: make(map[string]*followed), whole: progress.Whole{Runs: runs}, flops: flops}
	observe := s.options.Observe
	s.options.Observe = func(e progress.Event) {
		e.Whole = f.whole
		observe(e)
	}
	for _, job := range jobs {
		a := begin(ctx, job)
		if f.list = append(f.list, a); a.err != nil {
			f.Close()
			return nil, a.err
		}
	}
	return f, nil
}

// Close ends the jobs.
func (f *Follower) Close() {
	for _, a := range f.list {
		a.stop()
	}
}

// Has reports whether a job waits for the run with an address.
func (f *Follower) Has(address string) bool {
	for _, a := range f.list {
		if a.done {
			continue
		}
		for _, r := range a.request.runs {
			if r.address == address {
				return true
			}
		}
	}
	return false
}

// Look reads what is new of the runs, passes it to the observer of the session, and
// reports whether the jobs are done.
func (f *Follower) Look(ctx context.Context) (done bool, err error) {
	entries, err := os.ReadDir(f.session.options.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	there := make(map[string]bool, len(entries)) // so that a run that has not begun costs nothing
	for _, e := range entries {
		there[e.Name()] = true
	}
	done = true
	for _, a := range f.list {
		for !a.done {
			f.settle(ctx, a.request, there)
			if err := context.Cause(ctx); err != nil {
				return false, err
			}
			if !a.request.isSettled() {
				break
			}
			a.next()
		}
		// A job that failed here is one that fails there, too.
		done = done && a.done && a.err == nil
	}
	return done, nil
}

// settle looks at each unsettled run of a request.
func (f *Follower) settle(ctx context.Context, d *request, there map[string]bool) {
	for i, r := range d.runs {
		if !d.settled[i] && there[r.address] && ctx.Err() == nil {
			d.outcomes[i], d.settled[i] = f.look(ctx, r, min(d.step, r.Spec.Schedule.Steps))
		}
	}
}

// look reads what is new of a run. settled reports whether it has come to a step,
// or to its end.
func (f *Follower) look(ctx context.Context, r *Run, step int) (outcome train.Outcome, settled bool) {
	dir := filepath.Join(f.session.options.Dir, r.address)
	l := f.runs[r.address]
	if l == nil {
		l = &followed{first: r}
		f.runs[r.address] = l
	}
	outcome, err := train.ReadOutcome(dir) // a damaged one is made again
	ended := err == nil
	if l.log == nil && !ended {
		l.log = train.NewFollower(dir)
	}
	if l.log != nil && !l.ended && r == l.first {
		f.read(ctx, r, l)
	}
	if ended {
		f.end(r, l)
		f.tell(r, l, outcome.Curve)
		return outcome, true
	}
	if n := len(l.curve); n > 0 && l.curve[n-1].Step >= step && step < r.Spec.Schedule.Steps {
		return train.Outcome{Curve: l.curve, Steps: l.curve[n-1].Step}, true
	}
	return outcome, false
}

// read reads what is new of the log of a run.
func (f *Follower) read(ctx context.Context, r *Run, l *followed) {
	// What is damaged, or not there yet, is left: the run is trained again.
	_ = l.log.Read(ctx, func() { l.curve = nil }, func(m train.Metric) {
		switch m.Event {
		case train.EventTrain:
			// After a crash the log begins anew, and steps that were told come again.
			if m.Step >= l.steps {
				f.reach(r, l, m.Step+1)
				r.Observe(m.Step+1, m.Loss, false)
			}
		case train.EventValidation:
			l.curve = append(l.curve, train.Loss{Step: m.Step, Loss: &m.Loss, Batches: m.Batches})
			// The last one is told when the outcome is there, so that the run counts then.
			if m.Step < r.Spec.Schedule.Steps {
				f.tell(r, l, l.curve)
			}
		}
	})
}

// end counts a run that has ended.
func (f *Follower) end(r *Run, l *followed) {
	if l.ended {
		return
	}
	l.ended = true
	f.whole.Done++
	f.reach(r, l, r.Spec.Schedule.Steps) // one that diverged trains no further
}

// tell tells the losses of a run that were not told before. For a job that came to
// the run later they are all new.
func (f *Follower) tell(r *Run, l *followed, curve []train.Loss) {
	from := 0
	if r == l.first {
		from, l.told = l.told, max(l.told, len(curve))
	}
	for _, loss := range curve[min(from, len(curve)):] {
		r.Observe(loss.Step, loss.Value(), true)
	}
}

// reach takes over how far a run is.
func (f *Follower) reach(r *Run, l *followed, steps int) {
	f.done += float64(max(0, steps-l.steps)) * r.FLOPs
	l.steps = max(l.steps, steps)
	if f.flops > 0 {
		f.whole.Share = min(1, f.done/f.flops)
	}
}
