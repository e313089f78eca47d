package trained

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

func tinyT5() ul2.Config {
	return ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 11, HiddenSize: 4, HeadSize: 2, Heads: 2, IntermediateSize: 6, EncoderLayers: 2,
		DecoderLayers: 3, Activation: ul2.GatedGelu, RelativeBuckets: 4, RelativeMaxDistance: 8, NormEpsilon: 1e-6,
		InitializerFactor: 1, Precision: transformer.Float32,
	}
}

// pretrained returns a model whose parameters, moments and update counts are
// numbered in the order of the parameters.
func pretrained(config model.Config) *Model {
	p := &Model{Model: model.Model{Config: config}, Snapshot: train.Snapshot{
		State: growth.State{Params: growth.Tensors{}, Moments: map[string]growth.Tensors{"first": {}, "row": {}}},
		Step:  7, Updates: map[string]int{},
	}}
	for i, param := range config.Parameters() {
		fill := func(shape []int, x float32) growth.Tensor {
			n := 1
			for _, d := range shape {
				n *= d
			}
			return growth.Tensor{Shape: shape, Data: slices.Repeat([]float32{x}, n)}
		}
		p.Params[param.Name] = fill(param.Shape, float32(i))
		p.Moments["first"][param.Name] = fill(param.Shape, float32(100+i))
		if len(param.Shape) == 2 { // as in Adafactor
			p.Moments["row"][param.Name] = fill(param.Shape[:1], float32(200+i))
		}
		p.Updates[param.Name] = 1000 + i
	}
	return p
}

func TestPretrainedRoundTrip(t *testing.T) {
	for _, config := range []model.Config{bert.New(2, 4, 2, 11, 8), tinyT5()} {
		p := pretrained(config)
		vocabulary := filepath.Join(t.TempDir(), "vocab.txt")
		if err := os.WriteFile(vocabulary, []byte("[PAD]\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		p.Files = []string{vocabulary}
		p.Original = map[string]json.RawMessage{"id2label": json.RawMessage(`"a"`)}
		dir := filepath.Join(t.TempDir(), "model")
		if err := p.Save(dir); err != nil {
			t.Fatal(err)
		}
		again, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{filepath.Join(dir, "vocab.txt")}, again.Files); d != "" {
			t.Error(d)
		}
		again.Files = p.Files
		if d := cmp.Diff(p, again); d != "" {
			t.Error(d)
		}
		if err := p.Save(dir); err == nil {
			t.Error("it was overwritten")
		}
	}
}

// TestPretrainedGrow grows encoder and decoder with different maps. The model
// has two kinds of moments and update counts.
func TestPretrainedGrow(t *testing.T) {
	p := pretrained(tinyT5())
	encoder := growth.Custom("encoder", growth.Map{0, 1, 1}, growth.Zero)
	decoder := growth.Custom("decoder", growth.Map{0, 2, growth.New, 1, 2}, growth.Copy)
	encoder.Moments, decoder.Moments = growth.MomentsZeroDuplicates, growth.MomentsZeroDuplicates
	grown, err := p.Grow([]growth.Strategy{encoder, decoder}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if want := tinyT5().WithLayers(3, 5); !cmp.Equal(grown.Model.Config, model.Config(want)) {
		t.Errorf("%+v", grown.Model)
	}
	if grown.Step != 7 {
		t.Errorf("step %d", grown.Step)
	}
	if err := CheckParameters(grown.Params, grown.Model.Parameters()); err != nil {
		t.Fatal(err)
	}
	const query, output = ".layer.0.SelfAttention.q.weight", ".layer.0.SelfAttention.o.weight"
	for name, source := range map[string]string{ // "" means zero
		"shared.weight":                          "shared.weight",
		"decoder.relative_attention_bias.weight": "decoder.relative_attention_bias.weight",
		"encoder.block.1" + output:               "encoder.block.1" + output,
		"encoder.block.2" + query:                "encoder.block.1" + query,
		"encoder.block.2" + output:               "",
		"decoder.block.1" + output:               "decoder.block.2" + output,
		"decoder.block.3" + query:                "decoder.block.1" + query,
		"decoder.block.4" + output:               "decoder.block.2" + output,
	} {
		var want float32
		if source != "" {
			want = p.Params[source].Data[0]
		}
		if got := grown.Params[name].Data[0]; got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
		duplicate := strings.HasPrefix(name, "encoder.block.2") || strings.HasPrefix(name, "decoder.block.4")
		for moment, tensors := range p.Moments {
			want := tensors[source].Data
			if duplicate {
				want = []float32{0}
			}
			if got := grown.Moments[moment][name].Data[0]; got != want[0] {
				t.Errorf("moment %s of %s is %g, want %g", moment, name, got, want[0])
			}
		}
		updates := p.Updates[source]
		if duplicate {
			updates = 0
		}
		if got := grown.Updates[name]; got != updates {
			t.Errorf("updates of %s: %d, want %d", name, got, updates)
		}
	}
	for _, param := range grown.Model.Parameters() {
		if param.Name == "decoder.block.2"+query {
			if d := cmp.Diff(param.Initialize(5), grown.Params[param.Name].Data); d != "" {
				t.Errorf("a new layer does not depend on the seed: %s", d)
			}
		}
	}
}

func TestPretrainedErrors(t *testing.T) {
	p := pretrained(bert.New(2, 4, 2, 11, 8))
	check := func(err error, want ...string) {
		t.Helper()
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v: want %q", err, w)
			}
		}
	}
	_, err := p.Grow([]growth.Strategy{growth.Custom("g", growth.Map{0, 1, 1}, growth.Gated)}, 0)
	check(err, "gated", "while the model trains", `"zero"`)
	_, err = p.Grow(nil, 0)
	check(err, "1 stack of layers")

	root := t.TempDir()
	dir := filepath.Join(root, "model")
	_, err = Load(dir)
	check(err, dir, "lag import")
	if !errors.Is(err, fs.ErrNotExist) || Is(dir) {
		t.Errorf("%v", err)
	}
	if err := p.Save(dir); err != nil {
		t.Fatal(err)
	}
	delete(p.Params, "cls.predictions.bias")
	check(p.Save(filepath.Join(root, "other")), "cls.predictions.bias")

	// The configuration of another model, and an invalid one.
	path := filepath.Join(dir, "model.json")
	for _, c := range []struct {
		text string
		want []string
	}{
		{string(mustJSON(t, model.Model{Config: bert.New(3, 4, 2, 11, 8)})), []string{"bert.encoder.layer.2.", dir}},
		{string(mustJSON(t, model.Model{Config: bert.New(2, 4, 2, 12, 8)})), []string{"[11 4]", "[12 4]"}},
		{string(mustJSON(t, model.Model{Config: bert.New(2, 4, 3, 11, 8)})), []string{"attention heads"}},
		{`{"family":"gpt"}`, []string{path, `no model family "gpt"`}},
		{`{"family":"bert"}`, []string{path, "missing"}},
		{`{`, []string{path}},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Load(dir)
		check(err, c.want...)
		if !Is(dir) {
			t.Errorf("%s: a damaged model directory is not recognized as a model directory", c.text)
		}
	}
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
