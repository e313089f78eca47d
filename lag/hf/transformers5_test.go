package hf_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// TestFloats: transformers 5 refuses a config.json with 1 for a number that
// need not be whole.
func TestFloats(t *testing.T) {
	bert, t5 := testBERT(), testT5()
	bert.HiddenDropout, t5.Dropout, t5.InitializerFactor = 0, 0, 1
	for want, config := range map[string]model.Config{`"hidden_dropout_prob": 0.0,`: bert, `"initializer_factor": 1.0,`: t5, `"dropout_rate": 0.0,`: t5} {
		dir := filepath.Join(t.TempDir(), "model")
		if err := hf.Save(dir, initialize(config)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}

// TestHeads reads T5 as transformers 5 writes it: scale_decoder_outputs says
// whether the head scales, and it is tied unless the file has another. Logits
// without the scale are H^½ as large. What Save writes from it gives the same
// logits, by transformers 4's rules and by 5's.
func TestHeads(t *testing.T) {
	r := loadReference(t)
	set := func(name string, value any) func(*checkpoint) {
		return func(c *checkpoint) { c.config["tie_word_embeddings"], c.config[name] = true, value }
	}
	scale := math.Sqrt(12) // d_model is 12
	for _, test := range []struct {
		name, base string
		change     func(*checkpoint)
		tied       bool
		scale      ul2.HeadScale
		factor     float64 // of the logits
	}{
		{"4, own head", "t5", func(*checkpoint) {}, false, ul2.ScaleTied, 1},
		{"4, tied", "t5-tied", func(*checkpoint) {}, true, ul2.ScaleTied, 1},
		{"5, own head", "t5", set("scale_decoder_outputs", false), false, ul2.ScaleTied, 1},
		{"5, tied", "t5-tied", set("scale_decoder_outputs", true), true, ul2.ScaleTied, 1},
		{"5, tied, does not scale", "t5-tied", set("scale_decoder_outputs", false), true, ul2.ScaleNever, scale},
		{"5, own head that scales", "t5", set("scale_decoder_outputs", true), false, ul2.ScaleAlways, 1 / scale},
		{"tied says the file, which has a head", "t5", set("scale_decoder_outputs", nil), false, ul2.ScaleAlways, 1 / scale},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openCheckpoint(t, test.base)
			test.change(c)
			m := load(t, c.write(t))
			config := m.Config.(ul2.Config)
			if config.TieEmbeddings != test.tied || config.HeadScale != test.scale {
				t.Errorf("tied %t, scale %q", config.TieEmbeddings, config.HeadScale)
			}
			want := slices.Clone(r.Models[test.base].Logits)
			for i := range want {
				want[i] *= test.factor
			}
			b := testbackend.Go(t)
			logits, _ := r.outputs(t, b, m)
			r.check(t, "logits", logits, want, false)

			dir := filepath.Join(t.TempDir(), "model")
			if err := hf.Save(dir, m); err != nil {
				t.Fatal(err)
			}
			fields := readFields(t, filepath.Join(dir, "config.json"))
			file, err := safetensors.OpenModel(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			_, hasHead := file.Entry("lm_head.weight")
			// To version 4 a head is tied and scales, or neither.
			if tied := fields["tie_word_embeddings"] == true; tied == hasHead || tied != (test.tied && test.scale == ul2.ScaleTied) {
				t.Errorf("tie_word_embeddings %t, a head in the file: %t", tied, hasHead)
			}
			// To version 5 scale_decoder_outputs counts, or else tie_word_embeddings.
			if scales, ok := fields["scale_decoder_outputs"]; ok && scales != fields["tie_word_embeddings"] {
				t.Errorf("scale_decoder_outputs %v, tie_word_embeddings %v", scales, fields["tie_word_embeddings"])
			}
			again := load(t, dir)
			logits, _ = r.outputs(t, b, again)
			r.check(t, "logits of what was written", logits, want, false)
			if test.scale != ul2.ScaleAlways {
				if d := cmp.Diff(m.Config, again.Config); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

// TestAliases: transformers has two names for some fields of T5. Either is
// read, and none is left behind where it would be wrong.
func TestAliases(t *testing.T) {
	c := openCheckpoint(t, "t5")
	c.config["hidden_size"], c.config["num_attention_heads"], c.config["head_dim"] = c.config["d_model"], c.config["num_heads"], c.config["d_kv"]
	delete(c.config, "d_model")
	delete(c.config, "num_heads")
	delete(c.config, "d_kv")
	c.config["num_hidden_layers"] = 7 // as growth by earlier versions left it
	m := load(t, c.write(t))
	if d := cmp.Diff(load(t, "testdata/t5").Config, m.Config); d != "" {
		t.Error(d)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := hf.Save(dir, m); err != nil {
		t.Fatal(err)
	}
	fields := readFields(t, filepath.Join(dir, "config.json"))
	for _, alias := range []string{"hidden_size", "num_attention_heads", "head_dim", "num_hidden_layers"} {
		if value, ok := fields[alias]; ok {
			t.Errorf("%s is still there: %v", alias, value)
		}
	}
}

// TestPythonNumbers: Python's JSON has NaN and Infinity. They are kept where
// they mean nothing here, and refused where they do.
func TestPythonNumbers(t *testing.T) {
	c := openCheckpoint(t, "t5")
	dir := c.write(t)
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(extra string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), "{", "{"+extra, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(`"a": [NaN, -Infinity,Infinity], "b": "NaN, \"Infinity", "c": -1,`)
	if !hf.IsModel(dir) {
		t.Error("it is not taken for a model")
	}
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"top_p": Infinity}`), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "model")
	if err := hf.Save(out, load(t, dir)); err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"config.json":            {"[\n    NaN,\n    -Infinity,\n    Infinity\n  ]", `"b": "NaN, \"Infinity"`, `"c": -1,`},
		"generation_config.json": {`"top_p": Infinity`},
	} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(got), want) {
				t.Errorf("%s: %s lacks %s", name, got, want)
			}
		}
	}

	write(`"a": NaNs,`) // no word of Python
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, "invalid character 'N'")

	c.config["layer_norm_epsilon"] = "?"
	dir = c.write(t)
	path = filepath.Join(dir, "config.json")
	if text, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `"?"`, "NaN", 1))
	write("")
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, "layer_norm_epsilon", "must be a number", path)
}

// TestNotFinite: weights that are no numbers are refused, not copied.
func TestNotFinite(t *testing.T) {
	c := openCheckpoint(t, "bert")
	const query = "bert.encoder.layer.1.attention.self.query.weight"
	values := c.tensors[query].Data
	values[3], values[5] = float32(math.NaN()), float32(math.Inf(-1))
	dir := c.write(t)
	_, err := hf.Load(t.Context(), dir)
	checkError(t, err, dir, query, fmt.Sprintf("2 numbers of %d", len(values)), "not finite", "torch.nan_to_num_")
}
