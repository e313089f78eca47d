package engine

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Releaser removes states of runs that have ended and that nothing needs any more.
// Processes that share the work may all do so.
type Releaser struct {
	Why     string                          // what is written beside the runs
	Spared  map[string]bool                 // addresses of runs whose states stay
	Since   time.Time                       // states saved before stay; zero for none
	Needed  func() (map[string]bool, error) // addresses of further runs whose final states stay, asked for before each removal
	session *Session
	gone    map[string]bool // addresses of runs of which nothing is left to remove
	stuck   map[string]bool // addresses of runs of which something cannot be removed
	said    bool            // that Needed failed
}

// NewReleaser returns a releaser that spares the given runs if they have ended.
func (s *Session) NewReleaser(why string, spared ...*Run) *Releaser {
	r := &Releaser{Why: why, Spared: make(map[string]bool), session: s, gone: make(map[string]bool), stuck: make(map[string]bool)}
	for _, run := range spared {
		r.Spared[run.address] = train.IsComplete(r.dir(run))
	}
	return r
}

func (r *Releaser) dir(run *Run) string { return filepath.Join(r.session.options.Dir, run.address) }

// Run removes all states of a run, if it has ended. In a crowd, it leaves a run to
// those who have trained it.
func (r *Releaser) Run(run *Run) {
	if r.session.crowd != nil && !r.session.crowd.mine[run.address] {
		return
	}
	r.release(run, false, true, func(int) bool { return false })
}

// Dropped removes all states of a run that nobody trains further, whether it has
// ended or not.
func (r *Releaser) Dropped(run *Run) {
	r.release(run, true, true, func(int) bool { return false })
}

// ButFinal removes all states of a run that has ended but that at its end.
func (r *Releaser) ButFinal(run *Run) {
	r.release(run, false, true, func(step int) bool { return step == run.Spec.Schedule.Steps })
}

// release removes the states of a run for which keep is false, see [train.Release].
// all says that nothing else of it goes later. A run that another process has locked is left for
// the next call. What cannot be removed stays: the results do not depend on it.
func (r *Releaser) release(run *Run, dropped, all bool, keep func(step int) bool) {
	if r.isOver(run) {
		return
	}
	dir := r.dir(run)
	if !r.Since.IsZero() {
		if saved, ok := train.LastSaved(dir); ok && !saved.After(r.Since) {
			return
		}
	}
	removed, free, err := r.session.world.Release(dir, dropped, r.Why, keep)
	if err != nil {
		log.Warn("states that nothing needs any more cannot be removed", "run", dir, "error", err)
		r.stuck[run.address] = true
		return
	}
	if removed > 0 {
		log.Debug("states that nothing needs any more were removed", "run", dir, "bytes", removed)
	}
	r.gone[run.address] = free && all && (dropped || removed > 0 || r.isComplete(run)) // only what has ended is removed
}

// isOver reports whether nothing of a run is to be removed any more.
func (r *Releaser) isOver(run *Run) bool {
	return r.Spared[run.address] || r.gone[run.address] || r.stuck[run.address]
}

func (r *Releaser) isComplete(run *Run) bool {
	_, err := r.session.world.Outcome(r.dir(run))
	return err == nil
}

// Candidate removes what [Releaser.Candidates] would when candidate i or one of its
// decay branches has ended, without a look at each of the others: a candidate that
// is not the lowest so far takes nothing from others, and one other that is lower
// shows that. In a crowd, it leaves a candidate to those who have trained it.
func (r *Releaser) Candidate(c *Candidates, i, lag int) {
	if r.isOver(c.Runs[i]) || !r.session.isMine(c, i) {
		return
	}
	if r.isLowest(c, i, lag, c.Steps()) {
		r.all(c, lag) // those that were the lowest before
		return
	}
	if needed, ok := r.needed(); ok {
		r.candidate(c, i, needed[c.Runs[i].address])
	}
}

// Candidates removes the states of candidates and decay branches that have ended,
// except: the final state of the one that is lowest after lag steps, and of the one
// that ends lowest, among those that have ended so far; those that Needed names;
// and states at which a decay branch starts that has not ended. It reads the
// outcomes of candidates that other processes have trained.
func (r *Releaser) Candidates(c *Candidates, lag int) {
	for i := range c.Runs {
		r.ended(c, i)
	}
	r.all(c, lag)
}

// all is [Releaser.Candidates] for the candidates of which it is known that they have
// ended.
func (r *Releaser) all(c *Candidates, lag int) {
	needed, ok := r.needed()
	if !ok {
		return
	}
	atLag, atEnd := lowest(c.ended, lag), lowest(c.ended, c.Steps())
	for i, run := range c.Runs {
		if c.ended[i] != nil && !r.isOver(run) {
			r.candidate(c, i, i == atLag || i == atEnd || needed[run.address])
		}
	}
}

// Mine is [Releaser.Candidate] for every candidate that this process has trained, or
// of which it has trained a decay branch, for what it could not remove before.
func (r *Releaser) Mine(c *Candidates, lag int) {
	for i := range c.Runs {
		r.Candidate(c, i, lag)
	}
}

// candidate removes the states of a candidate, if it has ended, that nothing needs.
// picked says that its final state is needed.
func (r *Releaser) candidate(c *Candidates, i int, picked bool) {
	o := r.ended(c, i)
	if o == nil {
		return
	}
	starts, err := r.branches(c, i, *o)
	if err != nil {
		return // the branch itself gives the error
	}
	r.release(c.Runs[i], false, !picked && len(starts) == 0, func(step int) bool {
		// It is asked again while the run is locked, because one may be named meanwhile.
		return starts[step] || step == o.Steps && (picked || r.isNeeded(c.Runs[i]))
	})
}

// isNeeded reports whether Needed names a run, or may do so.
func (r *Releaser) isNeeded(run *Run) bool {
	needed, ok := r.needed()
	return !ok || needed[run.address]
}

// needed calls Needed. ok is false if that is not known, so that nothing may be
// removed.
func (r *Releaser) needed() (addresses map[string]bool, ok bool) {
	if r.Needed == nil {
		return nil, true
	}
	addresses, err := r.Needed()
	if err != nil && !r.said {
		r.said = true
		log.Warn("states that nothing needs any more stay, because it cannot be read which candidates were picked", "error", err)
	}
	return addresses, err == nil
}

// ended returns the outcome of a candidate that has ended, else nil.
func (r *Releaser) ended(c *Candidates, i int) *train.Outcome {
	if c.ended[i] != nil {
		return c.ended[i]
	}
	o := c.outcomes[i]
	if o.DivergedAt == nil && (o.Failed != nil || len(o.Curve) == 0 || o.Steps < c.Steps()) {
		var err error
		if o, err = r.session.world.Outcome(r.dir(c.Runs[i])); err != nil {
			return nil
		}
	}
	c.ended[i] = &o
	return &o
}

// lowest returns the index of the outcome with the lowest loss at a step, the first
// of equal ones, as [selection.LAG] picks it, or -1 if there is none. An outcome that
// is lowest among all is lowest among any part of them.
func lowest(outcomes []*train.Outcome, step int) int {
	best, index := math.Inf(1), -1
	for i, o := range outcomes {
		if o == nil {
			continue
		}
		if loss, ok := lossAt(*o, step); ok && loss < best {
			best, index = loss, i
		}
	}
	return index
}

// isLowest reports whether a candidate is lowest at one of the steps among those that
// have ended, as lowest has it. Of those of which this process does not know it, it
// reads no more than show the contrary.
func (r *Releaser) isLowest(c *Candidates, i int, steps ...int) bool {
	o := r.ended(c, i)
	if o == nil {
		return false
	}
	var open []int // steps at which none is known that is lower
	for _, step := range steps {
		if loss, ok := lossAt(*o, step); ok && loss < math.Inf(1) {
			open = append(open, step)
		}
	}
	pair := make([]*train.Outcome, 2)
	compare := func(j int) {
		open = slices.DeleteFunc(open, func(step int) bool {
			first := min(i, j)
			pair[0], pair[1] = c.ended[first], c.ended[i+j-first]
			return (lowest(pair, step) == 0) == (j == first)
		})
	}
	n := len(c.Runs)
	for k := 1; k < n && len(open) > 0; k++ {
		if j := (i + k) % n; c.ended[j] != nil {
			compare(j)
		}
	}
	for k := 1; k < n && len(open) > 0; k++ {
		if j := (i + k) % n; c.ended[j] == nil && r.ended(c, j) != nil {
			compare(j)
		}
	}
	return len(open) > 0
}

// branches removes the states of a candidate's decay branches that have ended, and
// those that were made again for their starts. It returns the steps at which others
// start.
func (r *Releaser) branches(c *Candidates, i int, o train.Outcome) (starts map[int]bool, err error) {
	starts = make(map[int]bool)
	passed := make(map[int]bool)
	for _, b := range selection.Branches(c.growing.Rules...) {
		if at, stopped := o.StoppedAt(); stopped && at <= b.Step {
			continue
		}
		run, err := c.Branch(i, b)
		if err != nil {
			return nil, err
		}
		r.Run(run)
		if !r.isOver(run) && !r.isComplete(run) {
			starts[b.Step] = true
		}
		passed[b.Step] = true
	}
	for step := range passed {
		if starts[step] {
			continue
		}
		again, err := r.session.again(c.Runs[i], step)
		if err != nil {
			return nil, err
		}
		r.Dropped(again)
	}
	return starts, nil
}

// EnsureFinal trains a run that has ended again if its final state was removed, and
// leaves that state. It does nothing if the run diverged.
func (r *Run) EnsureFinal(ctx context.Context, o train.Outcome) error {
	if o.DivergedAt != nil {
		return nil
	}
	dir, err := r.Dir()
	if err != nil {
		return err
	}
	if there, err := train.HasState(ctx, dir, o.Steps); err != nil || there {
		return err
	}
	log.Info("the final state of this run was removed when nothing needed it; the run is trained again", "run", r.label.Run, "in", dir)
	_, err = r.Final(ctx)
	return err
}
