package lag_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
)

// TestSeeds checks that a study with two seeds gives the same bytes twice.
// Candidates with the same seed train on the same batches, and those with
// different seeds on different ones.
func TestSeeds(t *testing.T) {
	config := smoke(t)
	config.Growth.Seeds = []int64{5, 6}
	config.Growth.Strategies = []string{"stack", "stack-gated"}
	// It computes the same as stack, except for the updates.
	twin := growth.Custom("twin", growth.Map{0, 0}, growth.Copy)
	twin.Moments = growth.MomentsReset
	config.Growth.Custom = growth.Pool{twin}
	root := t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	result, err := run(t, config, a, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, result, config)
	if _, err := run(t, config, b, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, a, "result.json") != resultBytes(t, b, "result.json") {
		t.Error("two runs of one study gave different results")
	}

	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	stack, _ := pool.ByName("stack")
	runs := recordedRuns(t, a)
	if want := 1 + 2*len(pool)*2; len(runs) != want { // each candidate also has a decay branch
		t.Errorf("the study has %d runs, want %d", len(runs), want)
	}
	first := func(s growth.Strategy, seed int64) float64 {
		t.Helper()
		r, ok := of(runs, progress.PhaseProbe, s, seed)
		if !ok || len(r.training()) == 0 {
			t.Fatalf("strategy %s was not trained under seed %d", s.Name, seed)
		}
		if want := config.Pretrain.Schedule.Steps; r.FirstBatch != want {
			t.Errorf("strategy %s starts with batch %d, want %d, the one after pretraining", s.Name, r.FirstBatch, want)
		}
		return r.training()[0].Loss
	}
	for _, seed := range config.Growth.Seeds {
		if a, b := first(stack, seed), first(twin, seed); a != b {
			t.Errorf("with seed %d the first training loss is %v in stack and %v in twin: the batches differ", seed, a, b)
		}
	}
	if a, b := first(stack, 5), first(stack, 6); a == b {
		t.Errorf("with both seeds the first training loss is %v: the batches are the same", a)
	}
	if a, b := result.Under(0)[0], result.Under(1)[0]; a.Curve[0] != b.Curve[0] || a.Final == b.Final {
		t.Errorf("with two seeds, stack must start from the same loss and end with different ones; the curves are %v and %v", a.Curve, b.Curve)
	}
}

// TestFamilies checks that studies of an encoder-decoder and of a prefix-LM
// complete, with the same bytes twice.
func TestFamilies(t *testing.T) {
	for preset, to := range map[string]growth.Depths{"ul2": {2, 2}, "prefix-lm": {2}} {
		t.Run(preset, func(t *testing.T) {
			small := smallTraining(t, preset)
			config := smoke(t)
			config.Task = small.Task
			config.Growth.To = to
			root := t.TempDir()
			a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
			result, err := run(t, config, a, backend.Go, nil)
			if err != nil {
				t.Fatal(err)
			}
			check(t, result, config)
			encoder := 0
			if len(to) == 2 {
				encoder = 1
			}
			if result.From != 1 || result.To != 2 || result.EncoderFrom != encoder || result.EncoderTo != 2*encoder || result.Family != "ul2" {
				t.Errorf("result.json says %s from %d to %d, encoders from %d to %d", result.Family, result.From, result.To, result.EncoderFrom, result.EncoderTo)
			}
			for _, o := range result.Strategies {
				if len(o.Map) != 2 || len(o.Encoder) != 2*encoder {
					t.Errorf("strategy %s has the maps %v and %v", o.Name, o.Map, o.Encoder)
				}
			}
			if _, err := run(t, config, b, backend.Go, nil); err != nil {
				t.Fatal(err)
			}
			if resultBytes(t, a, "result.json") != resultBytes(t, b, "result.json") {
				t.Error("two runs of one study gave different results")
			}
			loaded, again, err := lag.LoadStudy(a)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(again, config) || loaded.Verdict != result.Verdict {
				t.Errorf("the loaded configuration is %+v, want %+v", again, config)
			}
		})
	}
}
