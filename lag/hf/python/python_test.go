package python

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	name, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no Python here")
	}
	t.Setenv(Env, name)
	out, err := Run(t.Context(), "import os, sys; print(sys.argv[1:], os.environ['HF_HUB_OFFLINE'])", "a b", "c")
	if err != nil || out != "['a b', 'c'] 1\n" {
		t.Errorf("got %q, %v", out, err)
	}
	out, err = Run(t.Context(), "print('before')\nraise ValueError('no such model')")
	if err == nil || out != "before\n" || !strings.HasSuffix(err.Error(), "ValueError: no such model") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, %v", out, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, "import time; time.sleep(60)"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestFind looks in the directories above the working directory, and says what to do
// where there is none.
func TestFind(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(root, "notebooks", "mine")
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	t.Setenv(Env, "")
	if path, err := Find(); err == nil || !strings.Contains(err.Error(), "go run ./kernels transformers") || !strings.Contains(err.Error(), "$LAG_TRANSFORMERS") {
		t.Errorf("got %q, %v", path, err)
	}
	want := filepath.Join(root, private)
	if err := errors.Join(os.MkdirAll(filepath.Dir(want), 0o777), os.WriteFile(want, nil, 0o777)); err != nil {
		t.Fatal(err)
	}
	if path, err := Find(); err == nil {
		t.Errorf("found %s, which is in no checkout", path)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module github.com/landscape-aware/growing\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if path, err := Find(); err != nil || path != want {
		t.Errorf("got %q, %v, want %q", path, err, want)
	}
	t.Setenv(Env, filepath.Join(root, "missing"))
	if path, err := Find(); err == nil || !strings.Contains(err.Error(), Env) {
		t.Errorf("a name of nothing: %q, %v", path, err)
	}
}
