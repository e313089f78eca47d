package gotools

import (
	"debug/buildinfo"
	"go/format"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// TestPatchesFit: the changes fit the version in go.mod, and leave Go files that
// are formatted.
func TestPatchesFit(t *testing.T) {
	c, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range Tools {
		if len(patches[tool.Name]) == 0 {
			continue
		}
		module := download(t.Context(), c, tool.Module)
		if module == "" {
			t.Skip("the source is not here and cannot be downloaded")
		}
		source := filepath.Join(t.TempDir(), tool.Name)
		if err := copySource(source, module); err != nil {
			t.Fatal(err)
		}
		if err := apply(patches[tool.Name], source); err != nil {
			t.Error(err)
		}
		for _, e := range patches[tool.Name] {
			text, err := os.ReadFile(filepath.Join(source, filepath.FromSlash(e.file)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := format.Source(text); err != nil {
				t.Errorf("%s after the changes: %v", e.file, err)
			}
		}
	}
}

// TestPatchRefused: a change that does not fit is an error, not a tool that is slow.
func TestPatchRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n\nvar x, y = 1, 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"z", "1"} {
		err := apply([]edit{{"a.go", old, "2"}}, dir)
		if err == nil || !strings.Contains(err.Error(), "a.go has") {
			t.Errorf("the change of %q: %v", old, err)
		}
	}
	if err := apply([]edit{{"a.go", "var x", "var w"}, {"b.go", "", "package a\n"}}, dir); err != nil {
		t.Error(err)
	}
}

// TestUnpatchedToolIsRefused: a GoNB that was built without the changes, by an
// earlier version of this program, is built again.
func TestUnpatchedToolIsRefused(t *testing.T) {
	tool := Tool{Name: "gonb", Package: "example.com/gonb", Module: "example.com/gonb", Version: "v1.2.3"}
	b := &buildinfo.BuildInfo{Path: tool.Package, GoVersion: runtime.Version(), Main: debug.Module{Path: tool.Module, Version: tool.Version}}
	if err := tool.judge(b); err == nil || !strings.Contains(err.Error(), "without the changes") {
		t.Errorf("built without the changes: %v", err)
	}
	b.Settings = []debug.BuildSetting{{Key: "-tags", Value: patchTag(tool.Name)}}
	if err := tool.judge(b); err != nil {
		t.Error(err)
	}
}
