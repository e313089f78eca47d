package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// Watcher reads the directory of a study, a stacking or a training, and what is
// added to it. It may be used by several goroutines.
type Watcher struct {
	dir string
	now func() time.Time // tests set it

	mu      sync.Mutex
	version int64
	reset   int64 // version since which runs were only added
	updated time.Time
	problem error // why the configuration cannot be read, or nil

	config  fileTime // of the configuration
	index   *runs.Index
	name    string
	planned []lag.PlannedRun // of a study
	study   lag.StudyConfig
	hash    string // of the configuration

	listed time.Time // when the directory was last listed
	runs   map[string]*watched
	others map[string]bool // directories that are no runs
	left   bool            // not all files were read

	resultTime fileTime
	result     *result.Study
	complete   bool
	resultBad  error
	selected   int // picks of a rule while the study trained

	fingerprint string // of the data whose entropy was looked for
	unigram     *float64
	active      time.Time // when a run was last at work
}

// fileTime tells whether a file is still the one that was read.
type fileTime struct {
	when time.Time
	size int64
}

func fileTimeOf(path string) (fileTime, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileTime{}, err
	}
	return fileTime{info.ModTime(), info.Size()}, nil
}

// New returns a watcher of a directory. It reads nothing yet. The directory may be
// made later.
func New(dir string) *Watcher {
	return &Watcher{dir: dir, now: time.Now, runs: make(map[string]*watched), others: make(map[string]bool)}
}

const (
	budget  = 400 * time.Millisecond // for runs that have ended, in one call of Refresh
	relist  = 10 * time.Second       // after which the directory is listed even if its time says that nothing came
	between = 15 * time.Second       // without a run at work, after which a study counts as stopped
	timed   = 4                      // runs of a kind that have ended, whose logs are read for their speed
)

// Refresh reads what is new. If there is much to read, as in the first call for a
// study of thousands of runs, it reads a part, and State tells that it is
// [Reading]; the next call goes on. What it cannot read is part of the state, and
// only a canceled context is an error.
func (w *Watcher) Refresh(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	w.updated = now
	w.readConfig()
	if w.index == nil {
		return context.Cause(ctx)
	}
	w.list(now)
	w.readRuns(ctx, now)
	w.readResult()
	w.readUnigram()
	return context.Cause(ctx)
}

// readConfig reads the configuration if it is new.
func (w *Watcher) readConfig() {
	kind, name := kindOf(w.dir)
	is, err := fileTimeOf(filepath.Join(w.dir, name))
	if kind == "" || err != nil {
		if w.index != nil { // the directory was removed, or is out of reach
			w.problem = fmt.Errorf("%s is gone", filepath.Join(w.dir, name))
		}
		return
	}
	if w.index != nil && is == w.config {
		w.problem = nil
		return
	}
	index, err := runs.NewIndex(w.dir)
	if err == nil {
		err = w.readPlan(index)
	}
	if w.problem = err; err != nil {
		return // it may be whole the next time
	}
	w.config, w.index = is, index
	w.runs, w.others, w.listed = make(map[string]*watched), make(map[string]bool), time.Time{}
	w.resultTime, w.result, w.complete = fileTime{}, nil, false
	w.version++
	w.reset = w.version
}

// kindOf returns what is in a directory, and the file that says so.
func kindOf(dir string) (runs.Kind, string) {
	for _, one := range []struct {
		kind runs.Kind
		name string
	}{{runs.Study, result.StudyConfig}, {runs.Stacking, result.StackingConfig}, {runs.Training, result.TrainingConfig}} {
		if info, err := os.Stat(filepath.Join(dir, one.name)); err == nil && info.Mode().IsRegular() {
			return one.kind, one.name
		}
	}
	return "", ""
}

// readPlan reads what a configuration plans.
func (w *Watcher) readPlan(index *runs.Index) (err error) {
	w.planned, w.study, w.hash = nil, lag.StudyConfig{}, ""
	switch index.Kind {
	case runs.Study:
		if _, err := result.ReadConfig(w.dir, result.StudyConfig, &w.study); err != nil {
			return err
		}
		w.name = w.study.Name
		if w.planned, err = w.study.PlannedRuns(); err != nil {
			return err
		}
		w.hash, err = w.study.Hash()
	case runs.Stacking:
		var config lag.Stacking
		_, err = result.ReadConfig(w.dir, result.StackingConfig, &config)
		if w.name = config.Name; err == nil {
			w.hash, err = config.Hash()
		}
	default:
		var config lag.Training
		_, err = result.ReadConfig(w.dir, result.TrainingConfig, &config)
		w.name = config.Name
	}
	return err
}

// list looks for runs that are new or gone.
func (w *Watcher) list(now time.Time) {
	info, err := os.Stat(w.dir)
	if err != nil {
		return
	}
	// A directory's time may be coarse: one that changed just now is listed again.
	if now.Sub(w.listed) < relist && info.ModTime().Before(w.listed.Add(-2*time.Second)) {
		return
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return
	}
	w.listed = now
	there := make(map[string]bool)
	for _, e := range entries {
		name := e.Name()
		there[name] = true
		if !e.IsDir() || w.runs[name] != nil || w.others[name] {
			continue
		}
		path := filepath.Join(w.dir, name)
		switch {
		case train.IsRun(path):
			w.runs[name] = &watched{path: path, planned: -1, turn: len(w.runs)}
		case name == result.FiguresDir:
			w.others[name] = true
		}
	}
	for name := range w.runs {
		if !there[name] {
			delete(w.runs, name)
			w.version++
			w.reset = w.version
		}
	}
}

// readRuns reads what is new of the runs: of those that have not ended, and of
// others as far as the budget lasts.
func (w *Watcher) readRuns(ctx context.Context, now time.Time) {
	var open, closed []*watched
	logs := make(map[progress.Phase]int) // read, of runs that have ended
	for _, r := range w.runs {
		switch {
		case !r.settled && !r.seen.IsZero():
			open = append(open, r)
		case r.seen.IsZero() || now.Sub(r.seen) > recheck:
			closed = append(closed, r)
		}
		if r.settled && r.log != nil {
			logs[r.info.Kind]++
		}
	}
	begun, changed := time.Now(), false
	w.left = false
	slices.SortFunc(closed, func(a, b *watched) int {
		return cmp.Or(a.seen.Compare(b.seen), cmp.Compare(a.path, b.path))
	})
	for i, r := range append(open, closed...) {
		if ctx.Err() != nil {
			return
		}
		if i >= len(open) && time.Since(begun) > budget {
			w.left = r.seen.IsZero()
			break
		}
		w.tell(r)
		whole := r.log == nil && (logs[r.info.Kind] < timed || r.info.Kind == progress.PhasePretrain || r.info.Kind == "")
		if r.read(ctx, now, whole) || r.version == 0 {
			w.version++
			r.version, changed = w.version, true
		}
		if whole && r.ended {
			logs[r.info.Kind]++
		}
		if r.held {
			w.active = now
		} else if r.logged.After(w.active) {
			w.active = r.logged
		}
	}
	if changed {
		w.match()
	}
}

// tell reads what a run is.
func (w *Watcher) tell(r *watched) {
	if r.told {
		return
	}
	info, err := w.index.Run(filepath.Base(r.path))
	if err != nil {
		r.info.Name = filepath.Base(r.path)
		return // it is read again, for it may be whole then; its log tells of damage
	}
	r.info, r.told = info, true
}

// match finds the place of each run in the plan. Of runs that are the same part of
// it, the one that has come furthest counts.
func (w *Watcher) match() {
	if w.planned == nil {
		return
	}
	type key struct {
		kind progress.Phase
		name string
		seed int64
		step int
		from int
		peak float64
	}
	places := make(map[key][]int)
	for i, p := range w.planned {
		k := key{p.Kind, p.Name, p.Seed, p.Steps, p.From, p.Peak}
		if p.Kind == progress.PhaseControl {
			k.name = "" // the configuration of a run does not tell
		}
		places[k] = append(places[k], i)
	}
	all := w.sorted()
	slices.SortStableFunc(all, func(a, b *watched) int {
		return cmp.Or(-compareBool(a.held, b.held), -compareBool(a.ended, b.ended), -cmp.Compare(a.steps, b.steps))
	})
	for _, r := range all {
		place := -1
		if r.told && r.info.Fits {
			k := key{r.info.Kind, r.info.Strategy, r.info.Seed, r.info.Of, r.info.From, 0}
			if r.info.Kind == progress.PhaseControl {
				k.peak = r.info.Peak
			}
			if free := places[k]; len(free) > 0 {
				place, places[k] = free[0], free[1:]
			}
		}
		if place != r.planned {
			r.planned = place
			w.version++
			r.version = w.version
		}
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// sorted returns the runs in a fixed order.
func (w *Watcher) sorted() []*watched {
	all := make([]*watched, 0, len(w.runs))
	for _, r := range w.runs {
		all = append(all, r)
	}
	kinds := []progress.Phase{progress.PhasePretrain, progress.PhaseProbe, progress.PhaseBranch, progress.PhaseControl}
	slices.SortFunc(all, func(a, b *watched) int {
		return cmp.Or(cmp.Compare(uint(a.planned), uint(b.planned)), cmp.Compare(slices.Index(kinds, a.info.Kind), slices.Index(kinds, b.info.Kind)),
			cmp.Compare(a.info.Seed, b.info.Seed), cmp.Compare(a.path, b.path))
	})
	return all
}

// newest returns the run of a training whose log grew last, or nil: the others are
// of earlier configurations.
func (w *Watcher) newest() (newest *watched) {
	for _, r := range w.sorted() {
		if newest == nil || r.held && !newest.held || r.held == newest.held && r.logged.After(newest.logged) {
			newest = r
		}
	}
	return newest
}

// readResult reads the result if it is new.
func (w *Watcher) readResult() {
	name := map[runs.Kind]string{runs.Study: result.StudyResult, runs.Stacking: result.StackingResult}[w.index.Kind]
	if name == "" { // a training
		newest := w.newest()
		w.complete = newest != nil && newest.ended
		return
	}
	is, err := fileTimeOf(filepath.Join(w.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		w.resultTime, w.result, w.complete, w.resultBad = fileTime{}, nil, false, nil
		entries, _ := os.ReadDir(filepath.Join(w.dir, result.SelectedDir)) // there are none without it
		w.selected = len(entries)
		return
	}
	if err != nil || is == w.resultTime {
		return
	}
	w.result, w.complete = nil, false
	var hash string
	if w.index.Kind == runs.Study {
		var r *result.Study
		if r, err = result.LoadStudy(w.dir); err == nil {
			w.result, hash = r, r.ConfigHash
		}
	} else {
		var r *result.Stacking
		if r, err = result.LoadStacking(w.dir); err == nil {
			hash = r.ConfigHash
		}
	}
	switch {
	case err != nil && !sealed.IsDamaged(err) && !sealed.IsOtherVersion(err):
		return // it may be readable the next time
	case err == nil && hash != "" && hash != w.hash:
		err = fmt.Errorf("%s is the result of another configuration", filepath.Join(w.dir, name))
		w.result = nil
	}
	w.resultTime, w.resultBad, w.complete = is, err, err == nil
}
