package result

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/landscape-aware/growing/data/sealed"
)

// Names of the files of downstream measurements in the directory of a study.
const (
	DownstreamResult = "downstream.json"
	DownstreamTable  = "downstream.csv"
)

// LossOn begins the names of tasks that measure the loss on another text, before the
// name of the text.
const LossOn = "loss on "

// Measure is what a task's score is.
type Measure string

const (
	MeasureLoss      Measure = "loss"      // nats per predicted token
	MeasurePredicted Measure = "predicted" // share of the predicted tokens that have the highest logit
	MeasureAccuracy  Measure = "accuracy"  // share of the examples that are classified correctly
	MeasureMatthews  Measure = "matthews"  // correlation of Matthews (1975) of two classes, which is 0 for chance
)

// LowerIsBetter reports whether lower scores are better.
func (m Measure) LowerIsBetter() bool { return m == MeasureLoss }

// bounds returns the least and the greatest possible score.
func (m Measure) bounds() (low, high float64, ok bool) {
	switch m {
	case MeasureLoss:
		return 0, maxValue, true
	case MeasurePredicted, MeasureAccuracy:
		return 0, 1, true
	case MeasureMatthews:
		return -1, 1, true
	}
	return 0, 0, false
}

// Downstream is how well the models of a study do on other tasks than the one by which
// they are compared, measured after the study. It belongs to the result with the same
// hash of the configuration and backend.
type Downstream struct {
	ConfigHash string `json:"config_hash,omitempty"`
	Backend    string `json:"backend"`

	Tasks  []DownstreamTask  `json:"tasks"`
	Scores []DownstreamScore `json:"scores"`
}

// DownstreamTask is a task and how it was measured.
type DownstreamTask struct {
	Name     string  `json:"name"`
	Key      string  `json:"key"`     // hash of everything that determines the score of a model
	About    string  `json:"about"`   // what is measured on what, in a few words
	Backend  string  `json:"backend"` // that measured
	Measure  Measure `json:"measure"`
	Train    int     `json:"train"`    // examples on which the classifier is fitted; 0 if there is none
	Test     int     `json:"test"`     // examples, or predicted tokens, that are scored
	Groups   int     `json:"groups"`   // blocks of documents, examples or batches that are scored; intervals resample these
	Baseline Number  `json:"baseline"` // score of always answering with the most frequent class; null if there are no classes
}

// DownstreamScore is the score of a model in a task.
type DownstreamScore struct {
	Task     string `json:"task"`
	Strategy string `json:"strategy"` // empty for the source
	Seed     int64  `json:"seed"`     // with which the model was trained
	Run      string `json:"run"`      // address of its run
	Score    Number `json:"score"`
	Lo       Number `json:"lo"` // 95% interval over the task's groups
	Hi       Number `json:"hi"`

	// Halves are the scores on every other group, and on the others. Over the models they
	// say whether the task tells these apart at all.
	Halves []Number `json:"halves,omitempty"`
}

// LoadDownstream reads the downstream measurements in the directory of a study. The
// error wraps [os.ErrNotExist] if there are none, and [sealed.DamagedError] if the file
// is damaged.
func LoadDownstream(dir string) (*Downstream, error) {
	path := filepath.Join(dir, DownstreamResult)
	var d Downstream
	err := sealed.Read(path, &d)
	if err == nil {
		if err = d.check(); err != nil {
			err = &sealed.DamagedError{Path: path, Err: err}
		}
	}
	switch {
	case sealed.IsDamaged(err):
		return nil, fmt.Errorf("%w; measure again, which writes it again, or remove it", err)
	case err != nil:
		return nil, err
	}
	return &d, nil
}

// DownstreamOf returns the downstream measurements of a study's result, or nil if
// there are none, or those in the directory are of another result.
func DownstreamOf(dir string, r *Study) (*Downstream, error) {
	d, err := LoadDownstream(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !d.IsOf(r) {
		return nil, err
	}
	return d, nil
}

// IsOf reports whether the measurements are of the models of a result.
func (d *Downstream) IsOf(r *Study) bool {
	return Origin{d.ConfigHash, d.Backend} == r.Origin()
}

// Save writes the measurements into the directory of a study. It refuses what
// [LoadDownstream] would refuse.
func (d *Downstream) Save(dir string) error { return save(dir, DownstreamResult, d) }

// Score returns the score of a strategy, or of the source if it is empty, in a task.
func (d *Downstream) Score(task, strategy string, seed int64) (DownstreamScore, bool) {
	i := slices.IndexFunc(d.Scores, func(s DownstreamScore) bool {
		return s.Task == task && s.Strategy == strategy && (s.Seed == seed || strategy == "")
	})
	if i < 0 {
		return DownstreamScore{}, false
	}
	return d.Scores[i], true
}

// check returns an error if the measurements are impossible.
func (d *Downstream) check() error {
	if err := checkValues("", "", reflect.ValueOf(*d)); err != nil {
		return err
	}
	if d.Tasks == nil || d.Scores == nil {
		return errors.New("it has no list of tasks and scores; it is another file")
	}
	measures := make(map[string]Measure)
	for _, t := range d.Tasks {
		if _, _, ok := t.Measure.bounds(); !ok {
			return fmt.Errorf("task %s has the measure %q, which does not exist", t.Name, t.Measure)
		}
		if _, again := measures[t.Name]; again || t.Name == "" {
			return fmt.Errorf("there are two tasks with the name %q, or it is empty", t.Name)
		}
		measures[t.Name] = t.Measure
		if err := within("the baseline of task "+t.Name, t.Baseline, -1, 1); err != nil {
			return err
		}
	}
	for _, s := range d.Scores {
		m, ok := measures[s.Task]
		if !ok {
			return fmt.Errorf("there is a score of the task %q, which there is not", s.Task)
		}
		low, high, _ := m.bounds()
		if n := len(s.Halves); n != 0 && n != 2 {
			return fmt.Errorf("a score of task %s has %d halves", s.Task, n)
		}
		for _, v := range append([]Number{s.Score, s.Lo, s.Hi}, s.Halves...) {
			if err := within("a score of task "+s.Task, v, low, high); err != nil {
				return err
			}
		}
		if s.Lo > s.Hi {
			return fmt.Errorf("an interval of task %s is from %g to %g", s.Task, float64(s.Lo), float64(s.Hi))
		}
	}
	return nil
}
