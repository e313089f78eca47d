package runs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Run describes one training run.
type Run struct {
	Name     string         // name of its directory
	Kind     progress.Phase // empty for a training
	Strategy string         // strategy by which it was grown, or for a decay branch its candidate's; the layer map if the strategy is not in the configuration
	Seed     int64
	Steps    int     // completed
	Of       int     // planned
	Loss     float64 // latest validation loss, nats; NaN if there is none
	Status   Status  // complete, diverged, dropped, damaged or partial
	States   int     // saved states that are there
	Released bool    // its state was removed when nothing needed it, see [lag.KeepNeeded]
}

// Diverged is the status of a run with a loss or gradient that was not finite.
const Diverged Status = "diverged"

// IsOne reports whether a directory contains a study, a stacking or a training.
func IsOne(dir string) bool {
	kind := kindOf(dir)
	return kind != "" && kind != Data
}

// List returns the runs of the study, stacking or training in a directory,
// ordered by kind, seed and, in a study, the order of its pool.
func List(dir string) ([]Run, error) {
	paths, err := runsIn(dir)
	if err != nil {
		return nil, err
	}
	var pool growth.Pool
	kind := kindOf(dir)
	if kind == Study {
		var config lag.StudyConfig
		if _, err := readConfig(filepath.Join(dir, result.StudyConfig), &config); err != nil {
			return nil, err
		}
		if pool, err = config.Pool(); err != nil {
			return nil, err
		}
	}
	complete := kind != Training && isComplete(dir, kind, paths)
	configs := make(map[string]runConfig)
	var list []Run
	for _, path := range paths {
		c, err := readRunConfig(path)
		if sealed.IsDamaged(err) || errors.Is(err, os.ErrNotExist) { // it was there when the directory was read
			list = append(list, Run{Name: filepath.Base(path), Loss: math.NaN(), Status: Broken})
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := runOf(path, c)
		if err != nil {
			return nil, err
		}
		if c.changed {
			r.Status = Broken
		} else if complete && r.Status == Partial {
			r.Status = Dropped
		}
		configs[r.Name] = c
		list = append(list, r)
	}
	place := make(map[string]int)
	for i := range list {
		c := configs[list[i].Name]
		if c.Kind == progress.PhaseBranch && len(c.Strategy) == 0 {
			c = configs[c.Parent]
		}
		if list[i].Strategy, err = strategyName(c.Strategy, pool); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, list[i].Name, train.ConfigFile), err)
		}
		place[list[i].Name] = slices.IndexFunc(pool, func(s growth.Strategy) bool { return s.Name == list[i].Strategy })
	}
	kinds := []progress.Phase{progress.PhasePretrain, progress.PhaseProbe, progress.PhaseBranch, progress.PhaseControl}
	slices.SortStableFunc(list, func(a, b Run) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.Seed, b.Seed), cmp.Compare(place[a.Name], place[b.Name]))
	})
	return list, nil
}

// runOf reads the progress of a run.
func runOf(path string, c runConfig) (r Run, err error) {
	r = Run{Name: filepath.Base(path), Kind: c.Kind, Seed: c.Seed, Loss: math.NaN(), Status: Partial}
	var schedule train.Schedule
	if err := json.Unmarshal(c.Schedule, &schedule); err == nil {
		r.Of = schedule.Steps
	}
	metrics, err := train.ReadMetrics(path)
	if sealed.IsDamaged(err) {
		defer func() { r.Status = Broken }()
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, err
	}
	states, _, err := train.CheckpointFiles(path)
	if err != nil {
		return r, err
	}
	r.States, r.Released = len(states), train.IsReleased(path)
	switch train.EndingOf(path) {
	case train.EndedDamaged:
		defer func() { r.Status = Broken }()
	case train.Ended:
		r.Status = Complete
	}
	for _, m := range metrics {
		switch m.Event {
		case train.EventTrain:
			r.Steps = m.Step + 1
		case train.EventValidation:
			r.Steps, r.Loss = max(r.Steps, m.Step), m.Loss
		case train.EventDiverged:
			r.Status = Diverged
		}
	}
	return r, nil
}

// strategyName returns the name in a pool of a strategy that was saved without
// one. If the pool does not have it, strategyName returns a description; if
// text is empty, it returns "".
func strategyName(text json.RawMessage, pool growth.Pool) (string, error) {
	if len(text) == 0 {
		return "", nil
	}
	for _, s := range pool {
		nameless := s
		nameless.Name, nameless.Source = "", ""
		if same(text, nameless) {
			return s.Name, nil
		}
	}
	var s growth.Strategy
	if err := strictjson.UnmarshalPart(text, &s); err != nil {
		return "", err
	}
	name := fmt.Sprintf("[%s] %s", s.Map, growth.Shown(s.Summary(), s.Encoder, s.Map))
	if len(s.Encoder) > 0 {
		name = fmt.Sprintf("[%s] %s", s.Encoder, name)
	}
	return name, nil
}
