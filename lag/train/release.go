package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// ReleasedFile is a file in the directory of a run whose newest state was removed
// because nothing needed it, see [Release]. Training the run further removes it.
const ReleasedFile = "released.json"

// released is the content of ReleasedFile, for people. That the file is there says
// all that programs need.
type released struct {
	Step int    `json:"step"` // of the newest state that was removed
	Why  string `json:"why"`
}

// IsReleased reports whether the newest state of the run in a directory was removed
// because nothing needed it, and is not there.
func IsReleased(run string) bool {
	steps, err := checkpointSteps(CheckpointDir(run))
	if err != nil || len(steps) > 0 {
		return false
	}
	_, err = os.Stat(filepath.Join(run, ReleasedFile))
	return err == nil
}

// HasState reports whether the state of the run in a directory after a step is there.
// It waits while another process holds the run's lock, which may be about to remove
// it. It does not read the state.
func HasState(ctx context.Context, run string, step int) (bool, error) {
	_, unlock, _, err := hold(ctx, run, true)
	if err != nil {
		return false, err
	}
	defer unlock()
	_, err = os.Stat(checkpointPath(CheckpointDir(run), step))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// LastSaved returns when the newest state of the run in a directory was saved. ok is
// false if that is not known, as where there is none.
func LastSaved(run string) (when time.Time, ok bool) {
	states := CheckpointDir(run)
	steps, err := checkpointSteps(states)
	if err != nil || len(steps) == 0 {
		return when, false
	}
	info, err := os.Stat(checkpointPath(states, steps[len(steps)-1]))
	if err != nil {
		return when, false
	}
	return info.ModTime(), true
}

// ReleasedError returns an error that says that the state of a run was released, and
// how to get it again. It wraps [fs.ErrNotExist].
func ReleasedError(run string) error {
	return fmt.Errorf("the state of the run in %s was removed when nothing needed it any more, as its study or stacking keeps only the states that are needed: %w; `lag runs continue %s` trains it again, and one that keeps all keeps it",
		run, fs.ErrNotExist, run)
}

// Release removes states of the run in a directory: those after the steps for which
// keep is false. The run must have ended, unless dropped is true, which says that
// nobody trains it further; others then find the losses in its log. why is written
// beside the run if its newest state is removed. It returns the number of bytes
// removed. free is false if another process holds the run's lock; nothing is then
// removed. If the process is killed on the way, a second call removes the rest.
func Release(run string, dropped bool, why string, keep func(step int) bool) (removed int64, free bool, err error) {
	states := CheckpointDir(run)
	steps, err := checkpointSteps(states)
	if err != nil || !slices.ContainsFunc(steps, func(step int) bool { return !keep(step) }) { // nothing to lock for
		return 0, true, err
	}
	unlock, free, err := TryLock(run)
	if errors.Is(err, fs.ErrNotExist) { // the run was removed meanwhile
		return 0, true, nil
	}
	if err != nil || !free {
		return 0, free, err
	}
	defer unlock()
	if !dropped && !IsComplete(run) {
		return 0, true, nil
	}
	if steps, err = checkpointSteps(states); err != nil || len(steps) == 0 {
		return 0, true, err
	}
	note := func() error { return nil }
	if last := steps[len(steps)-1]; !keep(last) {
		note = func() error { return atomicfile.WriteJSON(filepath.Join(run, ReleasedFile), released{last, why}) }
	}
	// First, so that whoever finds no state finds out why. On a full disk there is no
	// room for it before, and a run that has ended does without.
	noted := note()
	if noted != nil && !IsComplete(run) {
		return 0, true, noted
	}
	for _, step := range steps {
		if keep(step) {
			continue
		}
		path := checkpointPath(states, step)
		info, err := os.Stat(path)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			return removed, true, err
		}
		removed += info.Size()
	}
	if noted != nil {
		noted = note()
	}
	return removed, true, noted
}

// forgetRelease removes the note that states of a run were released, before the run
// makes new ones.
func forgetRelease(run string) error {
	err := os.Remove(filepath.Join(run, ReleasedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
