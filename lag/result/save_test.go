package result

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
)

// TestSave checks that a result is written only if it can be read again.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	a, b := outcome("a", 4, 4, 3, 3, 3, 3, 3, 2.0), outcome("b", 5, 4)
	a.Map, b.Map = []int{0, 0}, []int{0, 0}
	study := analyzed(t, a, b)
	study.Source.Curve = []Point{{0, 4}, {8, 3}}
	study.Picks = append(study.Picks, Pick{Rule: "bad", Seed: 0, Strategy: "a", Regret: Number(math.Inf(1)), RegretNorm: Number(math.Inf(1))}) // null in the file
	if err := study.Save(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadStudy(dir); err != nil {
		t.Error(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, StudyResult))
	if err != nil {
		t.Fatal(err)
	}
	study.Failures = []Failure{{Run: "a", Error: "\x1b[31mbroken"}}
	if err := study.Save(dir); err == nil || sealed.IsDamaged(err) || !strings.Contains(err.Error(), "failures[0].error") {
		t.Errorf("an error with an escape code: got error %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, StudyResult)); err != nil || string(after) != string(before) {
		t.Errorf("a result that was refused changed the file (%v)", err)
	}
	if err := (&Stacking{}).Save(dir); err == nil || !strings.Contains(err.Error(), "no seeds") {
		t.Errorf("an empty stacking: got error %v", err)
	}
}

// TestCheckConfig checks the comparison of a result with a configuration.
func TestCheckConfig(t *testing.T) {
	if err := (&Study{}).CheckConfig("d", "abc"); err != nil {
		t.Errorf("a result of an earlier version: %v", err)
	}
	if err := (&Study{ConfigHash: "abc"}).CheckConfig("d", "abc"); err != nil {
		t.Error(err)
	}
	if err := (&Study{ConfigHash: "abc"}).CheckConfig("d", "abd"); !sealed.IsDamaged(err) || !strings.Contains(err.Error(), "run the study again") {
		t.Errorf("another configuration: %v", err)
	}
	if err := (&Stacking{ConfigHash: "abc"}).CheckConfig("d", "abd"); !sealed.IsDamaged(err) || !strings.Contains(err.Error(), "run the stacking again") {
		t.Errorf("another configuration: %v", err)
	}
}
