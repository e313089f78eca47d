package downstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Options say what is measured, and where. Which passages of the study's own validation
// text follow each other is always measured, but if that was done before with other
// settings, it is again only if nothing else is asked for.
type Options struct {
	Corpora []string // texts of other domains: the sources of [corpus.Spec]
	GLUE    string   // directory of GLUE or SuperGLUE, see [glue.Find]; empty for none

	Examples int   // most examples to fit a classifier, and most of GLUE's to test it; 0 means 2,000. Of passages there are half as many to test.
	Batches  int   // batches of each text; 0 means as many as the study's validation set has
	Seed     int64 // of the examples and batches; 0 means the study's

	DataDir string            // directory of prepared data; empty means ".lag-data" beside the study's directory
	Backend string            // engine, see [backend.Open]; empty means that of the study
	Observe progress.Observer // receives progress events; may be nil
}

const (
	usualExamples = 2000
	leastExamples = 20
	mostExamples  = 100_000
)

// Validate returns an error if what the options ask for is not possible in any study.
func (o Options) Validate() error {
	switch {
	case o.Examples != 0 && (o.Examples < leastExamples || o.Examples > mostExamples):
		return fmt.Errorf("%d examples are not possible; use %d to %d", o.Examples, leastExamples, mostExamples)
	case o.Batches < 0:
		return fmt.Errorf("%d batches are not possible; use 1 or more", o.Batches)
	}
	return nil
}

// withDefaults returns the options with what the study gives where they are 0 or empty.
func (o Options) withDefaults(f *lag.Finished) Options {
	if o.Examples == 0 {
		o.Examples = usualExamples
	}
	if o.Batches == 0 {
		o.Batches = f.Config.ValidationBatches
	}
	if o.Seed == 0 {
		o.Seed = f.Config.Seed
	}
	if o.Backend == "" {
		o.Backend = f.Result.Backend
	}
	if o.Observe == nil {
		o.Observe = func(progress.Event) {}
	}
	return o
}

// Absent is a model that could not be measured.
type Absent struct {
	Model lag.FinalModel
	Task  string // that could not be measured; empty for all of them
	Why   error
}

// Measured is what was measured, and of which models something could not be.
type Measured struct {
	*result.Downstream
	Absent []Absent // among the models that were trained to the end and were not measured before
	New    int      // measurements that were made now; the others were kept

	asked  map[string]bool // names of the tasks that are measured now
	copied bool            // the file with scores whose place others take
}

// Measure measures the models of a finished study and keeps what it measures in the
// study's directory, after each model and task. It doesn't measure again what is kept.
// Several processes may measure one study; those that measure the same do so twice.
// Tasks that were measured before and are not asked for now stay. With other settings a
// task is another, whose scores take the place of those under its name; the file with
// these is copied before, since the models may be gone. A model whose final
// state is not there, because the study did not keep it, or is damaged, is left out and
// returned; what was measured of it before counts. So is, from a task, a model that
// computes something there that is not finite. If the context is canceled, Measure
// returns its cause.
func Measure(ctx context.Context, f *lag.Finished, o Options) (_ *Measured, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults(f)
	m := &Measured{asked: make(map[string]bool)}
	if m.Downstream, err = kept(f); err != nil {
		return nil, err
	}
	d, err := f.Dataset(ctx, o.DataDir, func(stage string, done, total int64) {
		o.Observe(progress.Event{Phase: progress.PhasePrepare, Run: stage, Done: done, Total: total, Loss: math.NaN()})
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	b, err := backend.Open(o.Backend)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	tasks, err := o.tasks(ctx, f, d, b.Kind)
	if err != nil {
		return nil, err
	}
	tasks = slices.DeleteFunc(tasks, func(t task) bool { return m.stays(t, o) })
	for _, t := range tasks {
		m.ask(t)
	}
	p := &programs{backend: b, compiled: make(map[string]*train.Forward)}
	defer p.close()
	if err := m.measure(ctx, f, p, tasks, o.Observe); err != nil {
		return m, err
	}
	if d, err := result.LoadDownstream(f.Dir); m.New > 0 || len(m.Scores) == 0 || err == nil && d.IsOf(f.Result) {
		return m, nil
	}
	return m, m.save(ctx, f) // of the same models, but another configuration
}

// kept returns the measurements of the study's models so far. Those of runs that the
// study no longer has, as after a change of its configuration, and damaged ones are
// renamed.
func kept(f *lag.Finished) (*result.Downstream, error) {
	origin := f.Result.Origin()
	of := &result.Downstream{ConfigHash: origin.Config, Backend: origin.Backend, Tasks: []result.DownstreamTask{}, Scores: []result.DownstreamScore{}}
	d, err := result.LoadDownstream(f.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return of, nil
	case err != nil && !sealed.IsDamaged(err) && !sealed.IsOtherVersion(err):
		return nil, err
	case err == nil:
		models := map[string]lag.FinalModel{f.Source.Address: f.Source}
		for _, model := range f.Models {
			models[model.Address] = model
		}
		of.Tasks = d.Tasks
		for _, s := range d.Scores {
			if model, ok := models[s.Run]; ok {
				s.Strategy, s.Seed = model.Strategy, model.Seed // a strategy may have another name now
				of.Scores = append(of.Scores, s)
			}
		}
		if len(of.Scores) == len(d.Scores) {
			return of, nil
		}
	}
	path := filepath.Join(f.Dir, result.DownstreamResult)
	aside, moveErr := sealed.SetAside(path)
	if moveErr != nil {
		return nil, errors.Join(err, moveErr)
	}
	log.Warn("measurements that are damaged, or of models that the study no longer has, were renamed", "file", path, "now", aside)
	if len(of.Scores) == 0 {
		return of, nil
	}
	return of, of.Save(f.Dir) // the others stay, whatever comes next
}

// stays reports whether a task is one that nobody asked for by name, and that was measured
// with other settings, such as more examples: its scores then stay.
func (m *Measured) stays(t task, o Options) bool {
	one := t.scores[0]
	if one.Name != followName || len(o.Corpora) == 0 && o.GLUE == "" {
		return false
	}
	i := slices.IndexFunc(m.Tasks, func(o result.DownstreamTask) bool { return o.Name == one.Name })
	if i < 0 || same(m.Tasks[i], one) || !slices.ContainsFunc(m.Scores, func(s result.DownstreamScore) bool { return s.Task == one.Name }) {
		return false
	}
	log.Info("what was measured with other settings stays; to measure it again, ask for no other text and no GLUE", "task", one.Name)
	return true
}

// same reports whether two tasks of one name have the same scores.
func same(a, b result.DownstreamTask) bool { return a.Key == b.Key && a.Measure == b.Measure }

// ask adds a task, without the scores of one that had its name and was another.
func (m *Measured) ask(t task) {
	for _, one := range t.scores {
		m.asked[one.Name] = true
		i := slices.IndexFunc(m.Tasks, func(o result.DownstreamTask) bool { return o.Name == one.Name })
		if i < 0 {
			m.Tasks = append(m.Tasks, one)
			continue
		}
		if !same(m.Tasks[i], one) {
			m.Scores = slices.DeleteFunc(m.Scores, func(s result.DownstreamScore) bool { return s.Task == one.Name })
		}
		m.Tasks[i] = one
	}
}

// has reports whether all scores of a task are there for a model.
func (m *Measured) has(t task, model lag.FinalModel) bool {
	return !slices.ContainsFunc(t.scores, func(one result.DownstreamTask) bool {
		s, ok := m.Score(one.Name, model.Strategy, model.Seed)
		return !ok || s.Run != model.Address
	})
}

// measure measures every task of every model that has not been measured.
func (m *Measured) measure(ctx context.Context, f *lag.Finished, p *programs, tasks []task, observe progress.Observer) error {
	models := slices.DeleteFunc(append([]lag.FinalModel{f.Source}, f.Models...), func(model lag.FinalModel) bool {
		return !model.Ended || !slices.ContainsFunc(tasks, func(t task) bool { return !m.has(t, model) })
	})
	for i, model := range models {
		e := progress.Event{Phase: progress.PhaseMeasure, Run: model.Strategy, Seed: model.Seed, Index: i, Count: len(models), Total: int64(len(tasks)), Loss: math.NaN()}
		if model.Strategy == "" {
			e.Run, e.Seed = "source", 0
		}
		observe(e)
		if err := m.measureModel(ctx, f, p, model, tasks, func(done int) {
			e.Done = int64(done)
			observe(e)
		}); err != nil {
			return err
		}
	}
	return nil
}

// measureModel measures the tasks of a model.
func (m *Measured) measureModel(ctx context.Context, f *lag.Finished, p *programs, model lag.FinalModel, tasks []task, observe func(done int)) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !model.Faded {
		m.Absent = append(m.Absent, Absent{Model: model, Why: errors.New("its new layers do not have their full weight at the end, because they are faded in over more steps than it was trained; a model without gates is another one")})
		return nil
	}
	l, err := p.load(model)
	if err != nil {
		m.Absent = append(m.Absent, Absent{Model: model, Why: err})
		return nil
	}
	defer func() { err = errors.Join(err, free(ctx, l.close)) }()
	for i, t := range tasks {
		if m.has(t, model) {
			continue
		}
		list, err := t.measure(ctx, l)
		if bad, ok := errors.AsType[*modelError](err); ok {
			m.Absent = append(m.Absent, Absent{model, t.scores[0].Name, bad})
			observe(i + 1)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s, task %s: %w", model.Name(), t.scores[0].Name, err)
		}
		for k, one := range t.scores {
			m.set(result.DownstreamScore{Task: one.Name, Strategy: model.Strategy, Seed: model.Seed, Run: model.Address,
				Score: result.Number(list[k].score), Lo: result.Number(list[k].lo), Hi: result.Number(list[k].hi),
				Halves: []result.Number{result.Number(list[k].halves[0]), result.Number(list[k].halves[1])}})
		}
		m.New++
		if err := m.save(ctx, f); err != nil {
			return err
		}
		observe(i + 1)
	}
	return nil
}

// save writes what was measured, with what another process has written meanwhile.
func (m *Measured) save(ctx context.Context, f *lag.Finished) error {
	lock, err := dirlock.Wait(ctx, f.Dir, nil)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if d, err := result.LoadDownstream(f.Dir); err == nil {
		if err := m.keepReplaced(f, d); err != nil {
			return err
		}
		m.forget(d)
		m.adopt(d)
	}
	m.order(f)
	return m.Save(f.Dir)
}

// keepReplaced copies the file of measurements, once, if it has scores of tasks that m
// has with other settings: these are dropped from it.
func (m *Measured) keepReplaced(f *lag.Finished, d *result.Downstream) error {
	if m.copied {
		return nil
	}
	var names []string
	for _, t := range d.Tasks {
		i := slices.IndexFunc(m.Tasks, func(o result.DownstreamTask) bool { return o.Name == t.Name })
		if i >= 0 && !same(m.Tasks[i], t) && slices.ContainsFunc(d.Scores, func(s result.DownstreamScore) bool { return s.Task == t.Name }) {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	copied, err := keepCopy(f.Dir)
	if err != nil {
		return err
	}
	m.copied = true
	log.Warn("tasks were measured before with other settings or another text, and these scores take the place of those; the file with those was copied", "tasks", strings.Join(names, ", "), "now", copied)
	return nil
}

// forget drops the tasks that another process has removed from the file since it was
// read, but none that is measured now.
func (m *Measured) forget(d *result.Downstream) {
	gone := func(name string) bool {
		return !m.asked[name] && !slices.ContainsFunc(d.Tasks, func(t result.DownstreamTask) bool { return t.Name == name })
	}
	m.Tasks = slices.DeleteFunc(m.Tasks, func(t result.DownstreamTask) bool { return gone(t.Name) })
	m.Scores = slices.DeleteFunc(m.Scores, func(s result.DownstreamScore) bool { return gone(s.Task) })
}

// adopt adds the tasks and scores that m does not have, but none of a task that has its
// name there and is another.
func (m *Measured) adopt(d *result.Downstream) {
	adopted := make(map[string]bool)
	for _, t := range d.Tasks {
		i := slices.IndexFunc(m.Tasks, func(o result.DownstreamTask) bool { return o.Name == t.Name })
		if i < 0 {
			m.Tasks = append(m.Tasks, t)
		}
		adopted[t.Name] = i < 0 || same(m.Tasks[i], t)
	}
	for _, s := range d.Scores {
		if _, ok := m.Score(s.Task, s.Strategy, s.Seed); !ok && adopted[s.Task] {
			m.Scores = append(m.Scores, s)
		}
	}
}

// order puts the scores into the order of the tasks, and in each of the models.
func (m *Measured) order(f *lag.Finished) {
	place := make(map[string]int) // of runs and tasks, whose names differ
	for i, model := range f.Models {
		place[model.Address] = i + 1 // the source is first
	}
	for i, t := range m.Tasks {
		place["task "+t.Name] = i
	}
	slices.SortStableFunc(m.Scores, func(a, b result.DownstreamScore) int {
		return cmp.Or(place["task "+a.Task]-place["task "+b.Task], place[a.Run]-place[b.Run])
	})
}

// set adds a score, in the place of an earlier one of the same model.
func (m *Measured) set(s result.DownstreamScore) {
	m.Scores = slices.DeleteFunc(m.Scores, func(o result.DownstreamScore) bool {
		return o.Task == s.Task && o.Strategy == s.Strategy && o.Seed == s.Seed
	})
	m.Scores = append(m.Scores, s)
}
