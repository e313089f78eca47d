package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Names of the files of a study, a stacking and a training, in its directory.
const (
	StudyConfig    = "study.json"
	StudyResult    = "result.json"
	StackingConfig = "stacking.json"
	StackingResult = "stacking_result.json"
	TrainingConfig = "training.json"

	SelectedDir = "selected" // of what rules picked live
	FiguresDir  = "figures"
	Curves      = "curves.csv"
	Report      = "report.html"
)

// LoadStudy reads the result of a study that is complete.
func LoadStudy(dir string) (*Study, error) {
	var r Study
	if err := ReadFile(dir, StudyResult, &r); err != nil {
		return nil, err
	}
	for i := range r.Picks {
		// JSON has no infinity: a pick that diverged was written as null.
		if p := &r.Picks[i]; p.Strategy != "" && math.IsNaN(float64(p.Regret)) && r.complete() > 0 && !r.failedName(p.Strategy) {
			p.Regret, p.RegretNorm = Number(math.Inf(1)), Number(math.Inf(1))
		}
	}
	return &r, nil
}

// LoadStacking reads the result of a stacking that is complete.
func LoadStacking(dir string) (*Stacking, error) {
	var r Stacking
	if err := ReadFile(dir, StackingResult, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// IsStacking reports whether a directory is that of a stacking.
func IsStacking(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, StackingConfig))
	return err == nil
}

// ReadFile reads a JSON file of the directory of a study or a stacking.
func ReadFile(dir, name string, into any) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("there is no study in %s: %w", dir, err)
	}
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: there is no %s; run the study to its end first", dir, name)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s is damaged: %w; run the study again, what is computed is kept", path, err)
	}
	return nil
}
