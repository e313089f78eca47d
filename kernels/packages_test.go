package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPackagesInContributing: the table in CONTRIBUTING.md has one row for every
// package below data, lag and kernels, and no package imports one of a later row,
// tests aside. It reads the files, of every operating system, and not what go list
// says, so that the test's cached result is dropped when one changes.
func TestPackagesInContributing(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		if slices.Contains(rows, row[1]) {
			t.Errorf("CONTRIBUTING.md has two rows for %s", row[1])
		}
		rows = append(rows, row[1])
	}
	imports := importsOf(t, "data", "lag", "kernels")
	for name, imported := range imports {
		row := slices.Index(rows, name)
		if row < 0 {
			t.Errorf("CONTRIBUTING.md has no row for %s; add one after those of what it imports", name)
			continue
		}
		for _, other := range imported {
			if slices.Index(rows, other) > row {
				t.Errorf("%s imports %s, whose row comes later in CONTRIBUTING.md", name, other)
			}
		}
	}
	for _, row := range rows {
		if imports[row] == nil {
			t.Errorf("CONTRIBUTING.md has a row for %s, which is not a package", row)
		}
	}
}

// TestNoPatternsOfPaths: patterns take [ and * in the names of directories, which
// people choose, for parts of the pattern. Code reads directories instead, except
// where the pattern is the user's own.
func TestNoPatternsOfPaths(t *testing.T) {
	allowed := []string{"data/corpus/paths.go"}
	pattern := regexp.MustCompile(`\b(filepath|fs|path)\.(Glob|Match)\(`)
	for _, dir := range []string{"data", "lag", "kernels"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel("..", path)
			if use := pattern.Find(text); use != nil && !slices.Contains(allowed, filepath.ToSlash(name)) {
				t.Errorf("%s uses %s...); read the directory instead", name, use)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// importsOf returns the packages of the module below some directories, each with
// those of the module that it imports. None are an empty list.
func importsOf(t *testing.T, directories ...string) map[string][]string {
	const module = "github.com/landscape-aware/growing/"
	imports := make(map[string][]string)
	for _, dir := range directories {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			name, err := filepath.Rel("..", filepath.Dir(path))
			if err != nil {
				return err
			}
			name = filepath.ToSlash(name)
			if imports[name] == nil {
				imports[name] = []string{}
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				if other, ok := strings.CutPrefix(imported, module); ok {
					imports[name] = append(imports[name], other)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return imports
}
