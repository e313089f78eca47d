package result

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
)

// Names of files in the directory of a study, a stacking or a training.
const (
	StudyConfig    = "study.json"
	StudyResult    = "result.json"
	StackingConfig = "stacking.json"
	StackingResult = "stacking_result.json"
	TrainingConfig = "training.json"

	SelectedDir = "selected" // outcomes of [lag.Study.Select]
	FiguresDir  = "figures"
	Curves      = "curves.csv"
	Foresight   = "foresight.csv"
	Report      = "report.html"
)

// LoadStudy reads the result of a complete study.
func LoadStudy(dir string) (*Study, error) {
	var r Study
	if err := ReadFile(dir, StudyResult, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, damaged(dir, StudyResult, err)
	}
	for i := range r.Picks {
		// JSON has no infinity: the infinite regret of a diverged pick was
		// written as null.
		if p := &r.Picks[i]; p.Strategy != "" && math.IsNaN(float64(p.Regret)) && r.complete() > 0 && !r.failedName(p.Strategy) {
			p.Regret, p.RegretNorm = Number(math.Inf(1)), Number(math.Inf(1))
		}
	}
	return &r, nil
}

// LoadStacking reads the result of a complete stacking.
func LoadStacking(dir string) (*Stacking, error) {
	var r Stacking
	if err := ReadFile(dir, StackingResult, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, damaged(dir, StackingResult, err)
	}
	return &r, nil
}

// IsStacking reports whether a directory contains a stacking.
func IsStacking(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, StackingConfig))
	return err == nil
}

// ReadFile reads a JSON file in the directory of a study or a stacking. If the
// file is damaged, the error wraps [sealed.DamagedError]; if it does not exist,
// [os.ErrNotExist].
func ReadFile(dir, name string, into any) error {
	return explain(dir, name, sealed.Read(filepath.Join(dir, name), into))
}

// ReadConfig is [ReadFile] for a configuration, which people may edit: changed
// reports that it is not as it was written.
func ReadConfig(dir, name string, into any) (changed bool, err error) {
	changed, err = sealed.ReadEdited(filepath.Join(dir, name), into)
	return changed, explain(dir, name, err)
}

// explain adds to an error of a file what to do.
func explain(dir, name string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("there is no study or stacking in %s: %w", dir, err)
		}
		return fmt.Errorf("%s contains no %s (%w); run the %s to its end first", dir, name, os.ErrNotExist, kindOf(name))
	case sealed.IsDamaged(err):
		return fmt.Errorf("%w; run the %s again, completed training is kept", err, kindOf(name))
	}
	return err
}

// kindOf says whether a file is that of a study or a stacking.
func kindOf(name string) string {
	if name == StackingConfig || name == StackingResult {
		return "stacking"
	}
	return "study"
}

// damaged returns the error of a file whose contents cannot be right.
func damaged(dir, name string, err error) error {
	return explain(dir, name, &sealed.DamagedError{Path: filepath.Join(dir, name), Err: err})
}
