package ul2_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

func preset(t *testing.T, name string, form ul2.Form, vocab int) ul2.Config {
	t.Helper()
	config, err := ul2.Preset(name, form, vocab)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestPublishedCounts checks T5 v1.1's sizes with a vocabulary of 32,128. The
// numbers are num_parameters() of transformers' T5ForConditionalGeneration
// (4.57.3) with the configurations of google/t5-v1_1-small, -base, -large and
// -xl.
func TestPublishedCounts(t *testing.T) {
	for name, want := range map[string]int{
		"small": 76_961_152, "base": 247_577_856, "large": 783_150_080, "xl": 2_849_757_184,
	} {
		if got := preset(t, name, ul2.EncoderDecoder, 32128).ParameterCount(); got != want {
			t.Errorf("%s has %d parameters, want %d as published", name, got, want)
		}
	}
	for _, form := range []ul2.Form{ul2.EncoderDecoder, ul2.PrefixLM, ul2.CausalLM} {
		if got := preset(t, "1b", form, 32128).ParameterCount(); got < 950e6 || got > 1050e6 {
			t.Errorf("1b in form %s has %d parameters", form, got)
		}
		for _, name := range ul2.Presets() {
			if err := preset(t, name, form, 500).Validate(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCountByHand checks V 10, H 4, D 3, A 2, F 5 and 8 buckets with a count by
// hand.
func TestCountByHand(t *testing.T) {
	config := ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 10, HiddenSize: 4, HeadSize: 3, Heads: 2, IntermediateSize: 5,
		EncoderLayers: 2, DecoderLayers: 3, RelativeBuckets: 8,
	}
	// Attention 4·(4·6) + a norm of 4 = 100; feed-forward 3·(4·5) + 4 = 64. An encoder layer has 164,
	// a decoder layer 264. A stack adds a table of 8·2 and a norm of 4, embeddings and head have 40 each.
	if got, want := config.ParameterCount(), 2*164+3*264+2*20+40+40; got != want {
		t.Errorf("the encoder-decoder has %d parameters, want %d", got, want)
	}
	config.Form, config.TieEmbeddings = ul2.CausalLM, true
	config = config.WithLayers(0, 7)
	if got, want := config.ParameterCount(), 7*164+20+40; got != want {
		t.Errorf("the causal decoder has %d parameters, want %d", got, want)
	}
}

// TestFLOPsByHand compares the FLOPs with three times the forward operations,
// counted by hand.
func TestFLOPsByHand(t *testing.T) {
	config := ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 10, HiddenSize: 4, HeadSize: 3, Heads: 2, IntermediateSize: 5,
		EncoderLayers: 2, DecoderLayers: 3,
	}
	// 7 input tokens, 2 targets. A token's projection 4 -> 6 or back costs 48, its feed-forward 3·40 = 120.
	// Encoder layer: 7·4·48 + 2·(2·7·7·6) + 7·120 = 1344 + 1176 + 840 = 3360.
	// Decoder layer: self 2·4·48 + 2·(2·2·2·6) = 480; cross 2·2·48 + 7·2·48 + 2·(2·2·7·6) = 1200; 2·120 = 240.
	// Head: 2·(2·4·10) = 160.
	if got, want := config.FLOPsPerStep(5, 7, 2), 3.0*5*(2*3360+3*(480+1200+240)+160); got != want {
		t.Errorf("the encoder-decoder has %g operations, want %g", got, want)
	}
	config.Form = ul2.PrefixLM
	config = config.WithLayers(0, 3)
	if got, want := config.FLOPsPerStep(1, 0, 7), 3.0*(3*3360+7*80); got != want {
		t.Errorf("the prefix LM has %g operations, want %g", got, want)
	}
}

// TestInitialize checks T5's standard deviations, to within five standard
// errors of their estimates.
func TestInitialize(t *testing.T) {
	config := preset(t, "nano", ul2.EncoderDecoder, 1000) // H 128, D 32, A 4, F 256
	config.InitializerFactor = 0.5
	deviations := map[string]float64{
		"shared.weight":                                      1,
		"lm_head.weight":                                     math.Pow(128, -0.5),
		"encoder.relative_attention_bias.weight":             math.Pow(128, -0.5),
		"encoder.block.0.layer.0.SelfAttention.q.weight":     math.Pow(128*32, -0.5),
		"decoder.block.1.layer.1.EncDecAttention.v.weight":   math.Pow(128, -0.5),
		"decoder.block.1.layer.1.EncDecAttention.o.weight":   math.Pow(4*32, -0.5),
		"decoder.block.2.layer.2.DenseReluDense.wi_1.weight": math.Pow(128, -0.5),
		"decoder.block.2.layer.2.DenseReluDense.wo.weight":   math.Pow(256, -0.5),
		"decoder.final_layer_norm.weight":                    1,
	}
	seen := 0
	for _, p := range config.Parameters() {
		want, ok := deviations[p.Name]
		if !ok {
			continue
		}
		seen++
		want *= config.InitializerFactor
		var squares float64
		for _, v := range p.Initialize(1) {
			squares += float64(v) * float64(v)
		}
		n := float64(p.Size())
		if got := math.Sqrt(squares / n); math.Abs(got-want) > 5*want/math.Sqrt(2*n) {
			t.Errorf("%s has a root mean square of %g, want %g", p.Name, got, want)
		}
		if norm := strings.HasSuffix(p.Name, "norm.weight"); p.Decay == norm {
			t.Errorf("%s: weight decay is %v", p.Name, p.Decay)
		}
	}
	if seen != len(deviations) {
		t.Errorf("%d of %d parameters are declared", seen, len(deviations))
	}
}

// TestParametersMatchStacks checks that growing both stacks gives exactly the
// parameters that the grown configuration declares, and that the relative
// tables are not in the stacks.
func TestParametersMatchStacks(t *testing.T) {
	for _, form := range []ul2.Form{ul2.EncoderDecoder, ul2.PrefixLM} {
		config := smallConfig(form)
		deep := config.WithLayers(0, 5)
		if form == ul2.EncoderDecoder {
			deep = config.WithLayers(3, 5)
		}
		grown := grow(t, config, deep, growth.Custom("new", growth.Map{1, growth.New, 0}, growth.Zero),
			growth.Custom("mixed", growth.Map{1, growth.New, 0, 1, 0}, growth.Zero))
		if _, err := grown.Restore(deep.Parameters(), train.NewAdamW()); err != nil {
			t.Error(err)
		}
	}
}

// grow applies a strategy to each of the model's stacks; decoder forms use the
// last one.
func grow(t *testing.T, config, deep ul2.Config, strategies ...growth.Strategy) train.Snapshot {
	t.Helper()
	snap, err := formulaState(config.Parameters()).Snapshot(config.Parameters(), train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	initial := make(map[string]transformer.Param)
	for _, p := range deep.Parameters() {
		initial[p.Name] = p
	}
	stacks := config.Stacks()
	snap, err = snap.Grow(stacks, strategies[len(strategies)-len(stacks):], func(name string, _ []int) []float32 { return initial[name].Initialize(8) })
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*ul2.Config){
		"unknown form":                       func(c *ul2.Config) { c.Form = "t5" },
		"an encoder has at least 1 layer":    func(c *ul2.Config) { c.EncoderLayers = 0 },
		"which has no encoder":               func(c *ul2.Config) { c.Form = ul2.CausalLM },
		"d_kv is 0":                          func(c *ul2.Config) { c.HeadSize = 0 },
		"num_decoder_layers is -1":           func(c *ul2.Config) { c.DecoderLayers = -1 },
		"unknown feed_forward_proj":          func(c *ul2.Config) { c.Activation = "relu" },
		"relative_attention_num_buckets":     func(c *ul2.Config) { c.RelativeBuckets = 7 },
		"relative_attention_max_distance is": func(c *ul2.Config) { c.RelativeMaxDistance = 16 },
		"layer_norm_epsilon":                 func(c *ul2.Config) { c.NormEpsilon = 0 },
		"dropout_rate":                       func(c *ul2.Config) { c.Dropout = 1 },
		"initializer_factor":                 func(c *ul2.Config) { c.InitializerFactor = math.NaN() },
		"10001; they must be at most 10000":  func(c *ul2.Config) { c.DecoderLayers = 10_001 },
		"num_layers is 200000000":            func(c *ul2.Config) { c.EncoderLayers = 200_000_000 },
		"vocab_size is 16777217":             func(c *ul2.Config) { c.VocabSize = 1<<24 + 1 },
		"max_distance is 16777217":           func(c *ul2.Config) { c.RelativeMaxDistance = 1<<24 + 1 },
		"num_heads 16777216 times d_kv 64":   func(c *ul2.Config) { c.Heads = 1 << 24 },
		"than can be counted":                func(c *ul2.Config) { c.DecoderLayers, c.HiddenSize, c.IntermediateSize = 10_000, 1<<24, 1<<24 },
		"z_loss":                             func(c *ul2.Config) { c.ZLoss = -1 },
		"precision":                          func(c *ul2.Config) { c.Precision = "float16" },
	} {
		config := preset(t, "base", ul2.EncoderDecoder, 100)
		change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if _, err := ul2.Preset("huge", ul2.PrefixLM, 100); err == nil || !strings.Contains(err.Error(), "nano, tiny") {
		t.Errorf("got error %v, want it to name the presets", err)
	}
	if _, err := ul2.Preset("tiny", ul2.PrefixLM, 0); err == nil {
		t.Error("a vocabulary of 0 is accepted")
	}
}

// TestJSON checks that a configuration is the same after JSON, and that it can
// be read from what transformers writes for google/t5-v1_1-base (the fields
// that both have).
func TestJSON(t *testing.T) {
	base := preset(t, "base", ul2.EncoderDecoder, 32128)
	text, err := json.Marshal(base)
	if err != nil {
		t.Fatal(err)
	}
	var back ul2.Config
	if err := json.Unmarshal(text, &back); err != nil || back != base {
		t.Errorf("%s was read back as %+v (%v)", text, back, err)
	}
	theirs := ul2.Config{Form: base.Form, ZLoss: base.ZLoss, Precision: base.Precision, RelativeMaxDistance: base.RelativeMaxDistance}
	if err := json.Unmarshal([]byte(`{"d_ff":2048,"d_kv":64,"d_model":768,"dropout_rate":0,"feed_forward_proj":"gated-gelu",
		"initializer_factor":1.0,"layer_norm_epsilon":1e-06,"model_type":"t5","num_decoder_layers":12,"num_heads":12,"num_layers":12,
		"relative_attention_num_buckets":32,"tie_word_embeddings":false,"vocab_size":32128}`), &theirs); err != nil || theirs != base {
		t.Errorf("got %+v (%v), want %+v", theirs, err, base)
	}
	if names := ul2.Presets(); !slices.Contains(names, "tiny") {
		t.Errorf("there is no tiny among the presets %v", names)
	}
}

// TestHeadScale: the field is absent where it follows from the head, so that
// configurations from before it have the same JSON, and the other two values
// come back.
func TestHeadScale(t *testing.T) {
	standard := model.Model{Config: preset(t, "nano", ul2.EncoderDecoder, 100)}
	text, err := json.Marshal(standard)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "scale") {
		t.Errorf("the standard model is %s", text)
	}
	for value, want := range map[string]string{"never": "tied unscaled head", "always": "tied scaled head", "": "tied head"} {
		m, err := standard.Set("tie_word_embeddings", "true")
		if err == nil {
			m, err = m.Set("scale_decoder_outputs", value)
		}
		if err != nil {
			t.Fatal(err)
		}
		var again model.Model
		if text, err = json.Marshal(m); err == nil {
			err = json.Unmarshal(text, &again)
		}
		if err != nil || again != m {
			t.Errorf("%s: got %v and error %v", text, again, err)
		}
		if !strings.HasSuffix(m.Describe(), want) {
			t.Errorf("%q: %s", value, m.Describe())
		}
	}
	m, err := standard.Set("scale_decoder_outputs", "sometimes")
	if err == nil {
		err = m.Validate()
	}
	if err == nil || !strings.Contains(err.Error(), `unknown scale_decoder_outputs "sometimes"`) {
		t.Errorf("got error %v", err)
	}
}
