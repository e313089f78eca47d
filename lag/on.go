package lag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

// Times of following an engine. Tests change them.
var (
	lookEvery = 3 * time.Second  // between two looks at the directory
	askEvery  = 15 * time.Second // between two questions to the engine, which other people ask too
	patience  = 20 * time.Second // that files take at most to be seen on another machine
)

// finished is a result.
type finished interface {
	comparable
	Origin() result.Origin
	Failed() int
}

// beginFollowing begins to follow the runs of a configuration, of which one has a
// spec.
type beginFollowing func(ctx context.Context, of engine.Spec, observe progress.Observer) (*engine.Follower, error)

// remote is work that an engine has done.
type remote[C configuration, R finished] struct {
	config C
	work   cluster.Work
	load   func(dir string) (R, error)
	begin  beginFollowing

	follower *engine.Follower // nil as long as no run is there
	read     time.Time        // when the result was written that was read
	result   R
}

// carryOn has an engine do the work of a configuration, and returns the result.
func carryOn[C configuration, R finished](ctx context.Context, config C, o Options, load func(string) (R, error), begin beginFollowing) (r R, err error) {
	w, runs, err := workOn(config, o)
	if err != nil {
		return r, err
	}
	started, done, err := submit(ctx, config, o, w, runs, load, begin)
	if err != nil {
		return r, err
	}
	observe := o.Observe
	if observe == nil {
		observe = func(progress.Event) {}
	}
	to := &remote[C, R]{config: config, work: w, load: load, begin: begin}
	if done.Complete {
		return load(w.Dir)
	}
	tellStarted(w.Dir, started)
	defer func() {
		if to.follower != nil {
			to.follower.Close()
		}
	}()
	observe(progress.Event{Phase: progress.PhasePrepare, Run: "waiting for the workers", Loss: nan, Whole: progress.Whole{Runs: runs}})
	return to.follow(ctx, observe)
}

// submit submits the workers that are missing. It takes over a directory with another
// configuration, as a process does that trains there, unless jobs of that are alive.
func submit[C configuration, R finished](ctx context.Context, config C, o Options, w cluster.Work, runs int, load func(string) (R, error), begin beginFollowing) (s cluster.Started, done cluster.Progress, err error) {
	done, err = progressOf(ctx, w, config, load, begin)
	if other, ok := errors.AsType[*OtherConfigError](err); ok {
		jobs, lookErr := cluster.Look(ctx, w.Dir)
		switch {
		case lookErr != nil:
			return s, done, errors.Join(other, lookErr)
		case alive(jobs) > 0:
			return s, done, fmt.Errorf("%w, and jobs of the other are alive; cancel them first, or use another name or directory", other)
		}
		log.Info("the directory takes another configuration; its runs stay", "dir", w.Dir, "changed", other.Changed)
		if err := takeOver(ctx, w.Dir, config); err != nil {
			return s, done, err
		}
		done, err = progressOf(ctx, w, config, load, begin)
	}
	if err != nil {
		return s, done, err
	}
	if o.Workers > runs {
		log.Warn("there are fewer runs than workers; those that find none end at once", "runs", runs, "workers", o.Workers)
	}
	s, err = cluster.Start(ctx, o.On, w, max(1, o.Workers), done)
	return s, done, err
}

// Submit has the engine in the options train the study. It submits the workers that
// are missing, and does not wait for them, as [Study.Run] would.
func (c StudyConfig) Submit(ctx context.Context, o Options) (cluster.Started, error) {
	s, err := Open(c, o)
	if err != nil {
		return cluster.Started{}, err
	}
	return submitted(ctx, c, o, result.LoadStudy, s.follow)
}

// Submit is [StudyConfig.Submit] for a stacking.
func (c Stacking) Submit(ctx context.Context, o Options) (cluster.Started, error) {
	return submitted(ctx, c, o, result.LoadStacking, c.follower(o))
}

func submitted[C configuration, R finished](ctx context.Context, config C, o Options, load func(string) (R, error), begin beginFollowing) (s cluster.Started, err error) {
	if o.On == nil {
		return s, errors.New("the options have no engine to submit to")
	}
	w, runs, err := workOn(config, o)
	if err != nil {
		return s, err
	}
	s, _, err = submit(ctx, config, o, w, runs, load, begin)
	return s, err
}

// workOn describes the work of a configuration, and counts its runs.
func workOn[C configuration](config C, o Options) (w cluster.Work, runs int, err error) {
	switch c := any(config).(type) {
	case StudyConfig:
		if w, err = c.Work(o); err == nil {
			var planned []PlannedRun
			planned, err = c.PlannedRuns()
			runs = len(planned)
		}
	case Stacking:
		if w, err = c.Work(o); err == nil {
			runs, err = c.CountRuns()
		}
	}
	return w, runs, err
}

// tellStarted says what was submitted.
func tellStarted(dir string, s cluster.Started) {
	if s.Submitted == 0 && s.Last == "" {
		log.Info("the workers are there already; this follows them", "workers", s.Alive, "dir", dir)
		return
	}
	log.Info("submitted", "workers", s.Submitted, "jobs", strings.Join(s.Jobs, " "), "after them", s.Last, "alive before", s.Alive, "dir", dir)
}

// follow follows the directory until the result is there, or nobody is left who
// would make it.
func (r *remote[C, R]) follow(ctx context.Context, observe progress.Observer) (none R, err error) {
	var asked, idle time.Time
	var jobs []cluster.Job
	trouble := ""
	for {
		whole, err := r.finished()
		if err != nil {
			return none, err
		}
		if err := r.look(ctx, observe); err != nil && ctx.Err() == nil {
			return none, err
		}
		if whole {
			return r.result, nil
		}
		if time.Since(asked) >= askEvery && ctx.Err() == nil {
			asked = time.Now()
			told, err := cluster.Look(ctx, r.work.Dir)
			switch {
			case err != nil && trouble != err.Error(): // a controller that restarts
				trouble = err.Error()
				log.Warn("how the workers are is not known now; it is asked again", "error", err)
			case err == nil:
				if jobs, trouble = told, ""; alive(jobs) > 0 {
					idle = time.Time{}
				} else if idle.IsZero() {
					idle = time.Now()
				}
			}
		}
		if !idle.IsZero() && time.Since(idle) > min(patience, askEvery) {
			if r.result != none {
				return r.result, nil // with failures, which are outcomes
			}
			return none, ended(r.work.Dir, jobs)
		}
		select {
		case <-ctx.Done():
			log.Info("the workers go on; the same again follows them", "dir", r.work.Dir)
			return none, fmt.Errorf("following the workers in %s: %w", r.work.Dir, context.Cause(ctx))
		case <-time.After(lookEvery):
		}
	}
}

// finished reads the result if there is a new one. whole reports that it is there
// without failures: what failed is perhaps tried again now.
func (r *remote[C, R]) finished() (whole bool, err error) {
	_, name := r.config.files()
	info, err := os.Stat(filepath.Join(r.work.Dir, name))
	if err != nil || info.ModTime().Equal(r.read) {
		return false, nil // not there, or out of reach for now
	}
	found, err := r.load(r.work.Dir)
	if err != nil || found.Origin().Config != r.work.Hash {
		return false, nil // it is damaged or another's, and replaced at the end
	}
	r.read, r.result = info.ModTime(), found
	return found.Failed() == 0, nil
}

// look passes on what is new of the runs.
func (r *remote[C, R]) look(ctx context.Context, observe progress.Observer) (err error) {
	if r.follower == nil {
		if r.follower, err = findRuns(ctx, r.work.Dir, r.begin, observe); err != nil || r.follower == nil {
			return err
		}
	}
	_, err = r.follower.Look(ctx)
	return err
}

func alive(jobs []cluster.Job) (n int) {
	for _, j := range jobs {
		if j.State.Alive() {
			n++
		}
	}
	return n
}

// ended is the error of work that nobody does any more.
func ended(dir string, jobs []cluster.Job) error {
	if cluster.Finished(jobs) {
		return fmt.Errorf("the jobs ended well, and there is no result in %s: it is on their volume, or in a directory that this machine does not see under that name", dir)
	}
	list, more := cluster.Failures(dir, jobs)
	if len(list) == 0 {
		return fmt.Errorf("no job is alive, and there is no result in %s: perhaps they were cancelled, or the workers see another directory than this machine; the same again submits what is missing", dir)
	}
	var texts []string
	for _, f := range list {
		text := f.Text
		if f.Line != "" {
			text += ": " + f.Line
		}
		texts = append(texts, text)
	}
	if more > 0 {
		texts = append(texts, plain.Count(more, "more job"))
	}
	return fmt.Errorf("no job is alive, and there is no result in %s; failed: %s; mend that, and the same again submits what is missing", dir, strings.Join(texts, "; "))
}

// OtherConfigError is the error of a directory that holds another configuration
// than the one that workers would join.
type OtherConfigError struct {
	Dir     string
	Changed string // settings that differ
}

func (e *OtherConfigError) Error() string {
	return fmt.Sprintf("%s holds another configuration (%s), and workers join only their own", e.Dir, e.Changed)
}

// mostChanged is the number of settings that are named.
const mostChanged = 3

// changed says in which settings two configurations differ.
func changed(there, here any) string {
	settings, err := aggregate.Differences(there, here)
	if err != nil {
		return err.Error()
	}
	var parts []string
	for i, s := range settings {
		if i == mostChanged {
			parts = append(parts, plain.Count(len(settings)-i, "more setting"))
			break
		}
		parts = append(parts, fmt.Sprintf("%s: %s there, %s here", s.Name, cmp.Or(s.Values[0], "nothing"), cmp.Or(s.Values[1], "nothing")))
	}
	return strings.Join(parts, "; ")
}

// progressOf returns what is done of a configuration in a directory. A result with
// failures is not complete: what failed is tried again.
func progressOf[C configuration, R finished](ctx context.Context, w cluster.Work, config C, load func(string) (R, error), begin beginFollowing) (p cluster.Progress, err error) {
	dir := w.Dir
	if err := checkKind(dir, config); err != nil {
		return p, err
	}
	if r, err := load(dir); err == nil && r.Origin().Config == w.Hash && r.Failed() == 0 {
		return cluster.Progress{Complete: true, Trained: true}, nil
	}
	name, _ := config.files()
	var there C
	if _, err := result.ReadConfig(dir, name, &there); err != nil {
		return cluster.Progress{Unseen: true}, nil // nothing is there yet, or it is written again
	}
	if found, err := there.Hash(); err != nil || found != w.Hash {
		return p, &OtherConfigError{dir, changed(there, config)}
	}
	if w.Backend == backend.Auto || w.Backend == backend.CPU {
		if p.Cores, err = engine.CoresIn(dir); err != nil {
			return p, err
		}
	}
	f, err := findRuns(ctx, dir, begin, nil)
	if err != nil || f == nil {
		return p, err
	}
	defer f.Close()
	p.Trained, err = f.Look(ctx)
	return p, err
}
