package hf_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/safetensors"
)

func load(t *testing.T, dir string) *hf.Model {
	t.Helper()
	m, err := hf.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// initialize returns a model with its initial weights.
func initialize(config model.Config) *hf.Model {
	m := &hf.Model{Config: config, Params: make(growth.Tensors)}
	for _, p := range config.Parameters() {
		m.Params[p.Name] = growth.Tensor{Shape: p.Shape, Data: p.Initialize(1)}
	}
	return m
}

func testBERT() bert.Config {
	c := bert.New(2, 8, 2, 19, 10)
	c.HiddenDropout, c.AttentionDropout, c.LayerNormEpsilon, c.InitializerRange, c.IntermediateSize = 0.1, 0.2, 1e-5, 0.03, 12
	return c
}

func testT5() ul2.Config {
	return ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 19, HiddenSize: 8, HeadSize: 3, Heads: 2, IntermediateSize: 12, EncoderLayers: 2,
		DecoderLayers: 1, Activation: ul2.GatedSilu, RelativeBuckets: 8, RelativeMaxDistance: 20, NormEpsilon: 1e-5,
		Dropout: 0.2, InitializerFactor: 0.5, Precision: transformer.Float32,
	}
}

// TestRoundTrip saves and loads models of all kinds: configuration and weights
// come back.
func TestRoundTrip(t *testing.T) {
	nextSentence, preNorm, both, tied := testBERT(), testBERT(), testBERT(), testT5()
	nextSentence.NextSentence, preNorm.PreNorm = true, true
	both.NextSentence, both.PreNorm = true, true
	relative := testBERT()
	relative.Positions = bert.Relative
	tied.TieEmbeddings, tied.Activation = true, ul2.GatedGelu
	for name, config := range map[string]model.Config{"bert": testBERT(), "next sentence": nextSentence, "pre-norm": preNorm, "both": both, "relative": relative, "t5": testT5(), "t5 tied": tied} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "deep", "model")
			m := initialize(config)
			if err := hf.Save(dir, m); err != nil {
				t.Fatal(err)
			}
			if name == "relative" { // MPNet has no segments: what B has is lost
				types := m.Params["bert.embeddings.token_type_embeddings.weight"].Data
				copy(types[len(types)/2:], types)
			}
			again := load(t, dir)
			if d := cmp.Diff(config, again.Config); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(m.Params, again.Params); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLossless: what is trained with settings that transformers does not know
// is saved as the model that it is.
func TestLossless(t *testing.T) {
	c := testBERT()
	c.Positions, c.Precision, c.GradientCheckpointing = bert.Sinusoidal, transformer.BFloat16, true
	dir := filepath.Join(t.TempDir(), "model")
	if err := hf.Save(dir, initialize(c)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testBERT(), load(t, dir).Config); d != "" {
		t.Error(d)
	}
}

// checkpoint is a copy of testdata/bert or another, to be changed.
type checkpoint struct {
	config  map[string]any
	tensors growth.Tensors
}

func openCheckpoint(t *testing.T, name string) *checkpoint {
	t.Helper()
	dir := filepath.Join("testdata", name)
	c := &checkpoint{}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err == nil {
		err = json.Unmarshal(text, &c.config)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.OpenModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if c.tensors, err = file.ReadAll(); err != nil {
		t.Fatal(err)
	}
	return c
}

// write returns the directory of the checkpoint as it is now.
func (c *checkpoint) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(c.config)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), text, 0o666)
	}
	if err == nil {
		err = safetensors.Write(filepath.Join(dir, "model.safetensors"), c.tensors, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (c *checkpoint) rename(change func(string) string) {
	renamed := make(growth.Tensors)
	for name, tensor := range c.tensors {
		renamed[change(name)] = tensor
	}
	c.tensors = renamed
}

// TestVariants loads checkpoints of the same model in the ways in which they
// were published over the years.
func TestVariants(t *testing.T) {
	scalar := func(n int) growth.Tensor { return growth.Tensor{Shape: []int{1, n}, Data: make([]float32, n)} }
	for _, test := range []struct {
		name, base string
		change     func(*checkpoint)
	}{
		{"gamma and beta", "bert", func(c *checkpoint) {
			c.rename(func(name string) string {
				return strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace(name)
			})
		}},
		{"no prefix", "bert", func(c *checkpoint) {
			c.rename(func(name string) string { return strings.TrimPrefix(name, "bert.") })
		}},
		{"tied head and positions are there", "bert", func(c *checkpoint) {
			c.tensors["cls.predictions.decoder.weight"] = c.tensors["bert.embeddings.word_embeddings.weight"]
			c.tensors["cls.predictions.decoder.bias"] = c.tensors["cls.predictions.bias"]
			c.tensors["bert.embeddings.position_ids"] = scalar(12)
		}},
		{"only the decoder's bias", "bert", func(c *checkpoint) {
			c.tensors["cls.predictions.decoder.bias"] = c.tensors["cls.predictions.bias"]
			delete(c.tensors, "cls.predictions.bias")
		}},
		{"next-sentence head is left out", "bert", func(c *checkpoint) {
			c.tensors["bert.pooler.dense.weight"], c.tensors["bert.pooler.dense.bias"] = scalar(256), scalar(16)
			c.tensors["cls.seq_relationship.weight"], c.tensors["cls.seq_relationship.bias"] = scalar(32), scalar(2)
		}},
		{"defaults are absent", "bert", func(c *checkpoint) {
			for _, name := range []string{"architectures", "hidden_act", "layer_norm_eps", "position_embedding_type", "type_vocab_size", "dtype", "hidden_dropout_prob"} {
				delete(c.config, name)
			}
		}},
		{"embeddings twice, unused table", "t5", func(c *checkpoint) {
			c.tensors["encoder.embed_tokens.weight"] = c.tensors["shared.weight"]
			c.tensors["decoder.embed_tokens.weight"] = c.tensors["shared.weight"]
			c.tensors["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = scalar(3)
		}},
		{"embeddings of the encoder only", "t5", func(c *checkpoint) {
			c.tensors["encoder.embed_tokens.weight"] = c.tensors["shared.weight"]
			delete(c.tensors, "shared.weight")
		}},
		{"tied head is there", "t5-tied", func(c *checkpoint) { c.tensors["lm_head.weight"] = c.tensors["shared.weight"] }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openCheckpoint(t, test.base)
			test.change(c)
			got, want := load(t, c.write(t)), load(t, filepath.Join("testdata", test.base))
			if d := cmp.Diff(want.Config, got.Config); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(want.Params, got.Params); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMalformed: what does not fit is refused, with what, where and what to do.
func TestMalformed(t *testing.T) {
	const word, query = "bert.embeddings.word_embeddings.weight", "bert.encoder.layer.1.attention.self.query.weight"
	set := func(name string, value any) func(*checkpoint) {
		return func(c *checkpoint) { c.config[name] = value }
	}
	for _, test := range []struct {
		name, base string
		change     func(*checkpoint)
		want       []string
	}{
		{"missing tensor", "bert", func(c *checkpoint) { delete(c.tensors, query) }, []string{"lacks 1 tensor of", query}},
		{"no head", "bert", func(c *checkpoint) { *c = *encoder(t) }, []string{"cls.predictions.transform.dense.weight", "without the head", "new head"}},
		{"left over", "bert", func(c *checkpoint) { c.tensors["bert.extra"] = c.tensors[word] }, []string{"holds 1 tensor that", "bert.extra"}},
		{"many left over", "bert", set("num_hidden_layers", 1), []string{"holds 16 tensors", "and 8 more"}},
		{"shape", "bert", func(c *checkpoint) {
			c.tensors[query] = growth.Tensor{Shape: []int{8, 18}, Data: c.tensors[query].Data}
		}, []string{query, "[8 18]", "[12 12]"}},
		{"other size", "bert", set("vocab_size", 40), []string{word, "[41 12]", "[40 12]"}},
		{"untied head", "bert", func(c *checkpoint) {
			other := c.tensors[word].Clone()
			other.Data[3]++
			c.tensors["cls.predictions.decoder.weight"] = other
		}, []string{"cls.predictions.decoder.weight", "not equal"}},
		{"two names", "bert", func(c *checkpoint) {
			c.tensors["bert.embeddings.LayerNorm.gamma"] = c.tensors["bert.embeddings.LayerNorm.weight"]
		}, []string{"twice", "LayerNorm.gamma"}},
		{"untied T5 embeddings", "t5", func(c *checkpoint) {
			other := c.tensors["shared.weight"].Clone()
			other.Data[0]++
			c.tensors["decoder.embed_tokens.weight"] = other
		}, []string{"decoder.embed_tokens.weight", "not equal to shared.weight"}},
		{"T5 without head", "t5", func(c *checkpoint) { delete(c.tensors, "lm_head.weight") }, []string{"lacks 1 tensor of", "lm_head.weight"}},
		{"T5's body by transformers 5", "t5", func(c *checkpoint) {
			delete(c.tensors, "lm_head.weight")
			c.config["architectures"], c.config["tie_word_embeddings"], c.config["scale_decoder_outputs"] = []string{"T5Model"}, true, false
		}, []string{"lacks 1 tensor of", "lm_head.weight"}},
		{"absolute positions of MPNet", "mpnet", func(c *checkpoint) {
			c.tensors["mpnet.embeddings.position_embeddings.weight"].Data[12*5+3]++
		}, []string{"absolute positions besides", "position_embeddings.weight"}},
		{"no positions of MPNet", "mpnet", func(c *checkpoint) {
			delete(c.tensors, "mpnet.embeddings.position_embeddings.weight")
		}, []string{"lacks the tensor mpnet.embeddings.position_embeddings.weight"}},
		{"MPNet's other size", "mpnet", set("max_position_embeddings", 20), []string{"[14 12]", "[20 12]"}},
		{"MPNet's buckets", "mpnet", set("relative_attention_num_buckets", 16), []string{"relative_attention_num_buckets is 16 and not 32"}},
		{"relative bias", "t5", set("relative_attention_num_buckets", 10), []string{"SelfAttention.relative_attention_bias.weight", "[10 3]"}},

		{"model type", "bert", set("model_type", "roberta"), []string{`model_type is "roberta"`, `"bert" (BertForMaskedLM), "megatron-bert"`}},
		{"no model type", "bert", func(c *checkpoint) { delete(c.config, "model_type") }, []string{"model_type", "not supported"}},
		{"class", "bert", set("architectures", []string{"BertForSequenceClassification"}), []string{"BertForSequenceClassification", "BertForMaskedLM"}},
		{"activation", "bert", set("hidden_act", "relu"), []string{"hidden_act", `"relu"`, `"gelu"`}},
		{"positions", "bert", set("position_embedding_type", "relative_key"), []string{"position_embedding_type"}},
		{"decoder", "bert", set("is_decoder", true), []string{"is_decoder"}},
		{"segments", "bert", set("type_vocab_size", 1), []string{"type_vocab_size is 1"}},
		{"tie", "bert", set("tie_word_embeddings", false), []string{"tie_word_embeddings"}},
		{"pruned", "bert", set("pruned_heads", map[string]any{"0": []int{1}}), []string{"pruned_heads"}},
		{"quantized", "bert", set("quantization_config", map[string]any{"bits": 8}), []string{"quantization_config"}},
		{"depth", "bert", set("num_hidden_layers", 200_000_000), []string{"num_hidden_layers is 200000000", "at most"}},
		{"T5 depth", "t5", set("num_decoder_layers", 200_000_000), []string{"num_decoder_layers is 200000000", "at most"}},
		{"heads", "bert", set("num_attention_heads", 5), []string{"attention heads do not divide"}},
		{"a string for a number", "bert", set("hidden_size", "16"), []string{"hidden_size"}},
		{"T5 v1.0", "t5", set("feed_forward_proj", "relu"), []string{"v1.0", "take a checkpoint of T5 v1.1"}},
		{"T5 v1.0 as it is saved", "t5", func(c *checkpoint) {
			c.config["feed_forward_proj"], c.config["dense_act_fn"], c.config["is_gated_act"] = "relu", "relu", false
		}, []string{"v1.0", "take a checkpoint of T5 v1.1"}},
		{"T5 v1.0 by default", "t5", func(c *checkpoint) { delete(c.config, "feed_forward_proj") }, []string{"v1.0"}},
		{"T5 activation", "t5", set("feed_forward_proj", "gated-relu"), []string{"gated-relu", "gated-gelu"}},
		{"T5 derived activation", "t5", set("dense_act_fn", "relu"), []string{"dense_act_fn", "gelu_new"}},
		{"T5 not gated", "t5", set("is_gated_act", false), []string{"is_gated_act"}},
		{"T5 encoder", "t5", set("is_encoder_decoder", false), []string{"is_encoder_decoder"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openCheckpoint(t, test.base)
			test.change(c)
			dir := c.write(t)
			_, err := hf.Load(t.Context(), dir)
			checkError(t, err, append(test.want, dir)...)
		})
	}
}

func checkError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v: want %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
}

// TestNoWeights: directories that hold something else say so.
func TestNoWeights(t *testing.T) {
	c := openCheckpoint(t, "bert")
	dir := c.write(t)
	weights := filepath.Join(dir, "model.safetensors")
	whole, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(weights, whole[:len(whole)-5], 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, weights)
	os.Remove(weights)
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, dir, "model.safetensors")
	if err := os.WriteFile(filepath.Join(dir, "pytorch_model.bin"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, "pytorch_model.bin", "safe_serialization=True")
	_, err = hf.Load(t.Context(), t.TempDir())
	checkError(t, err, "config.json", "hf:owner/name")
	_, err = hf.Load(t.Context(), filepath.Join(dir, "config.json"))
	checkError(t, err, "is a file")
	_, err = hf.Load(t.Context(), filepath.Join(dir, "missing"))
	checkError(t, err, "there is no directory")

	// A file of several is missing.
	names, err := filepath.Glob("testdata/bert-pretraining/*")
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	dir = t.TempDir()
	if err := hf.CopyFiles(dir, slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, "00002-of") })); err != nil {
		t.Fatal(err)
	}
	_, err = hf.Load(t.Context(), dir)
	checkError(t, err, "model-00002-of-00002.safetensors")
}
