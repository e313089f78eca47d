package runs

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag/train"
)

// Copy copies runs of the study, stacking or training in one directory into
// another, and returns those that it copied. A run's directory is named by the
// hash of everything that determines it, so a study that needs the same run
// finds the copy and does not train it again: a study with more rules or seeds,
// say, or one in which a rule picks live after the same pretraining. Both must
// use the same prepared data, see [lag.Options].
//
// It copies the runs for which which is true, if they are complete or diverged
// and the other directory does not have them. A nil which is true for all.
func Copy(ctx context.Context, from, to string, which func(Run) bool) ([]Run, error) {
	list, err := List(from)
	if err != nil {
		return nil, err
	}
	var copied []Run
	for _, run := range list {
		target := filepath.Join(to, run.Name)
		if run.Status != Complete && run.Status != Diverged || which != nil && !which(run) || train.IsRun(target) {
			continue
		}
		err := atomicfile.WriteDir(target, func(dir string) error { return copyFiles(ctx, filepath.Join(from, run.Name), dir) })
		if err != nil {
			return copied, fmt.Errorf("the run %s of %s cannot be copied: %w", run.Name, from, err)
		}
		copied = append(copied, run)
	}
	return copied, nil
}

// copyFiles copies the files of a directory, and those in directories below it,
// except locks.
func copyFiles(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, name); {
		case entry.IsDir():
			return os.MkdirAll(target, 0o777)
		case entry.Name() == dirlock.Name || !entry.Type().IsRegular():
			return nil
		default:
			return copyFile(path, target)
		}
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
}
