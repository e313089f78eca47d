package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Reason is why an item is removed.
type Reason string

const (
	Candidate  Reason = "state of a candidate"               // of a complete study
	Superseded Reason = "state that a later stage grew from" // of a complete stacking
	Loser      Reason = "state of a strategy not picked"     // of a complete stacking
	Damaged    Reason = "damaged, set aside"
	Leftover   Reason = "left by a process that was killed"
	Unused     Reason = "run of another configuration"
)

// Item is a file, or a directory with its contents, to remove.
type Item struct {
	Path   string
	Size   int64 // bytes
	Reason Reason

	run string // directory of the run that it belongs to, or empty
}

// Plan lists what a cleaning removes.
type Plan struct {
	Dir   string
	Items []Item
	Busy  []string // runs that another process is training; nothing of them is removed
}

// Size returns the size of all items in bytes.
func (p *Plan) Size() int64 {
	total := int64(0)
	for _, item := range p.Items {
		total += item.Size
	}
	return total
}

// PlanCleaning lists what the study, stacking or training in a directory does
// not need. This includes damaged files that were set aside and leftovers of
// killed processes. In a complete study it includes the states of candidates,
// except those that [lag.Study.Select] picked. In a complete stacking it
// includes the states from which later stages started, and those of strategies
// that were not picked. Results, metrics, the source model and the final models
// of a stacking are kept. If unused is true, the plan also includes whole runs
// that cannot belong to the configuration in the directory.
//
// Everything that is removed can be computed again: a study trains a candidate
// again when it needs its state, and a stacking its probes. Runs that another
// process is training are not touched.
func PlanCleaning(dir string, unused bool) (*Plan, error) {
	kind := kindOf(dir)
	if kind == "" || kind == Data {
		return nil, fmt.Errorf("%s contains no study, stacking or training; `lag runs list` shows which directories do", dir)
	}
	list, err := runsIn(dir)
	if err != nil {
		return nil, err
	}
	p := &Plan{Dir: dir}
	if err := p.addLeftovers("", dir); err != nil {
		return nil, err
	}
	for _, f := range configFiles {
		if f.result != "" {
			aside, err := sealed.Aside(filepath.Join(dir, f.result))
			if err != nil {
				return nil, err
			}
			if err := p.add(Damaged, "", aside...); err != nil {
				return nil, err
			}
		}
	}
	configs := make([]runConfig, len(list))
	changed := false // a configuration was changed, so that it cannot be known what the runs belong to
	for i, run := range list {
		if configs[i], err = readRunConfig(run); err != nil {
			return nil, err
		}
		changed = changed || configs[i].changed
	}
	other := make([]bool, len(list)) // runs of another configuration
	if kind != Training {
		var edited bool
		if other, edited, err = contradictions(dir, kind, list, configs); err != nil {
			return nil, err
		}
		if known, same := matches(dir, kind); edited && !(known && same) {
			changed = true
			if unused {
				log.Warn("no run is removed as one of another configuration, because the configuration was changed and may be damaged; run the study or stacking again, which writes it again", "dir", dir)
			}
		}
	}
	keep, err := picked(dir)
	if err != nil {
		return nil, err
	}
	complete := isComplete(dir, kind, list) && !isBroken(dir, kind)
	parents := make(map[string]bool)
	for i, c := range configs {
		if c.Kind != progress.PhaseBranch && !other[i] {
			parents[c.Parent] = true
		}
	}
	for i, run := range list {
		free, err := isFree(run)
		if err != nil {
			return nil, err
		}
		if !free {
			p.Busy = append(p.Busy, run)
			continue
		}
		if unused && other[i] && !changed {
			size, err := sizeOf(run)
			if err != nil {
				return nil, err
			}
			p.Items = append(p.Items, Item{run, size, Unused, run})
			continue
		}
		if err := p.addLeftovers(run, run, train.CheckpointDir(run)); err != nil {
			return nil, err
		}
		states, damaged, err := train.CheckpointFiles(run)
		if err != nil {
			return nil, err
		}
		if err := p.add(Damaged, run, damaged...); err != nil {
			return nil, err
		}
		name := filepath.Base(run)
		if !complete || slices.Contains(keep, name) {
			continue
		}
		if reason := needless(kind, configs[i], train.IsComplete(run), other[i], parents[name]); reason != "" {
			if err := p.add(reason, run, states...); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// needless returns why the states of a run of a complete study or stacking are
// not needed, or "" if they are.
func needless(kind Kind, c runConfig, complete, other, parent bool) Reason {
	switch {
	case kind == Study && (complete && (c.Kind == progress.PhaseProbe || c.Kind == progress.PhaseControl) || c.Kind == progress.PhaseBranch):
		return Candidate
	case kind == Stacking && complete && c.Kind == progress.PhaseBranch, kind == Stacking && !complete && !other:
		return Loser
	case kind == Stacking && complete && parent:
		return Superseded
	}
	return ""
}

// picked returns the names of the runs that [lag.Study.Select] picked.
func picked(dir string) ([]string, error) {
	paths, err := selections(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		var selected result.Selected
		if err := sealed.Read(path, &selected); err != nil {
			return nil, fmt.Errorf("%w; remove it, or select again", err)
		}
		names = append(names, selected.Run)
	}
	return names, nil
}

// isFree reports whether no other process is training a run.
func isFree(run string) (bool, error) {
	unlock, ok, err := train.TryLock(run)
	if err == nil && ok {
		unlock()
	}
	return ok, err
}

// addLeftovers adds temporary files in some directories, which need not exist.
func (p *Plan) addLeftovers(run string, dirs ...string) error {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			// Files beside the runs have no lock, so a recent one may be in
			// use.
			info, err := e.Info()
			young := run == "" && (err != nil || time.Since(info.ModTime()) < time.Hour)
			if !e.IsDir() && !young && filepath.Ext(e.Name()) == atomicfile.Ext {
				if err := p.add(Leftover, run, filepath.Join(dir, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *Plan) add(reason Reason, run string, paths ...string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		p.Items = append(p.Items, Item{path, info.Size(), reason, run})
	}
	return nil
}

func sizeOf(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// Apply removes the items of the plan and returns the number of bytes removed.
// If another process has started to train a run in the meantime, Apply skips
// the run and adds it to Busy.
func (p *Plan) Apply() (removed int64, err error) {
	for begin := 0; begin < len(p.Items); {
		end := begin + 1
		for end < len(p.Items) && p.Items[end].run == p.Items[begin].run {
			end++
		}
		size, err := p.remove(p.Items[begin:end])
		removed += size
		if err != nil {
			return removed, err
		}
		begin = end
	}
	return removed, nil
}

// remove removes the items of one run. It locks the run.
func (p *Plan) remove(items []Item) (removed int64, err error) {
	if run := items[0].run; run != "" {
		unlock, ok, err := train.TryLock(run)
		if errors.Is(err, fs.ErrNotExist) { // it was removed meanwhile
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if !ok {
			p.Busy = append(p.Busy, run)
			return 0, nil
		}
		defer unlock()
	}
	for _, item := range items {
		if err := os.RemoveAll(item.Path); err != nil {
			return removed, err
		}
		removed += item.Size
	}
	return removed, nil
}
