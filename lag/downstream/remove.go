package downstream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// Remove removes tasks, with their scores, from what was measured of the models of the
// study in dir. It returns the path of a copy of the file as it was: the models may be
// gone, so that nobody can measure them again. It removes nothing if one of the tasks was
// not measured. A task that another process is measuring stays.
func Remove(ctx context.Context, dir string, tasks []string) (copied string, err error) {
	lock, err := dirlock.Wait(ctx, dir, nil)
	if err != nil {
		return "", err
	}
	defer lock.Unlock()
	d, err := result.LoadDownstream(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(d.Tasks) == 0 {
		return "", fmt.Errorf("nothing was measured of the models of %s, so there is no task to remove", dir)
	}
	if err != nil {
		return "", err
	}
	var names []string
	for _, t := range d.Tasks {
		names = append(names, t.Name)
	}
	for _, task := range tasks {
		if !slices.Contains(names, task) {
			return "", fmt.Errorf("no task %q was measured%s; these were: %q", task, closest.Hint(task, names), names)
		}
	}
	if copied, err = keepCopy(dir); err != nil {
		return "", err
	}
	d.Tasks = slices.DeleteFunc(d.Tasks, func(t result.DownstreamTask) bool { return slices.Contains(tasks, t.Name) })
	d.Scores = slices.DeleteFunc(d.Scores, func(s result.DownstreamScore) bool { return slices.Contains(tasks, s.Task) })
	return copied, d.Save(dir)
}

// keepCopy copies the file of measurements to a name that no file has, and returns it.
func keepCopy(dir string) (string, error) {
	path := filepath.Join(dir, result.DownstreamResult)
	copied, err := sealed.OldName(path)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return copied, atomicfile.WriteBytes(copied, text)
}
