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
	Report      = "report.html"
)

// LoadStudy reads the result of a complete study.
func LoadStudy(dir string) (*Study, error) {
	var r Study
	if err := ReadFile(dir, StudyResult, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, damaged(filepath.Join(dir, StudyResult), err)
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
		return nil, damaged(filepath.Join(dir, StackingResult), err)
	}
	return &r, nil
}

// IsStacking reports whether a directory contains a stacking.
func IsStacking(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, StackingConfig))
	return err == nil
}

// ReadFile reads a JSON file in the directory of a study or a stacking. If the
// file is damaged, the error wraps [sealed.DamagedError].
func ReadFile(dir, name string, into any) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("there is no study in %s: %w", dir, err)
	}
	path := filepath.Join(dir, name)
	err := sealed.Read(path, into)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s contains no %s; run the study to its end first", dir, name)
	case sealed.IsDamaged(err):
		return advise(err)
	}
	return err
}

// damaged returns the error of a file whose contents cannot be right.
func damaged(path string, err error) error { return advise(&sealed.DamagedError{Path: path, Err: err}) }

func advise(err error) error {
	return fmt.Errorf("%w; run the study again, completed training is kept", err)
}
