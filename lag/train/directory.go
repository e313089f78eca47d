package train

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// What those who keep house in a directory of runs need to know of one.

// TryLock takes a run's directory for this process, as a run that trains does. It
// returns false where another has it. Locked, the directory may be changed.
func TryLock(dir string) (unlock func(), ok bool, err error) {
	return lock(context.Background(), dir, false)
}

// IsRun tells whether a directory is that of a run.
func IsRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "config.json"))
	return err == nil
}

// IsComplete tells whether the run in a directory has an outcome.
func IsComplete(dir string) bool {
	_, err := readOutcome(dir)
	return err == nil
}

// CheckpointFiles are the files of a run's states, in the order of their steps,
// and those that were set aside as damaged. There may be none.
func CheckpointFiles(run string) (states, damaged []string, err error) {
	dir := CheckpointDir(run)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries { // in the order of their names, which is that of the steps
		switch path := filepath.Join(dir, e.Name()); {
		case checkpointName.MatchString(e.Name()):
			states = append(states, path)
		case filepath.Ext(e.Name()) == damagedSuffix:
			damaged = append(damaged, path)
		}
	}
	return states, damaged, nil
}
