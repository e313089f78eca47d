package tensorboard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// Names of event files. TensorBoard looks for the prefix; the suffix tells which
// files are of this package.
const (
	filePrefix = "events.out.tfevents."
	fileSuffix = ".lag"
)

// Exporter writes the logs of the runs in a directory as event files, and later
// what was added to them. It is for one goroutine at a time.
type Exporter struct {
	dir, out string
	name     string // of the directory
	index    *runs.Index
	planned  []lag.PlannedRun
	runs     map[string]*exported
	taken    map[string]bool // folders in out
}

// exported is a run and its event file.
type exported struct {
	skip   bool   // it is of another configuration
	folder string // in out
	log    *train.Follower
	file   string // the event file, once there is one
	number int    // of event files of this run so far

	began   time.Time // the run
	elapsed time.Duration
}

// Summary says what an update wrote.
type Summary struct {
	Runs    int     // with event files so far
	Events  int     // written by this update
	Damaged []error // logs of which only the beginning could be read
}

// NewExporter returns an exporter from the directory of a study, a stacking or a
// training to a directory for TensorBoard, which need not exist. Several
// studies may share it: each has a folder, named by its own directory, in which event files of
// this package are replaced.
func NewExporter(dir, out string) (*Exporter, error) {
	if !runs.IsOne(dir) {
		return nil, fmt.Errorf("%s contains no study, stacking or training", dir)
	}
	index, err := runs.NewIndex(dir)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(dir) // "." has no name
	if err != nil {
		return nil, err
	}
	e := &Exporter{dir: dir, out: out, name: plain(filepath.Base(path)), index: index, runs: make(map[string]*exported), taken: make(map[string]bool)}
	if index.Kind == runs.Study {
		var config lag.StudyConfig
		if _, err := result.ReadConfig(dir, result.StudyConfig, &config); err != nil {
			return nil, err
		}
		if e.planned, err = config.PlannedRuns(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Update writes what is new since the last call. A run that continues after a crash
// writes its log anew; it then gets a new event file in place of the one before.
func (e *Exporter) Update(ctx context.Context) (s Summary, err error) {
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return s, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || !train.IsRun(filepath.Join(e.dir, name)) {
			continue
		}
		one := e.runs[name]
		if one == nil {
			if one, err = e.newRun(name); err != nil {
				s.Damaged = append(s.Damaged, err)
				continue // its configuration may be whole the next time
			}
			e.runs[name] = one
		}
		if one.skip {
			continue
		}
		events, err := e.export(ctx, one)
		switch {
		case sealed.IsDamaged(err):
			s.Damaged = append(s.Damaged, err)
		case err != nil && !errors.Is(err, fs.ErrNotExist): // without a log, it has not begun
			return s, err
		}
		if s.Events += events; one.file != "" {
			s.Runs++
		}
	}
	return s, nil
}

// newRun tells what a run is, and where its event file goes.
func (e *Exporter) newRun(name string) (*exported, error) {
	info, err := e.index.Run(name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(e.dir, name)
	file, err := os.Stat(filepath.Join(path, train.ConfigFile))
	if err != nil {
		return nil, err
	}
	one := &exported{skip: !info.Fits, log: train.NewFollower(path), began: file.ModTime()}
	if one.skip {
		return one, nil
	}
	one.folder = filepath.Join(e.out, e.name, filepath.FromSlash(e.nameOf(info)))
	if e.taken[one.folder] {
		one.folder += "-" + name
	}
	e.taken[one.folder] = true
	return one, nil
}

// nameOf returns the name of a run in TensorBoard, with a / between what its runs
// have in common and what they have not.
func (e *Exporter) nameOf(info runs.Info) string {
	short := info.Name[:min(8, len(info.Name))]
	seed := fmt.Sprintf("seed-%d", info.Seed)
	switch {
	case e.index.Kind == runs.Training:
		return "train/" + short
	case e.index.Kind == runs.Stacking:
		return fmt.Sprintf("%s/%s-%s", seed, plain(info.Layers+" "+info.Strategy), short)
	case info.Kind == progress.PhaseProbe:
		return fmt.Sprintf("probe/%s/%s", seed, plain(info.Strategy))
	case info.Kind == progress.PhaseBranch:
		return fmt.Sprintf("branch/%s/%s-from-%d-for-%d", seed, plain(info.Strategy), info.From, info.Of)
	case info.Kind == progress.PhaseControl:
		for _, p := range e.planned {
			if p.Kind == info.Kind && p.Steps == info.Of && p.Peak == info.Peak && p.Seed == info.Seed {
				return fmt.Sprintf("control/%s/%s", seed, plain(p.Name))
			}
		}
	}
	return plain(string(info.Kind))
}

// plain returns a text as a name of a directory for any file system.
func plain(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !(r == '@' || r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
	return strings.TrimLeft(strings.Join(words, "-"), ".-")
}

// export writes what is new of a run.
func (e *Exporter) export(ctx context.Context, one *exported) (events int, err error) {
	var file *os.File
	var buffer *bufio.Writer
	var failed error
	fail := func(err error) { failed = errors.Join(failed, err) }
	open := func() {
		if file != nil || failed != nil {
			return
		}
		if file, err = os.OpenFile(one.file, os.O_APPEND|os.O_WRONLY, 0); err != nil {
			fail(err)
			return
		}
		buffer = bufio.NewWriter(file)
	}
	closeFile := func() {
		if file != nil {
			fail(errors.Join(buffer.Flush(), file.Close()))
			file = nil
		}
	}
	err = one.log.Read(ctx, func() {
		closeFile()
		one.elapsed = 0
		if fail(one.begin()); failed == nil {
			open()
		}
	}, func(m train.Metric) {
		one.elapsed += time.Duration(m.Seconds * float64(time.Second))
		scalars := scalarsOf(m)
		if open(); failed != nil || len(scalars) == 0 {
			return
		}
		fail(NewWriter(buffer).Scalars(one.began.Add(one.elapsed), m.Step, scalars))
		events++
	})
	closeFile()
	if failed != nil {
		return events, failed
	}
	return events, err
}

// begin makes an event file in place of earlier ones.
func (one *exported) begin() error {
	if err := os.MkdirAll(one.folder, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(one.folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filePrefix) && strings.HasSuffix(entry.Name(), fileSuffix) {
			if err := os.Remove(filepath.Join(one.folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	// TensorBoard reads the files of a run in the order of their names.
	one.file = filepath.Join(one.folder, fmt.Sprintf("%s%010d.%d%s", filePrefix, one.began.Unix(), one.number, fileSuffix))
	one.number++
	file, err := os.Create(one.file)
	if err != nil {
		return err
	}
	return errors.Join(NewWriter(file).Begin(one.began, 0), file.Close())
}

// scalarsOf returns the numbers of a line of a log. Those that are 0 were not
// recorded.
func scalarsOf(m train.Metric) (list []Scalar) {
	add := func(tag string, value float64) {
		if value != 0 {
			list = append(list, Scalar{tag, value})
		}
	}
	switch m.Event {
	case train.EventValidation:
		add("loss/validation", m.Loss)
	case train.EventTrain:
		add("loss/training", m.Loss)
		var terms []string
		for name := range m.Terms {
			terms = append(terms, name)
		}
		slices.Sort(terms)
		for _, name := range terms {
			add("loss/"+name, m.Terms[name])
		}
		add("optimizer/learning rate", m.Rate)
		add("optimizer/gradient norm", m.GradientNorm)
		add("optimizer/parameter rms", m.ParameterRMS)
		add("optimizer/update rms", m.UpdateRMS)
		add("speed/seconds per step", m.Seconds)
		add("speed/tokens per second", m.Tokens)
		add("speed/flop per second", m.FLOPs)
		add("speed/model flop utilization", m.MFU)
	}
	return list
}
