package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
)

// Names of the files in a run's directory.
const (
	ConfigFile      = "config.json"
	EnvironmentFile = "env.json"
	MetricsFile     = "metrics.jsonl"
	OutcomeFile     = "result.json"
)

// IsRun reports whether dir is the directory of a run.
func IsRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ConfigFile))
	return err == nil
}

// Ending says what is known of the end of a run.
type Ending int

const (
	NotEnded     Ending = iota // there is no outcome that can be read
	Ended                      // there is an outcome
	EndedDamaged               // the outcome is damaged; the run is trained again when it is needed
)

// EndingOf returns what is known of the end of the run in a directory.
func EndingOf(dir string) Ending {
	_, _, err := readOutcome(dir)
	switch {
	case err == nil:
		return Ended
	case sealed.IsDamaged(err):
		return EndedDamaged
	}
	return NotEnded
}

// ReadOutcome returns the outcome of the run in a directory. The error wraps
// [os.ErrNotExist] if the run is not complete, and [sealed.DamagedError] if the
// file is damaged or belongs to another run.
func ReadOutcome(dir string) (Outcome, error) {
	outcome, _, err := readOutcome(dir)
	return outcome, err
}

// IsComplete reports whether the run in a directory has an outcome.
func IsComplete(dir string) bool { return EndingOf(dir) == Ended }

// EndOf returns the number of updates of the complete run in a directory. It
// returns ok = false if the run is not complete, has diverged, or its outcome is
// damaged.
func EndOf(dir string) (steps int, ok bool) {
	outcome, _, err := readOutcome(dir)
	return outcome.Steps, err == nil && outcome.DivergedAt == nil
}

// CheckConfig returns a [sealed.DamagedError] if the text of a run's config.json
// does not have the hash that names the run's directory. It returns nil if the
// directory is not named by a hash.
func CheckConfig(run string, text []byte) error {
	address := addressOf(run)
	if address == "" {
		return nil
	}
	path := filepath.Join(run, ConfigFile)
	var config bytes.Buffer
	if err := json.Compact(&config, text); err != nil {
		return &sealed.DamagedError{Path: path, Err: err}
	}
	for version := FormatVersion; version > 0; version-- {
		if hashOf(config.Bytes(), version) == address {
			return nil
		}
	}
	return &sealed.DamagedError{Path: path, Err: errors.New("it does not have the hash that names the run's directory, so it was changed")}
}

// CheckpointFiles returns the files of a run's checkpoints, sorted by step, and
// damaged files of the run that were set aside. There may be none.
func CheckpointFiles(run string) (states, damaged []string, err error) {
	for _, name := range []string{OutcomeFile, MetricsFile} {
		aside, err := sealed.Aside(filepath.Join(run, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		damaged = append(damaged, aside...)
	}
	dir := CheckpointDir(run)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries { // sorted by name and therefore by step
		switch path := filepath.Join(dir, e.Name()); {
		case checkpointName.MatchString(e.Name()):
			states = append(states, path)
		case filepath.Ext(e.Name()) == sealed.DamagedExt:
			damaged = append(damaged, path)
		}
	}
	return states, damaged, nil
}
