package replay_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/replay"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// mustFail checks that a replay returns an error with the given text.
func mustFail(t *testing.T, what, want string, config replay.Config) error {
	t.Helper()
	err := replay.Run(context.Background(), testbackend.Go(t), config, func(replay.Step) error { return nil })
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: got error %q, want one line with %q", what, err, want)
	}
	return err
}

// batchesOf reads the reference batches of a family.
func batchesOf(t *testing.T, family string) map[string]safetensors.Ints {
	t.Helper()
	f, err := safetensors.Open(filepath.Join("testdata", family, "batches.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]safetensors.Ints)
	for _, name := range f.Names() {
		if all[name], err = f.Ints(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// reshape returns a tensor in another shape, truncated or filled with zeros.
func reshape(t safetensors.Ints, shape ...int) safetensors.Ints {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]int32, n)
	copy(data, t.Data)
	return safetensors.Ints{Shape: shape, Data: data}
}

func TestBatchErrors(t *testing.T) {
	type ints = map[string]safetensors.Ints
	set := func(name string, at int, value int32) func(ints) {
		return func(b ints) { b[name].Data[at] = value }
	}
	shape := func(name string, shape ...int) func(ints) {
		return func(b ints) { b[name] = reshape(b[name], shape...) }
	}
	// BERT's batches are [10, 4, 12]; element 58 is row 0, token 10 of batch 1.
	for _, test := range []struct {
		name, family string
		spoil        func(ints)
		want         string
	}{
		{"token", "bert", set("input_ids", 58, 40), "input_ids[1, 0, 10] is 40; the vocabulary has 40 tokens"},
		{"negative token", "bert", set("input_ids", 0, -1), "input_ids[0, 0, 0] is -1"},
		{"ignored token", "bert", set("input_ids", 0, -100), "input_ids[0, 0, 0] is -100"},
		{"label", "bert", set("labels", 58, 40), "labels[1, 0, 10] is 40; the vocabulary has 40 tokens, and -100 stands for no prediction"},
		{"negative label", "bert", set("labels", 58, -1), "labels[1, 0, 10] is -1"},
		{"mask", "bert", set("attention_mask", 58, 2), "attention_mask[1, 0, 10] is 2"},
		{"token type", "bert", set("token_type_ids", 58, 2), "token_type_ids[1, 0, 10] is 2"},
		{"no labels", "bert", func(b ints) { delete(b, "labels") }, "there is no labels"},
		{"no tokens", "bert", func(b ints) { delete(b, "input_ids") }, "there is no input_ids"},
		{"unknown tensor", "bert", func(b ints) { b["position_ids"] = b["labels"] }, "there is a position_ids"},
		{"two axes", "bert", shape("input_ids", 10, 48), "input_ids has shape [10 48]"},
		{"no rows", "bert", shape("input_ids", 10, 0, 12), "input_ids has shape [10 0 12]"},
		{"other batches", "bert", shape("labels", 9, 4, 12), "labels has shape [9 4 12]; input_ids has 10 batches of 4 rows"},
		{"other rows", "bert", shape("attention_mask", 10, 3, 12), "attention_mask has shape [10 3 12]"},
		{"other length", "bert", shape("labels", 10, 4, 11), "labels has shape [10 4 11]; it must be that of input_ids"},
		{"too long", "bert", func(b ints) {
			for name := range b {
				b[name] = reshape(b[name], 10, 4, 15)
			}
		}, "the rows are of 15 tokens; the model has 14 positions"},
		{"nothing predicted", "bert", func(b ints) {
			for i := range 48 {
				b["labels"].Data[3*48+i] = -100
			}
		}, "batch 3, from 0, predicts nothing"},
		{"token", "t5", set("input_ids", 58, 40), "input_ids[1, 0, 10] is 40"},
		{"decoder's token", "t5", set("decoder_input_ids", 7, -100), "decoder_input_ids[0, 1, 0] is -100"},
		{"decoder without tokens", "t5", func(b ints) { delete(b, "decoder_input_ids") }, "there is no decoder_input_ids"},
		{"other length", "t5", shape("labels", 10, 4, 8), "labels has shape [10 4 8]; it must be that of decoder_input_ids"},
		{"token types", "t5", func(b ints) { b["token_type_ids"] = b["input_ids"] }, "there is a token_type_ids"},
	} {
		batches := batchesOf(t, test.family)
		test.spoil(batches)
		config := configOf(t, test.family, "adamw")
		config.Batches = filepath.Join(t.TempDir(), "batches.safetensors")
		if err := (safetensors.Contents{Ints: batches}).Write(config.Batches); err != nil {
			t.Fatal(err)
		}
		mustFail(t, test.family+", "+test.name, test.want, config)
	}

	config := configOf(t, "bert", "adamw")
	config.Batches = filepath.Join(t.TempDir(), "batches.safetensors")
	ids := growth.Tensor{Shape: []int{1, 1, 2}, Data: []float32{1, 2}}
	if err := safetensors.Write(config.Batches, growth.Tensors{"input_ids": ids}, nil); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "floats", "F32, but must have an integer type", config)
	config.Batches += ".gone"
	if err := mustFail(t, "no file", "batches.safetensors.gone", config); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got error %v, want %v", err, os.ErrNotExist)
	}
}

// TestOptionalFields checks that without a mask nothing is padding, and that
// without token types all are 0.
func TestOptionalFields(t *testing.T) {
	b := testbackend.Go(t)
	loss := func(family string, change func(map[string]safetensors.Ints)) float64 {
		batches := batchesOf(t, family)
		change(batches)
		config := configOf(t, family, "adamw")
		config.Steps, config.Batches = 1, filepath.Join(t.TempDir(), "batches.safetensors")
		if err := (safetensors.Contents{Ints: batches}).Write(config.Batches); err != nil {
			t.Fatal(err)
		}
		return run(t, b, config)[0].Loss
	}
	for _, test := range []struct {
		family, field string
		value         int32
	}{{"bert", "attention_mask", 1}, {"bert", "token_type_ids", 0}, {"t5", "attention_mask", 1}} {
		absent := loss(test.family, func(b map[string]safetensors.Ints) { delete(b, test.field) })
		constant := loss(test.family, func(b map[string]safetensors.Ints) {
			for i := range b[test.field].Data {
				b[test.field].Data[i] = test.value
			}
		})
		given := loss(test.family, func(map[string]safetensors.Ints) {})
		if relative(absent, constant) > 1e-6 || relative(absent, given) < 1e-6 {
			t.Errorf("%s: loss %.8g without %s, %.8g with %d everywhere, %.8g as given", test.family, absent, test.field, constant, test.value, given)
		}
	}
}

func TestOptimizerErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                               "not a JSON object",
		`[1]`:                             "not a JSON object",
		`{"lr": 1}`:                       `there is no optimizer ""`,
		`{"name": "sgd", "lr": 1}`:        `there is no optimizer "sgd"`,
		`{"name": "adamw"}`:               "there is no lr",
		`{"name": "adamw", "lr": null}`:   "there is no lr",
		`{"name": "adamw", "lr": 0}`:      "must be positive",
		`{"name": "adamw", "lr": "1e-3"}`: "lr",
		`{"name": "adamw", "lr": 1} {}`:   "after top-level value",
		`{"name": "adamw", "lr": 1, "amsgrad": true}`:                                 `unknown field "amsgrad"`,
		`{"name": "adamw", "lr": 1, "beta2": 1}`:                                      "beta2 1 must lie in [0, 1)",
		`{"name": "adamw", "lr": 1, "schedule": "step"}`:                              `unknown learning-rate schedule "step"`,
		`{"name": "adamw", "lr": 1, "warmup": -1}`:                                    "warm-up of -1",
		`{"name": "adamw", "lr": 1, "schedule_offset": 2}`:                            "schedule_offset is 2",
		`{"name": "adamw", "lr": 1, "schedule_steps": 1}`:                             "schedule_steps is 1, but",
		`{"name": "adafactor", "schedule_offset": 0}`:                                 "schedule_offset left out",
		`{"name": "adamw", "lr": 1, "clip_norm": -1}`:                                 "clip_norm -1",
		`{"name": "adafactor", "lr": 1}`:                                              "lr must be null",
		`{"name": "adafactor", "warmup": 10}`:                                         "warmup 0",
		`{"name": "adafactor", "schedule": "linear"}`:                                 "schedule",
		`{"name": "adafactor", "relative_step": false}`:                               "there is no lr",
		`{"name": "adafactor", "eps": [1e-30]}`:                                       "eps has 1 numbers",
		`{"name": "adafactor", "eps": [1e-30, 1e-3, 1]}`:                              "eps has 3 numbers",
		`{"name": "adafactor", "eps": 1e-8}`:                                          "eps",
		`{"name": "adafactor", "beta2": 0.9}`:                                         `unknown field "beta2"`,
		`{"name": "adafactor", "decay_rate": 0.8}`:                                    "decay_rate is 0.8",
		`{"name": "adafactor", "lr": 1, "relative_step": false, "warmup_init": true}`: "warmup_init needs relative_step",
	} {
		mustFail(t, text, want, configOf(t, "bert", text))
	}
	config := configOf(t, "bert", "adamw")
	config.Optimizer = ""
	mustFail(t, "no optimizer", "an optimizer is needed", config)
	config.Steps = 0
	mustFail(t, "nothing to do", "nothing to do", config)
}

// TestOutTaken checks that an invalid output directory is an error before the first step.
func TestOutTaken(t *testing.T) {
	config := configOf(t, "bert", "adamw")
	config.Out = "testdata"
	err := replay.Run(context.Background(), testbackend.Go(t), config, func(s replay.Step) error {
		t.Errorf("step %d was done", s.Step)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "testdata exists and is not empty") {
		t.Errorf("got error %v", err)
	}
}

// TestRates checks that the reported learning rate is that of the update.
func TestRates(t *testing.T) {
	b := testbackend.Go(t)
	for text, want := range map[string][]float64{
		`{"name": "adamw", "lr": 0.1}`: {0.1, 0.1, 0.1, 0.1},
		`{"name": "adamw", "lr": 0.1, "warmup": 0, "clip_norm": null, "schedule": "constant"}`:        {0.1, 0.1, 0.1, 0.1},
		`{"name": "adamw", "lr": 0.1, "warmup": 2}`:                                                   {0.05, 0.1, 0.1, 0.1},
		`{"name": "adamw", "lr": 0.1, "warmup": 10}`:                                                  {0.01, 0.02, 0.03, 0.04}, // longer than the run
		`{"name": "adamw", "lr": 0.1, "schedule": "linear"}`:                                          {0.1, 0.075, 0.05, 0.025},
		`{"name": "adafactor"}`:                                                                       {0.01, 0.01, 0.01, 0.01},
		`{"name": "adamw", "lr": 0.1, "warmup": 2, "schedule_offset": 1, "schedule_steps": 0}`:        {0.05, 0.1, 0.1, 0.1},
		`{"name": "adafactor", "relative_step": false, "lr": 0.1, "warmup": 2, "schedule_offset": 0}`: {0, 0.05, 0.1, 0.1},
		`{"name": "adafactor", "warmup_init": true}`:                                                  {1e-6, 2e-6, 3e-6, 4e-6},
		`{"name": "adafactor", "relative_step": false, "lr": 0.1, "warmup": 2, "beta1": null}`:        {0.05, 0.1, 0.1, 0.1},
	} {
		config := configOf(t, "bert", text)
		config.Steps = len(want)
		for i, s := range run(t, b, config) {
			if math.Abs(s.Rate-want[i]) > 1e-12 {
				t.Errorf("%s: step %d has rate %g, want %g", text, i, s.Rate, want[i])
			}
		}
	}
}

// TestRatesOfTransformers checks the rates of transformers' schedulers, by the
// formulas of its optimization.py (the factor of the rate at step t, from 0).
func TestRatesOfTransformers(t *testing.T) {
	const peak = 0.1
	warm := func(warmup, t int) float64 { return float64(t) / float64(max(1, warmup)) }
	left := func(warmup, total, t int) float64 { return float64(total-t) / float64(max(1, total-warmup)) }
	factors := map[string]func(warmup, total, t int) float64{
		"constant": func(_, _, _ int) float64 { return 1 },
		"linear":   func(warmup, total, t int) float64 { return max(0, left(warmup, total, t)) },
		"cosine": func(warmup, total, t int) float64 {
			return max(0, 0.5*(1+math.Cos(math.Pi*0.5*2*(1-left(warmup, total, t)))))
		},
	}
	b := testbackend.Go(t)
	for kind, after := range factors {
		for _, c := range []struct{ warmup, total, steps int }{{2, 4, 4}, {0, 4, 4}, {2, 9, 4}, {6, 9, 4}, {4, 4, 4}} {
			config := configOf(t, "bert", fmt.Sprintf(`{"name": "adamw", "lr": %g, "warmup": %d, "schedule": %q, "schedule_steps": %d, "schedule_offset": 0}`, peak, c.warmup, kind, c.total))
			config.Steps = c.steps
			for step, s := range run(t, b, config) {
				want := peak * after(c.warmup, c.total, step)
				if step < c.warmup {
					want = peak * warm(c.warmup, step)
				}
				if math.Abs(s.Rate-want) > 1e-15 {
					t.Errorf("%s, warm-up %d of %d: step %d has rate %g, want %g", kind, c.warmup, c.total, step, s.Rate, want)
				}
			}
		}
	}
}

// TestModelErrors checks that errors of package hf about incomplete models are returned.
func TestModelErrors(t *testing.T) {
	weights, err := os.ReadFile("testdata/bert/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	config := configOf(t, "bert", "adamw")
	config.Weights = filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(config.Weights, weights[:len(weights)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "truncated", "model.safetensors", config)

	f, err := safetensors.Open("testdata/bert/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const name = "bert.encoder.layer.1.output.dense.weight"
	write := func() {
		t.Helper()
		if err := safetensors.Write(config.Weights, all, nil); err != nil {
			t.Fatal(err)
		}
	}
	tensor := all[name]
	delete(all, name)
	write()
	mustFail(t, "missing tensor", name, config)

	all[name] = tensor.Clone()
	all[name].Data[3] = float32(math.NaN())
	write()
	err = mustFail(t, "not a number", "step 0, from 0, diverged", config)
	if diverged, ok := errors.AsType[*replay.DivergedError](err); !ok || diverged.Step != 0 || !math.IsNaN(diverged.Loss) {
		t.Errorf("not a number: got error %#v", err)
	}

	config = configOf(t, "bert", "adamw")
	config.Weights = "testdata/t5/model.safetensors"
	mustFail(t, "T5's weights for BERT", "t5/model.safetensors", config)
	config = configOf(t, "bert", "adamw")
	config.Precision = "float8"
	mustFail(t, "precision", "float8", config)
}

// TestDivergedLater checks a replay whose weights grow without bound, by the
// factor lr x decay a step. It reports the steps before the first number that
// is not finite, and ends with that step.
func TestDivergedLater(t *testing.T) {
	config := configOf(t, "t5", `{"name": "adamw", "lr": 1e4, "weight_decay": 1}`)
	var steps []int
	err := replay.Run(context.Background(), testbackend.Go(t), config, func(s replay.Step) error {
		steps = append(steps, s.Step)
		return nil
	})
	diverged, ok := errors.AsType[*replay.DivergedError](err)
	if !ok || diverged.Step < 1 || !slices.Equal(steps, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}[:diverged.Step]) {
		t.Errorf("steps %v were reported before error %v", steps, err)
	}
}
