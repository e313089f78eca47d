package bert_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// TestPresets checks the parameter counts of the published sizes. Counts with
// pooler and both heads: github.com/google-research/bert gives 4.4M, 11.3M,
// 29.1M and 41.7M for tiny to medium and 110M for base. Counts of the encoder
// with pooler: transformers' BertModel. MLM counts: transformers'
// BertForMaskedLM.
func TestPresets(t *testing.T) {
	want := []struct {
		name                               string
		mlm, encoder, pretraining          int
		publishedMillions                  string
		layers, hidden, heads, feedForward int
	}{
		{"tiny", 4_416_698, 4_385_920, 4_433_468, "4.4", 2, 128, 2, 512},
		{"mini", 11_201_594, 11_170_560, 11_267_900, "11.3", 4, 256, 4, 1024},
		{"small", 28_795_194, 28_763_648, 29_058_876, "29.1", 4, 512, 8, 2048},
		{"medium", 41_404_730, 41_373_184, 41_668_412, "41.7", 8, 512, 8, 2048},
		{"base", 109_514_298, 109_482_240, 110_106_428, "110.1", 12, 768, 12, 3072},
		{"large", 335_174_458, 335_141_888, 336_226_108, "336.2", 24, 1024, 16, 4096},
	}
	if names := bert.Presets(); len(names) != len(want) {
		t.Fatalf("the presets are %v, want %d", names, len(want))
	}
	for i, w := range want {
		c, err := bert.Preset(w.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err != nil || bert.Presets()[i] != w.name {
			t.Errorf("preset %d: %s instead of %s, %v", i, bert.Presets()[i], w.name, err)
		}
		if c.Layers != w.layers || c.HiddenSize != w.hidden || c.Heads != w.heads || c.IntermediateSize != w.feedForward {
			t.Errorf("%s has %d layers, hidden size %d, %d heads and feed-forward size %d", w.name, c.Layers, c.HiddenSize, c.Heads, c.IntermediateSize)
		}
		if got := c.ParameterCount(); got != w.mlm {
			t.Errorf("%s has %d parameters, want %d", w.name, got, w.mlm)
		}
		if got := c.EncoderParameterCount(); got != w.encoder {
			t.Errorf("%s has %d parameters without its heads, want %d", w.name, got, w.encoder)
		}
		c.NextSentence = true
		if got := c.ParameterCount(); got != w.pretraining || fmt.Sprintf("%.1f", float64(got)/1e6) != w.publishedMillions {
			t.Errorf("%s has %d parameters with the next-sentence head, want %d, %sM", w.name, got, w.pretraining, w.publishedMillions)
		}
	}
	if _, err := bert.Preset("huge"); err == nil || !strings.Contains(err.Error(), "huge") || !strings.Contains(err.Error(), "medium") {
		t.Errorf("unknown preset: got error %v", err)
	}
}

// TestFLOPs compares two configurations with counts by hand.
func TestFLOPs(t *testing.T) {
	// 2 layers, H = 8, F = 32, V = 50; 3 sequences of 10 tokens, 2 predicted.
	// A layer, multiply-adds for a sequence: q, k, v and output 4·10·8·8 = 2560,
	// feed-forward 2·10·8·32 = 5120, scores and context 2·10·10·8 = 1600: 9280.
	// Head: 2·(8·8 + 8·50) = 928. Sequence: 2·9280 + 928 = 19,488. Two operations
	// each, three times for forward and backward, three sequences: 350,784.
	small := bert.New(2, 8, 2, 50, 10)
	if got := small.FLOPsPerStep(3, 10, 2); got != 350_784 {
		t.Errorf("got %v operations, want 350784", got)
	}
	// Pooler and next-sentence head: 8·8 + 8·2 = 80 multiply-adds per sequence,
	// 18·80 in total.
	small.NextSentence = true
	if got := small.FLOPsPerStep(3, 10, 2); got != 350_784+1440 {
		t.Errorf("with the next-sentence head: got %v operations, want 352224", got)
	}
	// BERT-Base, one sequence of 512 tokens, 76 predicted. A layer: 4·512·768² =
	// 1,207,959,552; 2·512·768·3072 = 2,415,919,104; 2·512²·768 = 402,653,184:
	// 4,026,531,840. Head: 76·(768² + 768·30522) = 76·(589,824 + 23,440,896).
	base, err := bert.Preset("base")
	if err != nil {
		t.Fatal(err)
	}
	const layer = 1_207_959_552 + 2_415_919_104 + 402_653_184
	const head = 76 * (589_824 + 23_440_896)
	if got := base.FLOPsPerStep(1, 512, 76); got != 6*(12*layer+head) {
		t.Errorf("BERT-Base: got %v operations, want %d", got, 6*(12*layer+head))
	}
}

// TestActivationBytes compares one configuration with a count by hand.
func TestActivationBytes(t *testing.T) {
	// 3 layers, H = 8, F = 32, A = 2, V = 50; 4 sequences of 10 tokens, 2 predicted.
	c := bert.New(3, 8, 2, 50, 10)
	const (
		hidden        = 4 * 10 * 8      // BLH, elements
		inner         = 4 * 10 * 32     // BLF
		probabilities = 4 * 2 * 10 * 10 // BALL
		layer         = 4 * (10*hidden + 4*inner + 2*probabilities)
		heads         = 4 * (2*4*2*50 + 4*4*2*8)
	)
	check := func(what string, want int64) {
		t.Helper()
		if got := c.ActivationBytes(4, 10, 2); got != want {
			t.Errorf("%s: got %d bytes, want %d", what, got, want)
		}
	}
	check("float32", 3*layer+4*hidden+heads)
	c.AttentionDropout = 0.1
	check("dropout", 3*(layer+4*probabilities)+4*hidden+heads)
	c.AttentionDropout = 0
	c.GradientCheckpointing = true
	check("gradient checkpointing", layer+3*4*hidden+heads)
	c.Precision = transformer.BFloat16
	check("bfloat16", 2*(10*hidden+4*inner)+(2*4+2)*probabilities+3*2*hidden+heads)
}
