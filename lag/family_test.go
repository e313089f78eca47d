package lag_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/mixer"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

// TestOtherFamily checks that a family registered by another package is
// trained, grown, probed and reported, and its models are saved and loaded, as
// with BERT and UL2.
func TestOtherFamily(t *testing.T) {
	config := smoke(t)
	var err error
	if config.Model, err = model.New("mixer", "hidden=8 layers=1 vocabulary=64 length=8"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	study, err := run(t, config, dir, "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	if study.Family != "mixer" || study.From != 1 || study.To != 2 {
		t.Errorf("the result is for a %s of %d to %d layers; want a mixer of 1 to 2", study.Family, study.From, study.To)
	}
	for _, o := range study.Strategies {
		if o.Status != result.StatusComplete || o.FLOPs <= 0 {
			t.Errorf("%s: status %s, %g FLOPs", o.Name, o.Status, o.FLOPs)
		}
	}
	config.Growth.All, config.Growth.Strategies = true, nil
	if names, _ := config.LeftOut(); !slices.Contains(names, "stack-attenuated") {
		t.Errorf("of all strategies %q are left out; want also those that need attention", names)
	}
	config.Growth.Strategies = []string{"stack-attenuated"}
	if _, err := config.Pool(); err == nil || !strings.Contains(err.Error(), "Stack.AttentionProjections") {
		t.Errorf("a strategy that needs attention: error %v", err)
	}
	if table := report.Table(study); !strings.Contains(table, "random-top") {
		t.Errorf("the report has no random-top:\n%s", table)
	}

	one := lag.Training{Name: "one", Task: config.Task, MicroBatches: 1, Schedule: config.Pretrain.Schedule, EvaluateEvery: 10, CheckpointEvery: 10}
	done, err := lag.Train(context.Background(), one, lag.Options{Dir: filepath.Join(dir, "training"), DataDir: filepath.Join(dir, "data"), Backend: "go"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := trained.Load(done.Dir)
	if err != nil {
		t.Fatal(err)
	}
	grown, err := m.Grow([]growth.Strategy{growth.Custom("twice", growth.Map{0, 0}, growth.Copy)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "saved")
	if err := grown.Save(saved); err != nil {
		t.Fatal(err)
	}
	back, err := trained.Load(saved)
	if err != nil {
		t.Fatal(err)
	}
	want := mixer.Config{VocabSize: 64, Hidden: 8, Layers: 2, Length: 8}
	if diff := cmp.Diff(model.Config(want), back.Model.Config); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(grown.Params, back.Params); diff != "" {
		t.Error(diff)
	}
}
