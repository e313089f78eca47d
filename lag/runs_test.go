package lag_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// recordedRun is the contents of a run's directory.
type recordedRun struct {
	dir string

	Kind       progress.Phase   `json:"kind"`
	Seed       int64            `json:"seed"`
	Model      model.Model      `json:"model"`
	Schedule   train.Schedule   `json:"schedule"`
	FirstBatch int              `json:"first_batch"`
	Strategy   *growth.Strategy `json:"strategy"`

	metrics []train.Metric
}

// recordedRuns returns the runs in the directory of a study.
func recordedRuns(t *testing.T, dir string) []recordedRun {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var runs []recordedRun
	for _, path := range found {
		r := recordedRun{dir: filepath.Dir(path)}
		text, err := os.ReadFile(filepath.Join(r.dir, "config.json"))
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err == nil {
			r.metrics, err = train.ReadMetrics(r.dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	return runs
}

// of returns the run of a strategy with a seed, if there is one.
func of(runs []recordedRun, kind progress.Phase, strategy growth.Strategy, seed int64) (recordedRun, bool) {
	strategy.Name, strategy.Source = "", ""
	for _, r := range runs {
		if r.Kind == kind && r.Seed == seed && r.Strategy != nil && reflect.DeepEqual(*r.Strategy, strategy) {
			return r, true
		}
	}
	return recordedRun{}, false
}

// training returns the log lines of a run's updates, without times.
func (r recordedRun) training() []train.Metric { return r.events(train.EventTrain) }

func (r recordedRun) events(kind train.Event) []train.Metric {
	var lines []train.Metric
	for _, m := range r.metrics {
		if m.Event == kind {
			m.Clock = train.Clock{}
			lines = append(lines, m)
		}
	}
	return lines
}

// resultBytes returns the contents of a result file.
func resultBytes(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
