package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Kind is what a directory contains.
type Kind string

const (
	Study    Kind = "study"
	Stacking Kind = "stacking"
	Training Kind = "training"
	Data     Kind = "data" // prepared data, shared by the others
)

// Status is the progress of a directory.
type Status string

const (
	Complete Status = "complete"
	Partial  Status = "partial"  // started, but not complete
	Selected Status = "selected" // a study without a result, but with picks of [lag.Study.Select]
	Broken   Status = "damaged"  // its result or its configuration is damaged
	Dropped  Status = "dropped"  // a run of a complete study or stacking that no result needs further
)

// Entry describes a directory.
type Entry struct {
	Path   string
	Kind   Kind
	Status Status    // empty for data
	When   time.Time // latest change of a file
	Runs   int       // runs that the configuration plans, or that there are if these are more; of a complete study or stacking without those that a rule dropped
	Done   int       // runs that have an outcome
	Size   int64     // bytes
	States int64     // part of Size in checkpoints
}

// configFiles are the files that determine the kind of a directory, each with
// the file that exists when it is complete.
var configFiles = []struct {
	kind           Kind
	config, result string
}{
	{Study, result.StudyConfig, result.StudyResult},
	{Stacking, result.StackingConfig, result.StackingResult},
	{Training, result.TrainingConfig, ""},
}

// DataDir is the usual name of the directory of prepared data.
const DataDir = ".lag-data"

// kindOf returns the kind of a directory, or "" if it is none of them.
func kindOf(dir string) Kind {
	if filepath.Base(dir) == DataDir {
		return Data
	}
	for _, f := range configFiles {
		if isFile(filepath.Join(dir, f.config)) {
			return f.kind
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Find returns the studies, stackings, trainings and prepared data in a
// directory tree, ordered by path. It does not search inside them and does not
// follow symbolic links, except root itself. It returns an error if the
// directory cannot be read.
func Find(root string) ([]Entry, error) {
	if info, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("there is no directory %s; name a directory with studies, such as runs", root)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; name a directory with studies, such as runs", root)
	}
	var list []Entry
	err := walkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return ignoreGone(err)
		}
		kind := kindOf(path)
		if kind == "" {
			if path != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		entry, err := describe(path, kind)
		if err != nil {
			return err
		}
		list = append(list, entry)
		return filepath.SkipDir
	})
	return list, err
}

// walkDir is [filepath.WalkDir], which does not enter a root that is a symbolic
// link, for roots that may be one.
func walkDir(root string, visit fs.WalkDirFunc) error {
	entered := root + string(filepath.Separator)
	return filepath.WalkDir(entered, func(path string, d fs.DirEntry, err error) error {
		if path == entered {
			path = root
		}
		return visit(path, d, err)
	})
}

// ignoreGone ignores the error of a file that another process has replaced or
// removed.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// describe describes the contents of a directory.
func describe(dir string, kind Kind) (Entry, error) {
	e := Entry{Path: dir, Kind: kind}
	err := walkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		e.Size += info.Size()
		if filepath.Base(filepath.Dir(path)) == filepath.Base(train.CheckpointDir("")) {
			e.States += info.Size()
		}
		if info.ModTime().After(e.When) && d.Name() != dirlock.Name {
			e.When = info.ModTime()
		}
		return nil
	})
	if err != nil || kind == Data {
		return e, err
	}
	list, err := runsIn(dir)
	if err != nil {
		return e, err
	}
	e.Runs = len(list)
	damaged := 0
	for _, run := range list {
		switch train.EndingOf(run) {
		case train.Ended:
			e.Done++
		case train.EndedDamaged:
			damaged++
		}
	}
	selected, err := selections(dir)
	switch {
	case err != nil:
		return e, err
	case isBroken(dir, kind):
		e.Status = Broken
	case isComplete(dir, kind, list):
		e.Status = Complete
		if kind != Training {
			e.Runs = e.Done + damaged
		}
	case len(selected) > 0:
		e.Status = Selected
	default:
		e.Status = Partial
		e.Runs = max(e.Runs, planned(dir, kind))
	}
	return e, nil
}

// planned returns how many runs the configuration in a directory plans, or 0 if
// that cannot be known.
func planned(dir string, kind Kind) int {
	n, err := 1, error(nil) // a training
	switch kind {
	case Study:
		var config lag.StudyConfig
		var list []lag.PlannedRun
		if _, err = sealed.ReadEdited(filepath.Join(dir, result.StudyConfig), &config); err == nil {
			list, err = config.PlannedRuns()
		}
		n = len(list)
	case Stacking:
		var config lag.Stacking
		if _, err = sealed.ReadEdited(filepath.Join(dir, result.StackingConfig), &config); err == nil {
			n, err = config.CountRuns()
		}
	}
	if err != nil {
		return 0
	}
	return n
}

// isBroken reports whether the configuration or the result of a study, a stacking
// or a training is there but damaged, or the result is that of another
// configuration.
func isBroken(dir string, kind Kind) bool {
	for _, f := range configFiles {
		if f.kind != kind {
			continue
		}
		var contents map[string]json.RawMessage
		if _, err := sealed.ReadEdited(filepath.Join(dir, f.config), &contents); sealed.IsDamaged(err) {
			return true
		}
		if f.result != "" && sealed.IsDamaged(sealed.Read(filepath.Join(dir, f.result), &contents)) {
			return true
		}
	}
	known, same := matches(dir, kind)
	return known && !same
}

// matches reports whether the result in a directory is that of the configuration
// beside it. known is false where that cannot be known, as in a directory of an
// earlier version.
func matches(dir string, kind Kind) (known, same bool) {
	var found struct {
		Config string `json:"config_sha256"`
	}
	var want string
	var err error
	switch kind {
	case Study:
		want, err = hashOf[lag.StudyConfig](dir, result.StudyConfig)
		err = errors.Join(err, sealed.Read(filepath.Join(dir, result.StudyResult), &found))
	case Stacking:
		want, err = hashOf[lag.Stacking](dir, result.StackingConfig)
		err = errors.Join(err, sealed.Read(filepath.Join(dir, result.StackingResult), &found))
	}
	return err == nil && found.Config != "", found.Config == want
}

// hashOf returns the hash of a configuration.
func hashOf[C interface{ Hash() (string, error) }](dir, name string) (string, error) {
	var config C
	if _, err := sealed.ReadEdited(filepath.Join(dir, name), &config); err != nil {
		return "", err
	}
	return config.Hash()
}

// isComplete reports whether a study or a stacking, or the newest run of a
// training, has its result.
func isComplete(dir string, kind Kind, list []string) bool {
	for _, f := range configFiles {
		if f.kind == kind && f.result != "" {
			return isFile(filepath.Join(dir, f.result))
		}
	}
	var newest string
	var when time.Time
	for _, run := range list {
		if info, err := os.Stat(filepath.Join(run, train.MetricsFile)); err == nil && !info.ModTime().Before(when) {
			newest, when = run, info.ModTime()
		}
	}
	return newest != "" && train.IsComplete(newest)
}

// runsIn returns the directories of the runs of a study, a stacking or a
// training.
func runsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() && train.IsRun(path) {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list, nil
}
