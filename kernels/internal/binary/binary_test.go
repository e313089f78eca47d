package binary

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(self); err != nil {
		t.Errorf("this program: %v", err)
	}
	path := filepath.Join(t.TempDir(), "program")
	for _, part := range []float64{0.5, 0.01, 1e-5} {
		if err := os.WriteFile(path, whole[:int(part*float64(len(whole)))], 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Check(path); err == nil || !strings.Contains(err.Error(), "incomplete") {
			t.Errorf("%g of it: %v", part, err)
		}
	}
	for _, text := range []string{"", "#!/bin/sh\necho no\n"} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Check(path); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := Check(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
