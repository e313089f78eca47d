package downstream

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// Remove removes tasks, with their scores, from what was measured of the models of a
// study in dir, whose result is r. It returns what is left, and the path of a copy of
// the file as it was: the models may be gone, so that nobody can measure them again.
// It removes nothing if one of the tasks was not measured.
func Remove(ctx context.Context, dir string, r *result.Study, tasks []string) (left *result.Downstream, before string, err error) {
	lock, err := dirlock.Wait(ctx, dir, nil)
	if err != nil {
		return nil, "", err
	}
	defer lock.Unlock()
	d, err := result.DownstreamOf(dir, r)
	if err != nil {
		return nil, "", err
	}
	if d == nil {
		return nil, "", fmt.Errorf("nothing was measured of the models of %s, so there is no task to remove", dir)
	}
	var names []string
	for _, t := range d.Tasks {
		names = append(names, t.Name)
	}
	for _, task := range tasks {
		if !slices.Contains(names, task) {
			return nil, "", fmt.Errorf("no task %q was measured%s; these were: %q", task, closest.Hint(task, names), names)
		}
	}
	if before, err = keepCopy(dir); err != nil {
		return nil, "", err
	}
	d.Tasks = slices.DeleteFunc(d.Tasks, func(t result.DownstreamTask) bool { return slices.Contains(tasks, t.Name) })
	d.Scores = slices.DeleteFunc(d.Scores, func(s result.DownstreamScore) bool { return slices.Contains(tasks, s.Task) })
	return d, before, d.Save(dir)
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
