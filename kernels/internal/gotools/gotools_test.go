package gotools

import (
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
		if got := tool.Installed(checkout.Checkout{Root: t.TempDir()}); got != "" {
			t.Errorf("%s %s installed in an empty directory", tool.Name, got)
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
	if b.modules != 1 || b.packages != 2 || b.detail() != "1 modules downloaded, runtime/cgo" {
		t.Errorf("%+v: %s", b, b.detail())
	}
}
