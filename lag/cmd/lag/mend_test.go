package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/result"
)

// TestMending checks the command that makes a damaged result again: it is quoted
// for a shell, says no more than it must, and is the only advice.
func TestMending(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ dir, file, want string }{
		{"runs/quick", result.StudyConfig, "`lag study -config runs/quick/study.json`"},
		{"runs/quick/", result.StackingConfig, "`lag stack -config runs/quick/stacking.json`"},
		{"runs/other", result.StudyConfig, "`lag study -config runs/other/study.json -out runs/other`"},
		{"my runs/$a [1]", result.StudyConfig, "`lag study -config 'my runs/$a [1]/study.json' -out 'my runs/$a [1]'`"},
		{"it's", result.StudyConfig, `it'\''s`},
	} {
		os.RemoveAll("runs/quick")
		if err := os.MkdirAll(c.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := sealed.Write(filepath.Join(c.dir, c.file), map[string]any{"name": "quick"}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, result.StudyResult), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := result.LoadStudy(c.dir)
		if err = mending(c.dir, err); !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "again") != 1 || !sealed.IsDamaged(err) {
			t.Errorf("%s: got error %v, want %s", c.dir, err, c.want)
		}
	}
	other := errors.New("other")
	if mending("runs/quick", other) != other {
		t.Error("the error of something else is changed")
	}
}

// TestEditedConfiguration checks that a study is reported and listed after a
// person has edited its configuration so that it computes the same, and that its
// result keeps its bytes.
func TestEditedConfiguration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a study")
	output(t, append(studyArguments(t, dir, backend.Go), "-strategies", "stack,random-top")...)
	want := resultOf(t, dir)
	path := filepath.Join(dir, result.StudyConfig)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "\n", "\r\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"report", dir}, {"report", "-again", dir}, {"runs", "list", dir}, {"runs", "clean", dir}, {"select", dir}} {
		output(t, arguments...)
	}
	if string(resultOf(t, dir)) != string(want) {
		t.Error("the result changed")
	}
}
