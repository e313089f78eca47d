package lag

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// smokeResult returns a configuration, and a result that can be its own.
func smokeResult(t *testing.T) (StudyConfig, *result.Study) {
	t.Helper()
	config, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
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
	if whole.ConfigHash, err = config.Hash(); err != nil {
		t.Fatal(err)
	}
	return config, whole
}

// TestClaim checks what becomes of the files in a directory when a study begins
// in it.
func TestClaim(t *testing.T) {
	config, whole := smokeResult(t)
	hash := whole.ConfigHash
	other, renamed := config, config
	other.Growth.Lag++
	renamed.Name, renamed.CheckpointEvery, renamed.Growth.Controls = "renamed", 3, []result.Control{result.ControlScratch}
	old := new(*whole) // of an earlier version, which recorded no configuration
	old.ConfigHash = ""
	cut := func(text string) string { return text[:300] }
	edit := func(text string) string { return strings.Replace(text, `"batch_size": `, `"batch_size": 1`, 1) }
	level := log.GetLevel()
	log.SetLevel(log.WarnLevel)
	defer log.SetLevel(level)
	for _, c := range []struct {
		what       string
		before     StudyConfig
		result     *result.Study
		backend    string
		file       string // a file that is changed
		change     func(string) string
		kept, said string // what becomes of the result, and a word in the log
	}{
		{"the same", config, whole, "go", "", nil, "result.json", ""},
		{"another name", renamed, whole, "go", "", nil, "result.json", ""},
		{"an earlier version", config, old, "go", "", nil, "result.json", ""},
		{"another configuration", other, whole, "go", "", nil, "result.json", ""}, // but the right result
		{"another configuration, an earlier version", other, old, "go", "", nil, "result.json.old", "another configuration"},
		{"another backend", config, whole, "xla:cpu", "", nil, "result.json.old", "backend go"},
		{"a damaged configuration", config, whole, "go", "study.json", cut, "result.json", "study.json is damaged"},
		{"a damaged configuration, an earlier version", config, old, "go", "study.json", cut, "result.json.old", "study.json is damaged"},
		{"an edited configuration", config, whole, "go", "study.json", edit, "result.json", "changed after it was written"},
		{"an edited configuration, an earlier version", config, old, "go", "study.json", edit, "result.json.old", "changed after it was written"},
		{"a damaged configuration and another backend", config, whole, "xla:cpu", "study.json", cut, "result.json.old", "backend go"},
		{"a damaged result", config, whole, "go", "result.json", cut, "result.json.damaged", "result.json is damaged"},
	} {
		dir := t.TempDir()
		for name, value := range map[string]any{result.StudyConfig: c.before, result.StudyResult: c.result} {
			if err := sealed.Write(filepath.Join(dir, name), value); err != nil {
				t.Fatal(err)
			}
			if name == c.file {
				rewrite(t, filepath.Join(dir, name), c.change)
			}
		}
		var said strings.Builder
		log.SetOutput(&said)
		got, err := claim(t.Context(), dir, config, c.backend)
		log.SetOutput(os.Stderr)
		if err != nil || got != hash {
			t.Errorf("%s: got the hash %s, %v", c.what, got, err)
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

	// The configuration of a study, edited in place.
	dir := t.TempDir()
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	if err := errors.Join(sealed.Write(filepath.Join(dir, result.StudyConfig), config), whole.Save(dir)); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, result.StudyConfig), edit)
	if _, _, err := LoadStudy(dir); !sealed.IsDamaged(err) {
		t.Errorf("the result of the configuration before the edit: %v", err)
	}
	var edited StudyConfig
	if _, err := result.ReadConfig(dir, result.StudyConfig, &edited); err != nil {
		t.Fatal(err)
	}
	if _, err := claim(t.Context(), dir, edited, "go"); err != nil || !exists(filepath.Join(dir, "result.json.old")) {
		t.Errorf("the result of the configuration before the edit is kept, error %v", err)
	}

	if err := sealed.Write(filepath.Join(dir, result.StudyConfig), config); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, result.StudyConfig), edit)
	if _, err := claim(t.Context(), dir, config, "go"); err != nil || !exists(filepath.Join(dir, "study.json.old")) {
		t.Errorf("an edited configuration is lost, error %v", err)
	}

	// The result and the configuration of two studies, swapped.
	dir = t.TempDir()
	for name, value := range map[string]any{result.StudyConfig: other, result.StudyResult: whole} {
		if err := sealed.Write(filepath.Join(dir, name), value); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := LoadStudy(dir); !sealed.IsDamaged(err) {
		t.Errorf("the result of another study: %v", err)
	}
}

// rewrite changes the contents of a file.
func rewrite(t *testing.T, path string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := change(string(text))
	if changed == string(text) {
		t.Fatalf("%s is not changed", path)
	}
	if err := os.WriteFile(path, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestEditedConfig checks that a study is read whose configuration a person has
// edited so that it still computes the same.
func TestEditedConfig(t *testing.T) {
	config, whole := smokeResult(t)
	dir := t.TempDir()
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	for what, change := range map[string]func(string) string{
		"another name":             func(s string) string { return strings.Replace(s, `"smoke"`, `"mine"`, 1) },
		"the line ends of Windows": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"other spaces":             func(s string) string { return strings.ReplaceAll(s, "  ", "\t") },
	} {
		if err := errors.Join(sealed.Write(filepath.Join(dir, result.StudyConfig), config), whole.Save(dir)); err != nil {
			t.Fatal(err)
		}
		rewrite(t, filepath.Join(dir, result.StudyConfig), change)
		if _, got, err := LoadStudy(dir); err != nil || got.Growth.Lag != config.Growth.Lag {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestClaimUnknown checks that nothing is lost when a file cannot be read, or is
// one of another version.
func TestClaimUnknown(t *testing.T) {
	config, whole := smokeResult(t)
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, result.StudyResult), 0o755); err != nil { // a read error
		t.Fatal(err)
	}
	if _, err := claim(t.Context(), dir, config, "go"); err == nil || exists(filepath.Join(dir, result.StudyConfig)) {
		t.Errorf("a result that cannot be read: got error %v", err)
	}

	for _, name := range []string{result.StudyConfig, result.StudyResult} {
		dir := t.TempDir()
		if err := errors.Join(sealed.Write(filepath.Join(dir, result.StudyConfig), config), whole.Save(dir),
			sealed.Write(filepath.Join(dir, name), map[string]any{"seeds": 7})); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadStudy(dir); !sealed.IsOtherVersion(err) {
			t.Errorf("%s of another version: got error %v", name, err)
		}
		if _, err := claim(t.Context(), dir, config, "go"); err != nil || !exists(filepath.Join(dir, name+".old")) {
			t.Errorf("%s of another version is lost, error %v", name, err)
		}
	}
}

// TestTrainingOfOtherVersion checks that a training keeps a configuration that is
// not one of this version.
func TestTrainingOfOtherVersion(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	dir := t.TempDir()
	path := filepath.Join(dir, result.TrainingConfig)
	if err := sealed.Write(path, map[string]any{"later": 7}); err != nil {
		t.Fatal(err)
	}
	config, err := TrainingPreset("bert")
	if err != nil {
		t.Fatal(err)
	}
	if err := config.save(dir); err != nil || !exists(path+".old") || !exists(path) {
		t.Errorf("it is lost, error %v", err)
	}
}

// TestClaimTogether checks that processes that begin at the same time keep the
// damaged results of before, and the good one that one of them writes.
func TestClaimTogether(t *testing.T) {
	config, whole := smokeResult(t)
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	rounds := 20
	if testing.Short() {
		rounds = 1
	}
	dir := filepath.Join(t.TempDir(), "gone") // another process has removed it
	for range rounds {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := claim(t.Context(), dir, config, "go"); err != nil {
					t.Error(err)
				}
				if _, err := save(t.Context(), dir, result.StudyResult, whole, result.LoadStudy, [32]byte{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, _, err := LoadStudy(dir); err != nil {
			t.Error(err)
		}
		if err := os.Truncate(filepath.Join(dir, result.StudyResult), 100); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := claim(t.Context(), dir, config, "go"); err != nil {
		t.Fatal(err)
	}
	if list, err := sealed.Aside(filepath.Join(dir, result.StudyResult)); err != nil || len(list) != rounds {
		t.Errorf("set aside: %v, %v", list, err)
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
