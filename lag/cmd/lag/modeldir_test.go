package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// TestNamingRun: a command that needs a model says which run of a study or a training
// to name, and the study names it too.
func TestNamingRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a study")
	said := output(t, append(studyArguments(t, dir, backend.Go), "-strategies", "stack,random-top")...)
	_, err := loadModel(dir)
	if err == nil {
		t.Fatal("a study has a model")
	}
	_, run, ok := strings.Cut(err.Error(), "such as that of LAG's pick, ")
	_, run, _ = strings.Cut(run, ": ")
	if _, err := os.Stat(filepath.Join(run, "config.json")); !ok || err != nil {
		t.Fatalf("got error %v", err)
	}
	if want := "`lag export '" + run + "' DIR`"; !strings.Contains(said, want) {
		t.Errorf("the study does not say %s:\n%s", want, said)
	}
	if _, err := loadModel(run); err != nil {
		t.Error(err)
	}
	if _, err := loadModel(t.TempDir()); err == nil || !strings.Contains(err.Error(), "does not contain a model") {
		t.Errorf("of an empty directory: %v", err)
	}
}
