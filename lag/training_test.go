package lag_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// smallTraining shrinks a preset so that it trains in a second on the pure-Go
// backend.
func smallTraining(t *testing.T, preset string) lag.Training {
	t.Helper()
	c, err := lag.TrainingPreset(preset)
	if err != nil {
		t.Fatal(err)
	}
	c.Data.Corpus.Source = corpusFile()
	c.SetVocabSize(64)
	c.SetSequenceLength(16)
	if c.Data.Sentinels > 0 {
		c.Data.Sentinels = 8
	}
	switch m := c.Model.Config.(type) {
	case bert.Config:
		m.Layers, m.HiddenSize, m.Heads, m.IntermediateSize, m.HiddenDropout, m.AttentionDropout = 1, 8, 2, 16, 0.1, 0.1
		c.Model.Config = m
	case ul2.Config:
		m.HiddenSize, m.HeadSize, m.Heads, m.IntermediateSize, m.Dropout = 8, 4, 2, 16, 0.1
		if m = m.WithLayers(0, 1); m.Form == ul2.EncoderDecoder {
			m = m.WithLayers(1, 1)
		}
		c.Model.Config = m
	}
	c.BatchSize, c.ValidationBatches, c.EvaluateEvery, c.CheckpointEvery = 4, 2, 10, 4
	c.Schedule = train.Schedule{Kind: train.Linear, Peak: 2e-2, WarmUp: 3, Steps: 20}
	return c
}

// TestTrain trains a small model of every family and form with dropout. The
// loss must fall, and a training that is interrupted must end with the same
// losses. XLA trains only one of them, because it compiles for seconds.
func TestTrain(t *testing.T) {
	for _, preset := range lag.TrainingPresets() {
		t.Run(preset+"/go", func(t *testing.T) { testTrain(t, preset, testbackend.Go(t)) })
	}
	t.Run("ul2/xla", func(t *testing.T) { testTrain(t, "ul2", testbackend.XLA(t)) })
}

func testTrain(t *testing.T, preset string, b *backend.Backend) {
	config := smallTraining(t, preset)
	data := t.TempDir()
	testbackend.Slow(t, b)
	whole, err := lag.Train(context.Background(), config, lag.Options{Dir: t.TempDir(), DataDir: data, Backend: b.Kind})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := float64(whole.Curve[0].Loss), float64(whole.Loss); !(last < first-0.2) {
		t.Errorf("the loss went from %v to %v in %d steps; it should fall by 0.2", first, last, whole.Steps)
	}
	if masked := preset == "bert"; math.IsNaN(float64(whole.ShuffledLoss)) == masked {
		t.Errorf("the loss with the context in random order is %v", whole.ShuffledLoss)
	}

	ctx, cancel := context.WithCancel(context.Background())
	options := lag.Options{Dir: t.TempDir(), DataDir: data, Backend: b.Kind, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseTrain && e.Done == 13 {
			cancel()
		}
	}}
	if _, err := lag.Train(ctx, config, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: got error %v, want %v", err, context.Canceled)
	}
	options.Observe = nil
	resumed, err := lag.Train(context.Background(), config, options)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(resumed.Curve, whole.Curve) {
		t.Errorf("interrupted and resumed: losses %v, want %v", resumed.Curve, whole.Curve)
	}
	for _, file := range []string{"training.json", filepath.Join(filepath.Base(resumed.Dir), "metrics.jsonl")} {
		if _, err := os.Stat(filepath.Join(options.Dir, file)); err != nil {
			t.Error(err)
		}
	}
}

// TestTrainingJSON checks that a configuration is the same after JSON, and that
// unknown and missing fields are errors.
func TestTrainingJSON(t *testing.T) {
	for _, preset := range lag.TrainingPresets() {
		config, err := lag.TrainingPreset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		var back lag.Training
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, config) {
			t.Errorf("%s: read back %+v, want %+v", preset, back, config)
		}
		for _, change := range [][2]string{{`"vocab_size"`, `"vocab_sizes"`}, {`"family":"`, `"family":"x`}, {`"name":"adamw"`, `"name":"sgd"`}} {
			broken := strings.Replace(string(text), change[0], change[1], 1)
			if broken == string(text) {
				t.Fatalf("%s: no %s in %s", preset, change[0], text)
			}
			if json.Unmarshal([]byte(broken), &back) == nil {
				t.Errorf("%s: %s in place of %s is not an error", preset, change[1], change[0])
			}
		}
	}
}

func TestTrainingValidate(t *testing.T) {
	for name, c := range map[string]struct {
		preset string
		change func(*lag.Training)
		want   string
	}{
		"vocabularies":     {"bert", func(c *lag.Training) { c.Data.VocabSize++ }, "does not match"},
		"positions":        {"bert", func(c *lag.Training) { c.Objective.Settings = objective.DefaultMLM(65) }, "longer than the model's 64 positions"},
		"objective":        {"bert", func(c *lag.Training) { c.Objective.Settings = objective.DefaultUL2(64) }, "trains with the objective"},
		"form":             {"ul2", func(c *lag.Training) { c.Objective.Form = objective.DecoderOnly }, "trains with objectives of form"},
		"causal objective": {"prefix-lm", func(c *lag.Training) { c.Objective.Settings = objective.DefaultCausalLM(64) }, "does not train with"},
		"no pairs": {"bert", func(c *lag.Training) {
			m := c.Model.Config.(bert.Config)
			m.NextSentence = true
			c.Model.Config = m
		}, "makes no sentence pairs"},
		"micro-batches": {"bert", func(c *lag.Training) { c.MicroBatches = 5 }, "do not divide"},
		"name":          {"bert", func(c *lag.Training) { c.Name = "a/b" }, "not a name"},
		"name in red":   {"bert", func(c *lag.Training) { c.Name = "a\x1b[31mb" }, "unprintable"},
		"no model":      {"bert", func(c *lag.Training) { c.Model = model.Model{} }, "no model"},
	} {
		config, err := lag.TrainingPreset(c.preset)
		if err != nil {
			t.Fatal(err)
		}
		c.change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, c.want)
		}
	}
}

// TestHeadFirst trains the head alone for the first steps: until then the rest is as
// it was, interrupted or not, and afterwards it changes. It is another run than one
// without, which [lag.Continue] finds by its config.json.
func TestHeadFirst(t *testing.T) {
	config := smallTraining(t, "bert")
	config.HeadFirst, config.CheckpointsAt, config.CheckpointKeep = 8, []int{8}, 1
	data := t.TempDir()
	options := func(observe progress.Observer) lag.Options {
		return lag.Options{Dir: filepath.Join(t.TempDir(), "training"), DataDir: data, Backend: backend.Go, Observe: observe}
	}
	first := options(nil)
	whole, err := lag.Train(t.Context(), config, first)
	if err != nil {
		t.Fatal(err)
	}
	parameters, optimizer := config.Model.Parameters(), config.Optimizer.Optimizer
	begin, err := train.NewState(parameters, optimizer, config.Seed).Snapshot(parameters, optimizer)
	if err != nil {
		t.Fatal(err)
	}
	head := config.Model.Config.(bert.Config).Head()
	for _, step := range []int{8, 20} {
		one := t.TempDir()
		name := fmt.Sprintf("step-%08d.safetensors", step)
		copyFile(t, filepath.Join(one, name), filepath.Join(train.CheckpointDir(whole.Dir), name))
		snap, err := train.LoadCheckpoint(one)
		if err != nil {
			t.Fatal(err)
		}
		for name := range begin.Params {
			same, frozen := reflect.DeepEqual(snap.Params[name], begin.Params[name]), step == 8 && !slices.Contains(head, name)
			if same != frozen {
				t.Errorf("after %d steps: %s is as it was: %t, want %t", step, name, same, frozen)
			}
		}
	}

	for _, at := range []int{5, 13} {
		ctx, cancel := context.WithCancel(t.Context())
		again := options(func(e progress.Event) {
			if e.Phase == progress.PhaseTrain && e.Done == int64(at) {
				cancel()
			}
		})
		if _, err := lag.Train(ctx, config, again); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at %d: %v", at, err)
		}
		resumed, err := lag.Continue(t.Context(), filepath.Join(again.Dir, filepath.Base(whole.Dir)), lag.Options{DataDir: data})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(resumed.Curve, whole.Curve) {
			t.Errorf("interrupted at %d: losses %v, want %v", at, resumed.Curve, whole.Curve)
		}
	}
	config.HeadFirst = 0
	if without, err := lag.Train(t.Context(), config, first); err != nil || without.Dir == whole.Dir {
		t.Errorf("without it the run is %s too, %v", without.Dir, err)
	}
	for steps, want := range map[int]string{-1: "head_first_steps is -1", 21: "between 0 and the 20 steps"} {
		if config.HeadFirst = steps; config.Validate() == nil || !strings.Contains(config.Validate().Error(), want) {
			t.Errorf("%d steps: got error %v", steps, config.Validate())
		}
	}
	tied := smallTraining(t, "ul2")
	m := tied.Model.Config.(ul2.Config)
	m.TieEmbeddings, tied.HeadFirst = true, 1
	if tied.Model.Config = m; tied.Validate() == nil || !strings.Contains(tied.Validate().Error(), "no head of its own") {
		t.Errorf("a tied head: got error %v", tied.Validate())
	}
}

// TestExportIsSaid: that transformers cannot load a model is said before it is
// trained, and nothing is said of one that it can load.
func TestExportIsSaid(t *testing.T) {
	data, level := t.TempDir(), log.GetLevel()
	log.SetLevel(log.WarnLevel)
	defer log.SetLevel(level)
	for preset, want := range map[string]bool{"causal-lm": true, "bert": false} {
		var before strings.Builder // what is logged before the first step
		log.SetOutput(&before)
		config, trains := smallTraining(t, preset), false
		_, err := lag.Train(t.Context(), config, lag.Options{Dir: t.TempDir(), DataDir: data, Backend: backend.Go, Observe: func(e progress.Event) {
			if e.Phase == progress.PhaseTrain && !trains {
				trains = true
				log.SetOutput(io.Discard)
			}
		}})
		log.SetOutput(os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(before.String(), "transformers cannot load what is trained"); said != want {
			t.Errorf("%s: said %t in %q", preset, said, before.String())
		}
	}
}
