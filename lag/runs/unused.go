package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// runConfig contains the fields of a run's config.json that determine to which
// study it belongs. Runs of a training have no kind.
type runConfig struct {
	Kind              progress.Phase  `json:"kind"`
	Backend           string          `json:"backend"`
	Objective         json.RawMessage `json:"objective"`
	Model             json.RawMessage `json:"model"`
	BatchSize         int             `json:"batch_size"`
	ValidationBatches int             `json:"validation_batches"`
	ValidationSeed    int64           `json:"validation_seed"`
	Seed              int64           `json:"seed"`
	Optimizer         json.RawMessage `json:"optimizer"`
	Schedule          json.RawMessage `json:"schedule"`
	Parent            string          `json:"parent"`
	ParentStep        int             `json:"parent_step"`
	Strategy          json.RawMessage `json:"strategy"`

	changed bool // the file is not that of the run whose hash names the directory
}

func readRunConfig(run string) (c runConfig, err error) {
	path := filepath.Join(run, train.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return c, err // it may be readable later
	}
	if err == nil {
		if err = strictjson.Unmarshal(text, &c); err != nil {
			err = &sealed.DamagedError{Path: path, Err: err}
		}
	}
	if err != nil {
		return c, fmt.Errorf("%w; run the same study, stacking or training again, which writes it again, or remove the run's directory if you do not need it", err)
	}
	c.changed = train.CheckConfig(run, text) != nil
	return c, nil
}

// contradictions reports, for each run of a study or a stacking, whether it
// cannot belong to the configuration in the directory. It ignores differences
// that the files do not show, such as other data. edited reports whether the
// configuration was changed after it was written.
func contradictions(dir string, kind Kind, list []string, configs []runConfig) (other []bool, edited bool, err error) {
	var fits func(runConfig, func(parent string) bool) bool
	if kind == Study {
		fits, edited, err = ofStudy(dir)
	} else {
		fits, edited, err = ofStacking(dir)
	}
	if err != nil {
		return nil, edited, err
	}
	place := make(map[string]int)
	for i, run := range list {
		place[filepath.Base(run)] = i
	}
	known := make(map[string]bool)
	var used func(name string) bool
	used = func(name string) bool {
		i, ok := place[name]
		if !ok {
			return false // its run is missing: no run of the configuration grew from it
		}
		if _, ok := known[name]; !ok {
			known[name] = false // stops at a run that is its own parent, which only a damaged file has
			known[name] = fits(configs[i], used)
		}
		return known[name]
	}
	other = make([]bool, len(list))
	for i, run := range list {
		other[i] = !used(filepath.Base(run))
	}
	return other, edited, nil
}

// ofStudy returns a function that reports whether a run may belong to the study
// in a directory.
func ofStudy(dir string) (fits func(runConfig, func(string) bool) bool, edited bool, err error) {
	var config lag.StudyConfig
	if edited, err = readConfig(filepath.Join(dir, result.StudyConfig), &config); err != nil {
		return nil, edited, err
	}
	grown, err := config.Model.WithDepths(config.Growth.To...)
	if err != nil {
		return nil, edited, err
	}
	pool, err := config.Pool()
	if err != nil {
		return nil, edited, err
	}
	seeds := config.Growth.Seeds
	if len(seeds) == 0 {
		seeds = []int64{config.Seed}
	}
	backend := backendOf(filepath.Join(dir, result.StudyResult))
	return func(c runConfig, used func(string) bool) bool {
		if !ofTask(c, config.Task, backend) {
			return false
		}
		switch c.Kind {
		case progress.PhasePretrain:
			return c.Seed == config.Seed && same(c.Model, config.Model) && same(c.Schedule, config.Pretrain.Schedule)
		case progress.PhaseProbe:
			return used(c.Parent) && slices.Contains(seeds, c.Seed) && same(c.Model, grown) && ofPool(c, pool, config.Growth.Schedule)
		case progress.PhaseControl:
			return slices.Contains(seeds, c.Seed) && same(c.Model, grown) && ofControls(c, config)
		case progress.PhaseBranch:
			return used(c.Parent)
		}
		return true
	}, edited, nil
}

// ofStacking returns a function that reports whether a run may belong to the
// stacking in a directory.
func ofStacking(dir string) (fits func(runConfig, func(string) bool) bool, edited bool, err error) {
	var config lag.Stacking
	if edited, err = readConfig(filepath.Join(dir, result.StackingConfig), &config); err != nil {
		return nil, edited, err
	}
	var models []model.Model
	stages := config.Stages
	for _, arm := range config.Arms {
		stages = append(slices.Clone(stages), arm.Stages...)
	}
	for _, stage := range stages {
		model, err := config.Model.WithDepths(stage.Depths...)
		if err != nil {
			return nil, edited, err
		}
		models = append(models, model)
	}
	backend := backendOf(filepath.Join(dir, result.StackingResult))
	return func(c runConfig, used func(string) bool) bool {
		return ofTask(c, config.Task, backend) && slices.Contains(config.Seeds, c.Seed) &&
			slices.ContainsFunc(models, func(m model.Model) bool { return same(c.Model, m) }) && (c.Parent == "" || used(c.Parent))
	}, edited, nil
}

// ofTask reports whether a run has the settings that all runs of a task have in
// common.
func ofTask(c runConfig, t lag.Task, backend string) bool {
	return c.BatchSize == t.BatchSize && c.ValidationBatches == t.ValidationBatches && c.ValidationSeed == t.Seed &&
		same(c.Objective, t.Objective) && same(c.Optimizer, t.Optimizer) && (backend == "" || c.Backend == backend)
}

// ofPool reports whether a candidate has one of the strategies and the
// strategy's version of the schedule.
func ofPool(c runConfig, pool growth.Pool, schedule train.Schedule) bool {
	return slices.ContainsFunc(pool, func(s growth.Strategy) bool {
		own := s.Restart || s.Rewarm > 0
		s.Name, s.Source = "", ""
		return same(c.Strategy, s) && (own || same(c.Schedule, schedule))
	})
}

// ofControls reports whether a run follows the schedule of one of the study's
// controls. The number of steps may differ.
func ofControls(c runConfig, config lag.StudyConfig) bool {
	var own train.Schedule
	if json.Unmarshal(c.Schedule, &own) != nil {
		return false
	}
	return slices.ContainsFunc(config.Growth.Controls, func(control result.Control) bool {
		schedule := config.ControlSchedule()
		if peak, err := control.Peak(); err == nil && peak > 0 {
			schedule.Peak = peak
		}
		own.Steps = schedule.Steps
		return own == schedule
	})
}

// backendOf returns the backend of a result, or "" if there is none.
func backendOf(path string) string {
	var result struct {
		Backend string `json:"backend"`
	}
	if sealed.Read(path, &result) != nil {
		return ""
	}
	return result.Backend
}

// same reports whether the JSON text encodes the value.
func same(text json.RawMessage, value any) bool {
	want, err := json.Marshal(value)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(text, &a) == nil && json.Unmarshal(want, &b) == nil && reflect.DeepEqual(a, b)
}

// readConfig reads the configuration of a study or a stacking, which people may
// edit. It warns about a configuration that was changed.
func readConfig(path string, into any) (edited bool, err error) {
	if edited, err = sealed.ReadEdited(path, into); err != nil {
		return edited, fmt.Errorf("%w; run the same study or stacking again, which writes it again", err)
	}
	if edited {
		log.Warn("the configuration was changed after it was written, on purpose or by damage; it is used as it is", "file", path)
	}
	return edited, nil
}
