package gotools

import (
	"debug/buildinfo"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

func TestWantIsPinned(t *testing.T) {
	c, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	tools, err := Want(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if !strings.HasPrefix(tool.Version, "v") {
			t.Errorf("%s has version %q", tool.Name, tool.Version)
		}
		if err := tool.Check(checkout.Checkout{Root: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("%s in an empty directory: %v", tool.Name, err)
		}
	}
}

// TestJudge checks what is said of programs that were built in another way.
func TestJudge(t *testing.T) {
	tool := Tool{Name: "goimports", Package: "example.com/tools/cmd/goimports", Module: "example.com/tools", Version: "v1.2.3"}
	for want, change := range map[string]func(*buildinfo.BuildInfo){
		"":                                      func(*buildinfo.BuildInfo) {},
		"is another program: example.com/other": func(b *buildinfo.BuildInfo) { b.Path = "example.com/other" },
		"was built for plan9/mips, and this is ": func(b *buildinfo.BuildInfo) {
			b.Settings = []debug.BuildSetting{{Key: "GOOS", Value: "plan9"}, {Key: "GOARCH", Value: "mips"}}
		},
		"was built by go1.1, and this is " + runtime.Version(): func(b *buildinfo.BuildInfo) { b.GoVersion = "go1.1" },
		"has version v1.0.0, not v1.2.3":                       func(b *buildinfo.BuildInfo) { b.Main.Version = "v1.0.0" },
	} {
		b := &buildinfo.BuildInfo{Path: tool.Package, GoVersion: runtime.Version(), Main: debug.Module{Path: tool.Module, Version: tool.Version}}
		change(b)
		err := tool.judge(b)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestBuildOutput(t *testing.T) {
	var b buildOutput
	for _, line := range []string{
		"go: downloading github.com/a/b v1.2.3",
		"github.com/a/b/c",
		"# github.com/a/b/c",
		"b.go:3:1: undefined: x",
		"runtime/cgo",
	} {
		b.read(line)
	}
	if b.modules != 1 || b.packages != 2 || b.detail() != "1 module downloaded, runtime/cgo" {
		t.Errorf("%+v: %s", b, b.detail())
	}
}
