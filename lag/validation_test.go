package lag_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/replay"
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
	}
}
