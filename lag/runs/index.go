package runs

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Index tells what the runs of a study, a stacking or a training are, from their
// configurations, which it reads once. It is for one goroutine at a time.
type Index struct {
	Dir  string
	Kind Kind

	// Edited reports that somebody changed the configuration of the study or the
	// stacking. It is used as it is.
	Edited bool

	pool    growth.Pool // of a study
	fits    func(c runConfig, used func(parent string) bool) bool
	configs map[string]runConfig
	used    map[string]bool
	unread  error // why an ancestor could not be read just now
}

// Info is what the configuration of a run says.
type Info struct {
	Run // without what it came to: no Steps, no Loss, no Status

	Parent string  // name of the run that it grows or branches from, or empty
	From   int     // of a decay branch: the step of its parent at which it starts
	Layers string  // of the model, such as "6 layers"
	Peak   float64 // peak learning rate

	// Fits reports that the run may belong to the configuration in the directory;
	// for a training, always.
	Fits bool
}

// NewIndex returns an index of the runs in a directory. It returns an error that
// wraps [sealed.DamagedError] or [os.ErrNotExist] if the configuration of the
// study or the stacking cannot be read.
func NewIndex(dir string) (x *Index, err error) {
	x = &Index{Dir: dir, Kind: kindOf(dir), configs: make(map[string]runConfig), used: make(map[string]bool)}
	switch x.Kind {
	case Study:
		var config lag.StudyConfig
		if _, err := result.ReadConfig(dir, result.StudyConfig, &config); err != nil {
			return nil, err
		}
		if x.pool, err = config.Pool(); err != nil {
			return nil, err
		}
		x.fits, x.Edited, err = ofStudy(dir)
	case Stacking:
		x.fits, x.Edited, err = ofStacking(dir)
	}
	return x, err
}

// Run returns what the configuration of a run says. It returns an error that wraps
// [sealed.DamagedError] if the configuration is damaged.
func (x *Index) Run(name string) (info Info, err error) {
	c, err := x.config(name)
	if err != nil {
		return info, err
	}
	info = Info{Run: Run{Name: name, Kind: c.Kind, Seed: c.Seed, Loss: math.NaN()}, Parent: c.Parent, From: c.ParentStep, Fits: true}
	var schedule train.Schedule
	if json.Unmarshal(c.Schedule, &schedule) == nil {
		info.Of, info.Peak = schedule.Steps, schedule.Peak
	}
	var m model.Model
	if json.Unmarshal(c.Model, &m) == nil {
		info.Layers = m.Layers()
	}
	if x.fits != nil {
		x.unread = nil
		if info.Fits = x.isUsed(name); x.unread != nil {
			return info, x.unread
		}
	}
	strategy := c.Strategy
	if c.Kind == progress.PhaseBranch && len(strategy) == 0 {
		if parent, err := x.config(c.Parent); err == nil {
			strategy = parent.Strategy
		}
	}
	info.Strategy, err = strategyName(strategy, x.pool)
	return info, err
}

// config returns the configuration of a run.
func (x *Index) config(name string) (c runConfig, err error) {
	if c, ok := x.configs[name]; ok {
		return c, nil
	}
	if c, err = readRunConfig(filepath.Join(x.Dir, name)); err == nil {
		x.configs[name] = c
	}
	return c, err
}

// isUsed reports whether a run may belong to the configuration. A run that is its
// own ancestor, which only a damaged file says, does not.
func (x *Index) isUsed(name string) bool {
	if used, ok := x.used[name]; ok {
		return used
	}
	c, err := x.config(name)
	if err != nil {
		if !sealed.IsDamaged(err) && !errors.Is(err, fs.ErrNotExist) {
			x.unread = err
		}
		return false
	}
	x.used[name] = false
	x.used[name] = x.fits(c, x.isUsed)
	used := x.used[name]
	if x.unread != nil {
		delete(x.used, name)
	}
	return used
}
