package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/plain"
)

// Progress is what is done of the work, as the directory says.
type Progress struct {
	Complete bool // the result is there
	Trained  bool // no run is left to train; the result may be missing
	Cores    int  // of each process that trained what is there, where results depend on it, else 0
	Unseen   bool // nothing of the work is in the directory: it has not begun, or it is done where this machine does not see it
}

// Started is what [Start] did.
type Started struct {
	Alive     int      // workers that were there before
	Submitted int      // workers
	Jobs      []string // of the workers that were submitted, as the engine names them
	Last      string   // the job after the workers, if one was submitted
	Complete  bool     // the work is complete, as its directory says or, if that is elsewhere, the job after the workers
	Unseen    bool     // it is complete where this machine does not see it
}

// Start submits what is missing so that the work has a number of workers: nothing
// where that many are alive or the work is complete. Workers of an earlier call
// that ended because no work was left are not missing as long as others are alive.
// The job after the workers waits for all of them.
func Start(ctx context.Context, e Engine, w Work, workers int, done Progress) (s Started, err error) {
	if err := errors.Join(e.Check(), w.check()); err != nil {
		return s, err
	}
	if workers < 1 {
		return s, fmt.Errorf("%d workers are not possible; use 1 or more", workers)
	}
	if s.Complete = done.Complete; s.Complete {
		return s, nil
	}
	unlock, err := lock(ctx, w.Dir)
	if err != nil {
		return s, err
	}
	defer unlock()
	r, err := readRecord(w.Dir)
	if err != nil {
		return s, err
	}
	jobs, err := status(ctx, r.Submissions)
	if err != nil {
		return s, err
	}
	next, err := newSubmission(w, e, 0, suffix(), time.Now())
	if err != nil {
		return s, err
	}
	p := tally(jobs)
	if err := r.agree(w, next, p); err != nil {
		return s, err
	}
	if done.Cores != 0 && done.Cores != next.Cores {
		return s, fmt.Errorf("cores: what is in %s was trained with %s, and results depend on their number, so workers with %d cannot go on with it; use %d, or another name or directory",
			w.Dir, plain.Count(done.Cores, "core"), next.Cores, done.Cores)
	}
	if s.Complete = done.Unseen && r.Config == w.Hash && Finished(jobs); s.Complete {
		s.Unseen = true
		return s, nil
	}
	s.Alive = p.alive
	next.Workers = p.missing(workers, done.Trained)
	if next.Workers == 0 && p.last {
		return s, nil
	}
	next.After = p.after
	if err := prepare(w); err != nil {
		return s, err
	}
	now, err := r.submit(ctx, e, w, next, p)
	for _, a := range now.Jobs {
		s.Submitted += a.Workers
		s.Jobs = append(s.Jobs, a.ID)
	}
	if s.Last = now.Last; err != nil || len(p.waiting) == 0 {
		return s, err
	}
	// They waited for fewer workers.
	return s, cancel(ctx, r.Submissions, p.waiting)
}

// submit submits next and records it. Submissions of which nothing is alive are
// recorded no more. If nothing can have been accepted, the record stays as it was.
func (r record) submit(ctx context.Context, e Engine, w Work, next Submission, c counts) (now Submission, err error) {
	before := r
	r = record{Config: w.Hash, Again: w.Again}
	for _, s := range before.Submissions {
		if c.batches[s.Name] != nil {
			r.Submissions = append(r.Submissions, s)
		}
	}
	place := len(r.Submissions)
	r.Submissions = append(r.Submissions, next)
	// Before it is submitted: if this process is killed meanwhile, the name tells what was.
	if err := r.write(w.Dir); err != nil {
		return next, err
	}
	err = e.Submit(ctx, w, next, func(now Submission) error {
		r.Submissions[place] = now
		return r.write(w.Dir)
	})
	now = r.Submissions[place]
	switch {
	case unclear(err): // the name tells what was submitted
		err = fmt.Errorf("%w (it may have been submitted all the same)", err)
	case err != nil && len(now.Jobs) == 0 && now.Last == "":
		err = errors.Join(err, before.write(w.Dir))
	}
	return now, err
}

// counts are the jobs of a directory, counted.
type counts struct {
	alive, done int             // workers
	last        bool            // a job after the workers is alive
	waiting     []Job           // of these, those that have not begun
	after       []string        // workers that are alive, without the numbers of members of an array
	batches     map[string]*Job // submissions of which something is alive, each with one of its jobs
}

func tally(jobs []Job) (c counts) {
	c.batches = make(map[string]*Job)
	for _, j := range jobs {
		if j.State == Done && j.Works {
			c.done++
		}
		if !j.State.Alive() {
			continue
		}
		c.batches[j.Batch] = &j
		if j.Works {
			c.alive++
			if whole := wholeID(j.ID); !slices.Contains(c.after, whole) {
				c.after = append(c.after, whole)
			}
		}
		c.last = c.last || j.Last
		if j.Last && !j.Works && j.State == Pending {
			c.waiting = append(c.waiting, j)
		}
	}
	return c
}

// missing returns how many of a number of workers are missing. A worker that is
// done found no work that it could take, so it is not missing as long as somebody
// does the rest.
func (c counts) missing(workers int, trained bool) int {
	switch {
	case trained, c.alive == 0 && c.last && c.done > 0:
		return 0
	case c.alive > 0:
		return max(0, workers-c.alive-c.done)
	}
	return workers
}

// agree returns an error if jobs are alive with which a new submission cannot work
// together.
func (r record) agree(w Work, next Submission, c counts) error {
	for _, old := range r.Submissions {
		j := c.batches[old.Name]
		switch {
		case j == nil:
		case r.Config != w.Hash:
			return fmt.Errorf("jobs of another configuration are alive in %s, such as %s; cancel them first, or use another name", w.Dir, j.ID)
		case old.Cores != next.Cores:
			return fmt.Errorf("cores: workers with %s are alive in %s, and results depend on the number of cores, so one with %d cannot join them; use %d, or cancel them first",
				plain.Count(old.Cores, "core"), w.Dir, next.Cores, old.Cores)
		}
	}
	return nil
}

// prepare writes what the workers read.
func prepare(w Work) error {
	if err := os.MkdirAll(w.logs(), 0o755); err != nil {
		return err
	}
	if old, err := os.ReadFile(w.configFile()); err == nil && bytes.Equal(old, w.Config) {
		return nil
	}
	return atomicfile.WriteBytes(w.configFile(), w.Config)
}

// lock locks what is recorded in a directory.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, Dir)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	l, err := dirlock.Wait(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	return func() { l.Unlock() }, nil
}

// status returns the jobs of submissions, each asked of its engine.
func status(ctx context.Context, list []Submission) (jobs []Job, err error) {
	err = each(list, func(e Engine, of []Submission) error {
		some, err := e.Status(ctx, of)
		jobs = append(jobs, some...)
		return err
	})
	return jobs, err
}

// each calls do with the submissions of each kind of engine.
func each(list []Submission, do func(e Engine, of []Submission) error) error {
	for _, k := range Kinds() {
		var of []Submission
		for _, s := range list {
			if s.Engine == k.Name {
				of = append(of, s)
			}
		}
		if len(of) == 0 {
			continue
		}
		e, err := of[len(of)-1].engine()
		if err != nil {
			return err
		}
		if err := do(e, of); err != nil {
			return err
		}
	}
	for _, s := range list {
		if !slices.Contains(Names(), s.Engine) {
			_, err := New(s.Engine)
			return err
		}
	}
	return nil
}

// cancel cancels jobs, each by its engine.
func cancel(ctx context.Context, list []Submission, jobs []Job) error {
	return each(list, func(e Engine, of []Submission) error {
		var theirs []Job
		for _, j := range jobs {
			if slices.ContainsFunc(of, func(s Submission) bool { return s.Name == j.Batch }) {
				theirs = append(theirs, j)
			}
		}
		if len(theirs) == 0 {
			return nil
		}
		return e.Cancel(ctx, of, theirs)
	})
}

// Finished reports whether a job after the workers ended well, so that the result
// is there.
func Finished(jobs []Job) bool {
	return slices.ContainsFunc(jobs, func(j Job) bool { return j.Last && j.State == Done })
}

// Look returns the jobs that were submitted for a directory, the workers first.
// There are none if nothing was.
func Look(ctx context.Context, dir string) ([]Job, error) {
	r, err := readRecord(dir)
	if err != nil || len(r.Submissions) == 0 {
		return nil, err
	}
	return status(ctx, r.Submissions)
}

// Again returns the command that submits what is missing in a directory, or "" if
// none is recorded.
func Again(dir string) string {
	r, err := readRecord(dir)
	if err != nil {
		return ""
	}
	return r.Again
}

// Cancel cancels what is alive of the jobs that were submitted for a directory,
// and returns it. What was trained stays.
func Cancel(ctx context.Context, dir string) ([]Job, error) {
	if _, err := os.Stat(filepath.Join(dir, Dir, recordName)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("nothing was submitted for %s", dir)
		}
		return nil, err
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	r, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	jobs, err := status(ctx, r.Submissions)
	if err != nil {
		return nil, err
	}
	alive := slices.DeleteFunc(jobs, func(j Job) bool { return !j.State.Alive() })
	if len(alive) == 0 {
		return nil, nil
	}
	for i, sub := range r.Submissions {
		if slices.ContainsFunc(alive, func(j Job) bool { return j.Batch == sub.Name }) {
			r.Submissions[i].Cancelled = true
		}
	}
	if err := r.write(dir); err != nil {
		return nil, err
	}
	return alive, cancel(ctx, r.Submissions, alive)
}

// sorted returns jobs in the order in which they were submitted.
func sorted(jobs map[string]*Job) (list []Job) {
	for _, j := range jobs {
		list = append(list, *j)
	}
	slices.SortFunc(list, func(a, b Job) int {
		if a.Works != b.Works {
			if a.Works {
				return -1
			}
			return 1
		}
		return compareNumbers(a.ID, b.ID)
	})
	return list
}
