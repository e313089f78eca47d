package lag

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// TestClaim checks what becomes of the files in a directory when a study begins
// in it.
func TestClaim(t *testing.T) {
	config, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	other := config
	other.Growth.Lag++
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	whole := &result.Study{
		Family: config.Model.Family(), Backend: "go", Steps: config.Growth.Schedule.Steps, Lag: config.Growth.Lag, Seeds: config.seeds(), Verdict: "whole",
		Source: result.Source{Curve: []result.Point{{}}},
	}
	whole.SetGrown(config.Model.Depths(), config.Growth.To)
	for _, seed := range whole.Seeds {
		for _, s := range pool {
			whole.Strategies = append(whole.Strategies, result.Outcome{Name: s.Name, Map: s.Map, Seed: seed, Curve: []result.Point{{}}, Status: result.StatusComplete})
		}
	}
	level := log.GetLevel()
	log.SetLevel(log.WarnLevel)
	defer log.SetLevel(level)
	for _, c := range []struct {
		what       string
		before     StudyConfig
		backend    string
		cut        string // a file that is truncated
		kept, said string // what becomes of the result, and a word in the log
	}{
		{"the same", config, "go", "", "result.json", ""},
		{"another configuration", other, "go", "", "result.json.old", "another configuration"},
		{"another backend", config, "xla:cpu", "", "result.json.old", "backend go"},
		{"a damaged configuration", config, "go", "study.json", "result.json", "study.json is damaged"},
		{"a damaged configuration and another backend", config, "xla:cpu", "study.json", "result.json.old", "backend go"},
		{"a damaged result", config, "go", "result.json", "result.json.damaged", "result.json is damaged"},
	} {
		dir := t.TempDir()
		for name, value := range map[string]any{result.StudyConfig: c.before, result.StudyResult: whole} {
			if err := sealed.Write(filepath.Join(dir, name), value); err != nil {
				t.Fatal(err)
			}
			if name == c.cut {
				if err := os.Truncate(filepath.Join(dir, name), 300); err != nil {
					t.Fatal(err)
				}
			}
		}
		var said strings.Builder
		log.SetOutput(&said)
		err := claims[StudyConfig, *result.Study]{
			dir: dir, config: config, file: result.StudyConfig, result: result.StudyResult, backend: c.backend,
			computes: func(c StudyConfig) StudyConfig { return c },
			load:     result.LoadStudy, backendOf: func(r *result.Study) string { return r.Backend }, matches: matchesStudy,
		}.claim()
		log.SetOutput(os.Stderr)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if !exists(filepath.Join(dir, c.kept)) || c.kept != result.StudyResult && exists(filepath.Join(dir, result.StudyResult)) {
			t.Errorf("%s: there is no %s, or the result is kept", c.what, c.kept)
		}
		if !strings.Contains(said.String(), c.said) || c.said == "" && said.Len() > 0 || strings.Contains(said.String(), "another configuration") != (c.said == "another configuration") {
			t.Errorf("%s: the log says %s", c.what, &said)
		}
		var now StudyConfig
		if err := sealed.Read(filepath.Join(dir, result.StudyConfig), &now); err != nil || now.Growth.Lag != config.Growth.Lag {
			t.Errorf("%s: study.json has a lag of %d, %v", c.what, now.Growth.Lag, err)
		}
		if _, _, err := LoadStudy(dir); (err == nil) != (c.kept == result.StudyResult) {
			t.Errorf("%s: loading gives the error %v", c.what, err)
		}
	}

	// The result and the configuration of two studies, swapped.
	dir := t.TempDir()
	for name, value := range map[string]any{result.StudyConfig: other, result.StudyResult: whole} {
		if err := sealed.Write(filepath.Join(dir, name), value); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := LoadStudy(dir); !sealed.IsDamaged(err) {
		t.Errorf("the result of another study: %v", err)
	}
}

// TestFailedStart checks that a start that fails leaves no empty directory.
func TestFailedStart(t *testing.T) {
	config, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, dir := range []string{filepath.Join(root, "runs", "new"), filepath.Join(root, "there")} {
		if filepath.Base(dir) == "there" {
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(config, Options{Dir: dir, Backend: "nonsense"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context()); err == nil {
			t.Error("a study runs on nonsense")
		}
	}
	if exists(filepath.Join(root, "runs")) || !exists(filepath.Join(root, "there")) {
		t.Error("an empty directory is left, or one that was there is removed")
	}
}
