package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sourcePaths returns the files that a source names: paths or patterns,
// separated by commas. A file whose name has a comma is found too, if it is the
// only one. Files come in the order of the patterns, and sorted by name within
// a pattern. A pattern without a file is an error.
func sourcePaths(source string) ([]string, error) {
	if _, err := os.Stat(source); err == nil {
		return []string{source}, nil
	}
	var all []string
	for p := range strings.SplitSeq(source, ",") {
		paths, err := expand(p)
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("corpus: there is no file %s: give the path of a text, .jsonl, .gz, .zst or .parquet file, or %q for the text of the Go installation", p, GoSpec)
		}
		all = append(all, paths...)
	}
	return all, nil
}

// expand returns the files of one pattern. The names of files and directories
// that exist may have the characters of patterns.
func expand(pattern string) ([]string, error) {
	if _, err := os.Stat(pattern); err == nil {
		return []string{pattern}, nil
	}
	paths, bad := filepath.Glob(pattern)
	if len(paths) == 0 {
		// Perhaps the pattern is in a directory whose own name looks like one.
		dir, last := longestDir(pattern)
		if dir == "" {
			paths = nil
		} else {
			paths, bad = within(dir, strings.Split(last, string(filepath.Separator)))
		}
	}
	if bad != nil {
		return nil, fmt.Errorf("corpus: %q is not a file, and not a valid pattern: %w", pattern, bad)
	}
	slices.Sort(paths)
	return paths, nil
}

// longestDir splits a pattern into its longest beginning that is a directory,
// and the rest. Dir is empty if no beginning is one.
func longestDir(pattern string) (dir, rest string) {
	pattern = filepath.Clean(pattern)
	for i := len(pattern) - 1; i > 0; i-- {
		if !os.IsPathSeparator(pattern[i]) {
			continue
		}
		if info, err := os.Stat(pattern[:i]); err == nil && info.IsDir() {
			return pattern[:i], pattern[i+1:]
		}
	}
	return "", ""
}

// within returns the paths below a directory that match patterns, one for each
// element of a path.
func within(dir string, patterns []string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil // as a pattern does that matches nothing
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		ok, err := filepath.Match(patterns[0], e.Name())
		switch {
		case err != nil:
			return nil, err
		case !ok:
		case len(patterns) == 1:
			paths = append(paths, path)
		default:
			more, err := within(path, patterns[1:])
			if err != nil {
				return nil, err
			}
			paths = append(paths, more...)
		}
	}
	return paths, nil
}
