package cluster

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/sealed"
)

// Dir is the directory, in that of a study, with what this package writes.
const Dir = "cluster"

const (
	recordName = "submitted.json"
	configName = "configuration.json" // not the name of a run's, so that its directory is not taken for one
	logsName   = "logs"
)

// record is what was submitted for a directory.
type record struct {
	Config      string       `json:"config"`          // hash of what the configuration computes
	Again       string       `json:"again,omitempty"` // see [Work]
	Submissions []Submission `json:"submissions"`
}

// Submission is a number of workers that were submitted together, and the job
// after them.
type Submission struct {
	Name     string          `json:"name"` // of the jobs
	At       time.Time       `json:"at"`
	Engine   string          `json:"engine"`
	Settings json.RawMessage `json:"settings"`
	Cores    int             `json:"cores"` // of a worker
	Workers  int             `json:"workers"`
	Jobs     []Array         `json:"jobs"`            // those that the engine has accepted
	Last     string          `json:"last"`            // the job after the workers; empty if it was not accepted
	After    []string        `json:"after,omitempty"` // workers of other submissions, for which the last job waits too

	Cancelled bool `json:"cancelled,omitempty"` // [Cancel] was asked to; engines may forget it
}

// Array is a job of several workers.
type Array struct {
	ID      string `json:"id"`
	Workers int    `json:"workers"`
}

// engine returns the engine of the submission, with its settings.
func (s Submission) engine() (Engine, error) { return Parse(s.Engine, s.Settings) }

func (w Work) logs() string       { return filepath.Join(w.Dir, Dir, logsName) }
func (w Work) configFile() string { return filepath.Join(w.Dir, Dir, configName) }

// readRecord returns what was submitted for a directory. Without a record it is
// empty. A damaged one is an error: jobs may be alive of which nobody would know.
func readRecord(dir string) (r record, err error) {
	err = sealed.Read(filepath.Join(dir, Dir, recordName), &r)
	if errors.Is(err, os.ErrNotExist) {
		return record{}, nil
	}
	return r, err
}

func (r record) write(dir string) error {
	return sealed.Write(filepath.Join(dir, Dir, recordName), r)
}

// newSubmission returns a submission of which nothing was submitted yet.
func newSubmission(w Work, e Engine, workers int, suffix string, at time.Time) (s Submission, err error) {
	s = Submission{Name: w.submissionName(suffix), At: at.UTC().Truncate(time.Second), Workers: workers}
	if s.Engine, err = nameOf(e); err != nil {
		return s, err
	}
	if s.Settings, err = json.Marshal(e); err != nil {
		return s, err
	}
	var of Resources
	if err := json.Unmarshal(s.Settings, &of); err != nil {
		return s, err
	}
	s.Cores = of.Cores
	return s, nil
}

// suffix returns what tells a submission from others.
func suffix() string { return strings.ToLower(rand.Text()[:6]) }
