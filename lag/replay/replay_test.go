package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/replay"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// expected holds the results of testdata/reference.py for 10 steps in PyTorch.
type expected struct {
	Optimizer json.RawMessage    `json:"optimizer"`
	Losses    []float64          `json:"losses"`
	Norms     []float64          `json:"grad_norms"`
	Weights   map[string]float64 `json:"weights"` // Euclidean norm of each tensor after the last step, by Hugging Face's name
}

var families = []string{"bert", "t5"}

func readExpected(t *testing.T, family string) map[string]expected {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", family, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]expected
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// configOf returns the configuration for a family's reference, with an
// optimizer of its expected.json or another in JSON.
func configOf(t *testing.T, family, optimizer string) replay.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "optimizer.json")
	text := []byte(optimizer)
	if e, ok := readExpected(t, family)[optimizer]; ok {
		text = e.Optimizer
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("testdata", family)
	return replay.Config{
		Model: filepath.Join(dir, "config.json"), Weights: filepath.Join(dir, "model.safetensors"),
		Batches: filepath.Join(dir, "batches.safetensors"), Optimizer: path, Steps: -1,
	}
}

// run replays the training and returns the steps.
func run(t *testing.T, b *backend.Backend, config replay.Config) []replay.Step {
	t.Helper()
	var steps []replay.Step
	err := replay.Run(context.Background(), b, config, func(s replay.Step) error {
		steps = append(steps, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func tensorsOf(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	data := make(map[string][]float32)
	for name, tensor := range all {
		data[name] = tensor.Data
	}
	return data
}

func relative(got, want float64) float64 { return math.Abs(got/want - 1) }

// TestReference compares losses, gradient norms and final weights with PyTorch.
// float32 rounds to 6e-8; the tolerances allow for other orders of summation.
// XLA takes seconds to compile a step, so it runs one test of each family.
func TestReference(t *testing.T) {
	onXLA := map[string]string{"bert": "adamw", "t5": "adafactor-fixed"}
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, family := range families {
			for name, want := range readExpected(t, family) {
				if b.Kind == backend.Go || onXLA[family] == name {
					t.Run(family+" "+name, func(t *testing.T) { testReference(t, b, family, name, want) })
				}
			}
		}
	})
}

func testReference(t *testing.T, b *backend.Backend, family, name string, want expected) {
	testbackend.Slow(t, b)
	config := configOf(t, family, name)
	config.Out = filepath.Join(t.TempDir(), "trained")
	steps := run(t, b, config)
	if len(steps) != len(want.Losses) {
		t.Fatalf("%d steps, want %d", len(steps), len(want.Losses))
	}
	for i, s := range steps {
		if s.Step != i || !(relative(s.Loss, want.Losses[i]) < 5e-6) || !(relative(s.GradientNorm, want.Norms[i]) < 5e-5) {
			t.Errorf("step %d: loss %.8g, norm of the gradient %.8g; PyTorch has %.8g and %.8g", s.Step, s.Loss, s.GradientNorm, want.Losses[i], want.Norms[i])
		}
	}
	weights := tensorsOf(t, filepath.Join(config.Out, "model.safetensors"))
	if len(weights) != len(want.Weights) {
		t.Errorf("%d trained tensors, want %d", len(weights), len(want.Weights))
	}
	for name, norm := range want.Weights {
		if strings.HasSuffix(name, "key.bias") {
			continue // its gradient is only rounding errors, because softmax does not depend on it
		}
		var squares float64
		for _, x := range weights[name] {
			squares += float64(x) * float64(x)
		}
		if got := math.Sqrt(squares); !(relative(got, norm) < 5e-5) {
			t.Errorf("%s has norm %.8g after training, want %.8g", name, got, norm)
		}
	}
}

// TestLogits compares the logits of the first batch, except at padding, where
// they have no meaning.
func TestLogits(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		for _, family := range families {
			if largest := logitsApart(t, b, family, transformer.Float32); !(largest < 1e-5) {
				t.Errorf("%s: logits are up to %g from PyTorch's, want 1e-5", family, largest)
			}
		}
	})
}

// TestPrecision checks that bfloat16, which has 8 bits of precision, is close
// to float32. The logits are of order 1.
func TestPrecision(t *testing.T) {
	b := testbackend.XLA(t)
	testbackend.Slow(t, b)
	for _, family := range families {
		if largest := logitsApart(t, b, family, transformer.BFloat16); !(largest > 1e-4 && largest < 0.1) {
			t.Errorf("%s: logits in bfloat16 are up to %g from those in float32, want 1e-4 to 0.1", family, largest)
		}
	}
}

// logitsApart returns the largest difference from PyTorch's logits.
func logitsApart(t *testing.T, b *backend.Backend, family string, precision transformer.Precision) float64 {
	t.Helper()
	config := configOf(t, family, "adamw")
	config.Optimizer, config.Steps, config.Precision = "", 0, precision
	config.Logits = filepath.Join(t.TempDir(), "logits.safetensors")
	if steps := run(t, b, config); len(steps) > 0 {
		t.Errorf("%s: %d steps where none was asked for", family, len(steps))
	}
	got := tensorsOf(t, config.Logits)["logits"]
	want := tensorsOf(t, filepath.Join("testdata", family, "logits.safetensors"))["logits"]
	if len(got) != len(want) {
		t.Fatalf("%s: %d logits, want %d", family, len(got), len(want))
	}
	f, err := safetensors.Open(config.Batches)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name, padding := "attention_mask", int32(0)
	if family == "t5" {
		name, padding = "labels", -100
	}
	mask, err := f.Ints(name)
	if err != nil {
		t.Fatal(err)
	}
	positions := mask.Shape[1] * mask.Shape[2] // of the first batch
	V, compared, largest := len(want)/positions, 0, 0.0
	for i, x := range mask.Data[:positions] {
		if x == padding {
			continue
		}
		for j := i * V; j < (i+1)*V; j++ {
			compared++
			largest = max(largest, math.Abs(float64(got[j]-want[j])))
		}
	}
	if compared == 0 || compared == len(want) {
		t.Errorf("%s: %d of %d logits are compared; the batch should have some padding", family, compared, len(want))
	}
	return largest
}

// TestOut checks that the trained model keeps its configuration and can be replayed further.
func TestOut(t *testing.T) {
	b := testbackend.Go(t)
	for _, family := range families {
		config := configOf(t, family, "adamw")
		config.Steps, config.Out = 3, filepath.Join(t.TempDir(), "trained")
		run(t, b, config)
		trained, err := hf.Load(context.Background(), config.Out)
		if err != nil {
			t.Fatal(err)
		}
		source, err := hf.LoadConfig(config.Model)
		if err != nil {
			t.Fatal(err)
		}
		if trained.Config != source {
			t.Errorf("%s: the trained model's configuration is %+v, the source's %+v", family, trained.Config, source)
		}
		config.Model, config.Weights = filepath.Join(config.Out, "config.json"), filepath.Join(config.Out, "model.safetensors")
		config.Steps, config.Out = 1, ""
		again := run(t, b, config)[0].Loss
		if first := readExpected(t, family)["adamw"].Losses[0]; !(again < first) {
			t.Errorf("%s: the loss of the first batch is %g after three steps, %g before", family, again, first)
		}
	}
}

// TestInitial checks that a model without weights starts from initial ones, which depend
// on the seed.
func TestInitial(t *testing.T) {
	b := testbackend.Go(t)
	loss := func(seed int64) float64 {
		config := configOf(t, "bert", "adamw")
		config.Weights, config.Steps, config.Seed = "", 1, seed
		return run(t, b, config)[0].Loss
	}
	first, again, other := loss(1), loss(1), loss(2)
	if first != again || first == other {
		t.Errorf("losses %g and %g with one seed, %g with another", first, again, other)
	}
	if math.Abs(first-math.Log(40)) > 0.1 { // all 40 tokens of the vocabulary equally likely
		t.Errorf("the loss of initial weights is %g, want about log 40", first)
	}
}

// TestDropout checks that dropout is off by default and depends on the seed.
func TestDropout(t *testing.T) {
	b := testbackend.Go(t)
	for _, family := range families {
		loss := func(dropout bool, seed int64) float64 {
			config := configOf(t, family, "adamw")
			config.Steps, config.Dropout, config.Seed = 1, dropout, seed
			return run(t, b, config)[0].Loss
		}
		off, on := loss(false, 1), loss(true, 1)
		if off == on || on != loss(true, 1) || on == loss(true, 2) {
			t.Errorf("%s: loss %g without dropout, %g with it, %g again, %g with another seed", family, off, on, loss(true, 1), loss(true, 2))
		}
		if off != loss(false, 2) {
			t.Errorf("%s: the seed changes the loss without dropout", family)
		}
	}
}

func TestCycle(t *testing.T) {
	b := testbackend.Go(t)
	config := configOf(t, "bert", `{"name": "adamw", "lr": 1e-30, "clip_norm": 1}`)
	config.Steps = 11
	err := replay.Run(context.Background(), b, config, func(replay.Step) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "11 steps but 10 batches") {
		t.Errorf("11 steps with 10 batches: got error %v", err)
	}
	config.Cycle = true
	if steps := run(t, b, config); len(steps) != 11 || relative(steps[10].Loss, steps[0].Loss) > 1e-6 || steps[1].Loss == steps[0].Loss {
		t.Errorf("the steps of a cycle are %+v; the last should be the first again", steps)
	}
}

// TestCanceled checks that a canceled context ends a replay between two steps, and that
// nothing is written.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	config := configOf(t, "bert", "adamw")
	config.Out = filepath.Join(t.TempDir(), "trained")
	steps := 0
	err := replay.Run(ctx, testbackend.Go(t), config, func(replay.Step) error {
		if steps++; steps == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("%d steps and error %v; want 2 and %v", steps, err, context.Canceled)
	}
	if _, err := os.Stat(config.Out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the model was written, or %v", err)
	}
}

// TestObserve checks that an error of the observer ends a replay.
func TestObserve(t *testing.T) {
	full := errors.New("disk full")
	err := replay.Run(context.Background(), testbackend.Go(t), configOf(t, "bert", "adamw"), func(replay.Step) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("got error %v, want %v", err, full)
	}
}
