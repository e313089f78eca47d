package inspect_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/log"
	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/inspect"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

func init() { log.SetLevel(log.ErrorLevel) }

func inspected(t *testing.T, path string) (*inspect.Report, string) {
	t.Helper()
	r, err := inspect.Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

func wantText(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the text lacks %q:\n%s", w, text)
		}
	}
}

func wantDamage(t *testing.T, r *inspect.Report, want ...string) {
	t.Helper()
	if len(r.Damage) != len(want) {
		t.Errorf("damage %q, want %q", r.Damage, want)
		return
	}
	for i, w := range want {
		if !strings.Contains(r.Damage[i], w) {
			t.Errorf("damage %q, want %q", r.Damage[i], w)
		}
	}
}

// smallModel returns a BERT of three layers with known weights. The last layer
// is a copy of the second.
func smallModel() *trained.Model {
	config := bert.New(3, 4, 2, 11, 8)
	p := &trained.Model{Model: model.Model{Config: config}, Snapshot: train.Snapshot{
		State: growth.State{Params: growth.Tensors{}, Moments: map[string]growth.Tensors{"first": {}}}, Step: 7, Optimizer: "adamw",
	}}
	for _, param := range config.Parameters() {
		data := make([]float32, param.Size())
		for i := range data {
			switch {
			case strings.Contains(param.Name, "layer.0.attention") && i%2 == 0:
				data[i] = 3
			case strings.Contains(param.Name, "layer.0.attention"):
				data[i] = -4
			case strings.Contains(param.Name, "layer.0."):
				data[i] = 2
			default:
				data[i] = 1
			}
		}
		p.Params[param.Name] = growth.Tensor{Shape: param.Shape, Data: data}
		p.Moments["first"][param.Name] = growth.Tensor{Shape: param.Shape, Data: data}
	}
	return p
}

func save(t *testing.T, p *trained.Model) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model[1]") // the brackets must not act as a glob pattern
	if err := p.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestModel(t *testing.T) {
	dir := save(t, smallModel())
	r, text := inspected(t, dir)
	wantDamage(t, r)
	// By hand: H=4, F=16, V=11, 8 positions, 2 segments.
	const attention, feedForward = 3 * 4 * (4*4 + 4), 3 * (2*4*16 + 16 + 4)
	want := []inspect.Group{
		{Name: "embeddings", Count: (11 + 8 + 2) * 4, Bytes: 4 * (11 + 8 + 2) * 4},
		{Name: "attention", Count: attention, Bytes: 4 * attention},
		{Name: "feed-forward", Count: feedForward, Bytes: 4 * feedForward},
		{Name: "normalization", Count: 7 * 8, Bytes: 4 * 7 * 8},
		{Name: "head", Count: 4*4 + 4 + 8 + 11, Bytes: 4 * (4*4 + 4 + 8 + 11)},
	}
	if d := cmp.Diff(want, r.Groups); d != "" {
		t.Error(d)
	}
	if n := smallModel().Model.ParameterCount(); r.Count != n || r.Bytes != int64(4*n) {
		t.Errorf("%d parameters of %d bytes, want %d", r.Count, r.Bytes, n)
	}
	one := 1
	const stack = "bert.encoder.layer."
	layers := []inspect.Layer{
		{Stack: stack, Index: 0, Attention: math.Sqrt((9 + 16) / 2.0), FeedForward: 2, Norm: math.Sqrt(((9+16)/2.0 + 4) / 2)},
		{Stack: stack, Index: 1, Attention: 1, FeedForward: 1, Norm: 1},
		{Stack: stack, Index: 2, Attention: 1, FeedForward: 1, Norm: 1, Same: &one},
	}
	if d := cmp.Diff(layers, r.Layers); d != "" {
		t.Error(d)
	}
	if r.Kind != inspect.Model || r.Family != "bert" || r.State.Step != 7 || r.State.Optimizer != "adamw" || r.Checksum != "correct" {
		t.Errorf("%+v, %+v", r, r.State)
	}
	wantText(t, text, "bert of 3 layers, hidden size 4", "step 7", "adamw, moments first of 58 parameters", "same as 1", "No damage", "3.5355  ████████████████ ", "1.0000  ████▌")
}

// TestDamage checks that damage is reported, and that the rest is described as
// far as it can be read.
func TestDamage(t *testing.T) {
	p := smallModel()
	dir := save(t, p)
	p.Step = 9
	if err := train.SaveCheckpoint(train.CheckpointDir(dir), p.Snapshot); err != nil {
		t.Fatal(err)
	}
	newest := filepath.Join(train.CheckpointDir(dir), "step-00000009.safetensors")
	whole, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	change := func(contents []byte) {
		t.Helper()
		if err := os.WriteFile(newest, contents, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-3] ^= 1
	change(flipped)
	r, text := inspected(t, dir)
	wantDamage(t, r, "checksum")
	if r.State.Step != 7 || r.Weights == newest || len(r.State.Checkpoints) != 2 {
		t.Errorf("%s, %+v", r.Weights, r.State)
	}
	wantText(t, text, "DAMAGE  "+newest)
	change(whole[:len(whole)/2])
	if r, _ = inspected(t, dir); r.State.Step != 7 {
		t.Errorf("%+v", r.State)
	}
	wantDamage(t, r, newest)

	// A value that is not finite, a parameter with the wrong shape, and an
	// extra one.
	p.Params["bert.encoder.layer.1.output.dense.weight"].Data[5] = float32(math.Inf(1))
	p.Params["cls.predictions.bias"] = growth.Tensor{Shape: []int{2}, Data: []float32{1, float32(math.NaN())}}
	p.Params["extra"] = p.Params["cls.predictions.transform.dense.bias"]
	delete(p.Params, "bert.embeddings.LayerNorm.bias")
	if err := train.SaveCheckpoint(train.CheckpointDir(dir), p.Snapshot); err != nil {
		t.Fatal(err)
	}
	r, _ = inspected(t, dir)
	wantDamage(t, r, "1 of the 64 numbers of bert.encoder.layer.1.output.dense.weight", "1 of the 2 numbers of cls.predictions.bias",
		"1 of the 64 numbers of moment.first/bert.encoder.layer.1.output.dense.weight",
		"lacks the model's parameter bert.embeddings.LayerNorm.bias", "cls.predictions.bias has shape [2]", "a parameter extra")
}

func TestTransformers(t *testing.T) {
	const half = "../hf/testdata/bert-half"
	r, text := inspected(t, half)
	wantDamage(t, r)
	if r.Kind != inspect.Transformers || r.Checksum != "none" || r.State != nil || r.Bytes != int64(2*r.Count) {
		t.Errorf("%+v", r)
	}
	wantText(t, text, "of BF16", "checksum none", "tokenizer", "none that can be read")

	r, text = inspected(t, "../hf/testdata/t5")
	wantDamage(t, r)
	var stacks []string
	for _, l := range r.Layers {
		stacks = append(stacks, l.Stack)
	}
	if d := cmp.Diff([]string{"encoder.block.", "decoder.block.", "decoder.block."}, stacks); d != "" {
		t.Error(d)
	}
	wantText(t, text, "ul2 encoder-decoder of 1+2 layers", "untied head")

	// The tensors of a model that is not supported are described too.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"model_type": "gpt2"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	weights := growth.Tensors{"h.0.weight": {Shape: []int{2}, Data: []float32{1, 2}}}
	if err := safetensors.Write(filepath.Join(dir, "model.safetensors"), weights, nil); err != nil {
		t.Fatal(err)
	}
	r, _ = inspected(t, dir)
	wantDamage(t, r, `"gpt2"`)
	if r.Count != 2 {
		t.Errorf("%d parameters", r.Count)
	}
}

func TestFile(t *testing.T) {
	r, text := inspected(t, "../hf/testdata/bert/model.safetensors")
	wantDamage(t, r)
	if r.Kind != inspect.File || r.Family != "bert" || len(r.Layers) != 2 {
		t.Errorf("%+v", r)
	}
	wantText(t, text, "a safetensors file", "family bert, by the names of its tensors")
	whole, err := os.ReadFile(filepath.FromSlash("../hf/testdata/bert/model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := os.WriteFile(path, whole[:100], 0o666); err != nil {
		t.Fatal(err)
	}
	r, text = inspected(t, path)
	wantDamage(t, r, path)
	wantText(t, text, "DAMAGE")
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing"), "inspect_test.go"} {
		if _, err := inspect.Inspect(path); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
