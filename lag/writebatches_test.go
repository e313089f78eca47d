package lag_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/replay"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// TestWriteValidation exports what was trained and replays its validation set, each
// batch weighted by its predicted tokens: the loss is that of the training. Both
// families have a class in transformers, BERT's with relative positions too.
func TestWriteValidation(t *testing.T) {
	b := testbackend.Go(t)
	for _, preset := range []string{"bert", "ul2"} {
		config, root := smallTraining(t, preset), t.TempDir()
		config.BatchSize, config.ValidationBatches = 4, 1 // one batch, so that its loss is that of the set
		whole, err := lag.Train(t.Context(), config, lag.Options{Dir: filepath.Join(root, "training"), Backend: backend.Go})
		if err != nil {
			t.Fatal(err)
		}
		m, err := trained.Load(whole.Dir)
		if err != nil {
			t.Fatal(err)
		}
		exported, file := filepath.Join(root, "exported"), filepath.Join(root, "validation.safetensors")
		if err := hf.Save(exported, m.ForTransformers()); err != nil {
			t.Fatal(err)
		}
		if err := lag.WriteValidation(t.Context(), whole.Dir, file, lag.Options{}); err != nil {
			t.Fatal(err)
		}
		optimizer := filepath.Join(root, "optimizer.json")
		if err := os.WriteFile(optimizer, []byte(`{"name": "adamw", "lr": 1e-3}`), 0o666); err != nil {
			t.Fatal(err)
		}
		loss := math.NaN()
		err = replay.Run(t.Context(), b, replay.Config{
			Model: filepath.Join(exported, "config.json"), Weights: filepath.Join(exported, "model.safetensors"), Batches: file, Optimizer: optimizer, Steps: 1,
		}, func(s replay.Step) error {
			loss = s.Loss
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if difference := math.Abs(loss - float64(whole.Loss)); !(difference < 1e-5) {
			t.Errorf("%s: the exported model has the loss %v on what was written, the training %v", preset, loss, whole.Loss)
		}
		if err := lag.WriteValidation(t.Context(), whole.Dir, file, lag.Options{Dir: root}); err == nil {
			t.Errorf("%s: a directory is no error", preset)
		}
		if err := lag.WriteTraining(t.Context(), whole.Dir, file, config.Schedule.Steps+1, lag.Options{}); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("%s: batches of more steps than there are: %v", preset, err)
		}
	}
}

// TestWriteTraining trains a model further, and replays that on the batches that are
// written, from the model it began with: the first step has the loss of the log.
func TestWriteTraining(t *testing.T) {
	b := testbackend.Go(t)
	config, root := smallTraining(t, "bert"), t.TempDir()
	m := config.Model.Config.(bert.Config)
	m.HiddenDropout, m.AttentionDropout = 0, 0
	config.Model.Config = m
	config.Schedule.Steps, config.EvaluateEvery = 4, 4
	data := filepath.Join(root, "data")
	first, err := lag.Train(t.Context(), config, lag.Options{Dir: filepath.Join(root, "first"), DataDir: data, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	if err := config.SetInitial(first.Dir); err != nil {
		t.Fatal(err)
	}
	config.Schedule = train.Schedule{Kind: train.Constant, Peak: 1e-2, Steps: 6}
	config.MicroBatches = 2
	further, err := lag.Train(t.Context(), config, lag.Options{Dir: filepath.Join(root, "further"), DataDir: data, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(further.Dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var logged []float64
	for line := range strings.Lines(string(log)) {
		var event struct {
			Event string  `json:"event"`
			Loss  float64 `json:"loss"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event.Event == "train" {
			logged = append(logged, event.Loss)
		}
	}

	began, err := trained.Load(first.Dir)
	if err != nil {
		t.Fatal(err)
	}
	exported, file, optimizer := filepath.Join(root, "exported"), filepath.Join(root, "training.safetensors"), filepath.Join(root, "optimizer.json")
	if err := hf.Save(exported, began.ForTransformers()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(optimizer, []byte(`{"name": "adamw", "lr": 1e-9}`), 0o666); err != nil {
		t.Fatal(err)
	}
	replayed := func(steps int) (losses []float64) {
		t.Helper()
		if err := lag.WriteTraining(t.Context(), further.Dir, file, steps, lag.Options{DataDir: data}); err != nil {
			t.Fatal(err)
		}
		err := replay.Run(t.Context(), b, replay.Config{
			Model: filepath.Join(exported, "config.json"), Weights: filepath.Join(exported, "model.safetensors"), Batches: file, Optimizer: optimizer, Steps: -1,
		}, func(s replay.Step) error {
			losses = append(losses, s.Loss)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return losses
	}
	// The first step's loss is that of the log: of its two micro-batches, each weighted by
	// its predicted tokens. With hardly any learning rate the second is as before the update.
	all, one := replayed(0), replayed(1)
	contents, err := safetensors.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer contents.Close()
	labels, err := contents.Ints(model.Labels)
	if err != nil {
		t.Fatal(err)
	}
	var predicted [2]float64
	for i, label := range labels.Data {
		if label != -100 {
			predicted[2*i/len(labels.Data)]++
		}
	}
	if len(all) != 12 || len(one) != 2 || !slices.Equal(all[:2], one) || len(logged) != 6 {
		t.Fatalf("of 6 steps of 2 micro-batches %d losses, of 1 step %d, and %d in the log", len(all), len(one), len(logged))
	}
	if weighted := (one[0]*predicted[0] + one[1]*predicted[1]) / (predicted[0] + predicted[1]); math.Abs(weighted-logged[0]) > 1e-5 {
		t.Errorf("the first step has the loss %v on what was written, the training %v", weighted, logged[0])
	}
	if all[2] == all[0] {
		t.Error("two steps have the same batch")
	}
}
