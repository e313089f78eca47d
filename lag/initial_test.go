package lag_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// TestInitialModel grows a model that another study has trained. Without steps
// of its own, the source has the final loss of that study's source.
func TestInitialModel(t *testing.T) {
	config := smoke(t)
	config.Growth.Strategies = []string{"stack"}
	dir, first := doneStudy(t)
	configs, err := filepath.Glob(filepath.Join(dir, "*", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var source string
	for _, path := range configs {
		if model, err := trained.ReadConfig(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		} else if model.Depths()[0] == 1 {
			source = filepath.Dir(path)
		}
	}
	if err := config.SetInitial(source); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "study")
	second, err := run(t, config, again, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	if second.Source.Loss != first.Source.Loss || second.Source.Steps != 0 || second.Source.FLOPs != 0 {
		t.Errorf("the source of the second study has loss %v after %d steps and %g FLOPs; the first study's ended at %v",
			second.Source.Loss, second.Source.Steps, second.Source.FLOPs, first.Source.Loss)
	}
	// The run of a candidate can be continued, and its validation set written, though
	// its model is not that of the directory from which its source starts.
	candidates := 0
	for _, path := range runsOf(t, again) {
		spec, err := engine.ReadSpec(path)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Kind != progress.PhaseProbe {
			continue
		}
		candidates++
		want := resultBytes(t, path, "result.json")
		if err := errors.Join(os.Remove(filepath.Join(path, "result.json")), os.RemoveAll(train.CheckpointDir(path))); err != nil {
			t.Fatal(err)
		}
		if _, err := lag.Continue(t.Context(), path, lag.Options{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, resultBytes(t, path, "result.json")); diff != "" {
			t.Errorf("the candidate continued alone has another result: %s", diff)
		}
	}
	if candidates != 1 {
		t.Errorf("%d candidates", candidates)
	}
	if got, want := config.Growth.To, (growth.Depths{2}); got[0] != want[0] {
		t.Errorf("it grows to %v, want %v", got, want)
	}

	if err := config.SetInitial(t.TempDir()); err == nil {
		t.Error("an empty directory is not an error")
	}
}
