package gotools

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// TestPrebuilt: what was compiled is not looked at again, until something that it
// depends on changes, Go's cache loses it, or a day has passed.
func TestPrebuilt(t *testing.T) {
	c := checkout.Checkout{Root: t.TempDir()}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(c.Root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/x\n\ngo 1.26\n")
	write("go.sum", "")
	write("data/data.go", "package data\n")
	write("lag/lag.go", "package lag\n")
	write("lag/lag_test.go", "package lag\n")
	write("lag/testdata/a", "")
	t.Setenv("GOFLAGS", "")
	ask := func() (string, bool) {
		key := prebuiltKey(t.Context(), c)
		return key, isPrebuilt(c, key)
	}
	remember := func() {
		t.Helper()
		if key, known := ask(); known || key == "" {
			t.Errorf("the key is %q, known: %v", key, known)
		}
		rememberPrebuilt(t.Context(), c, prebuiltKey(t.Context(), c), "./lag")
		if _, known := ask(); !known {
			t.Fatal("it is not remembered")
		}
	}
	remember()
	write("lag/lag_test.go", "package lag // changed\n")
	write("lag/testdata/a", "changed")
	if _, known := ask(); !known {
		t.Error("a test counts")
	}
	for _, name := range []string{"lag/lag.go", "data/data.go", "go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(c.Root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(name, string(text)+"\n// changed\n")
		if _, known := ask(); known {
			t.Errorf("%s does not count", name)
		}
		write(name, string(text))
	}
	write("lag/more.go", "package lag\n")
	remember()
	t.Setenv("GOFLAGS", "-trimpath")
	remember()
	path := prebuiltPath(c)
	old := time.Now().Add(-2 * fresh)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, known := ask(); known {
		t.Error("an old record counts")
	}
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		t.Fatal(err)
	}
	if _, known := ask(); !known {
		t.Fatal("it is not remembered")
	}
	t.Setenv("GOCACHE", t.TempDir())
	if _, known := ask(); known {
		t.Error("another cache does not count")
	}
	text := `{"Key": "k", "Export": "` + filepath.ToSlash(filepath.Join(c.Root, "gone")) + `"}`
	write(filepath.Join(".lag", "bin", "prebuilt.json"), text)
	if isPrebuilt(c, "k") {
		t.Error("what Go's cache has lost counts as compiled")
	}
}
