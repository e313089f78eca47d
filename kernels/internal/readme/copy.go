package readme

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// Documents returns the Markdown files of a checkout, the outer ones first.
func Documents(ctx context.Context, root string) ([]string, error) {
	names, err := files(ctx, root)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.Ext(name) != ".md" })
	slices.SortStableFunc(names, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return names, nil
}

// files returns the names of the files that git follows, and of those that it
// would if they were added.
func files(ctx context.Context, root string) (names []string, err error) {
	list, err := proc.Output(ctx, proc.Command{Args: []string{"git", "-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"}, Dir: root})
	if err != nil {
		return nil, fmt.Errorf("asking git for the files of the checkout: %w", err)
	}
	return strings.Split(list, "\n"), nil
}

// Copy copies the files of a checkout as they are now, without what git ignores.
func Copy(ctx context.Context, root, to string) error {
	names, err := files(ctx, root)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(root, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("copying the checkout: %w", err)
		}
	}
	return nil
}

// copyFile copies one file with its permissions and time. A file that is gone is
// one that the next commit removes.
func copyFile(from, to string) (err error) {
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
