package bert

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
)

// The published sizes, smallest first: tiny to medium of Turc et al. 2019
// (arXiv 1908.08962; github.com/google-research/bert, README, "Smaller BERT
// Models"), base and large of Devlin et al. 2019, section 3. Every head has
// size 64.
var presets = []struct {
	name           string
	layers, hidden int
}{
	{"tiny", 2, 128}, {"mini", 4, 256}, {"small", 4, 512}, {"medium", 8, 512}, {"base", 12, 768}, {"large", 24, 1024},
}

const (
	headSize = 64
	// publishedVocab and publishedPositions are those of the uncased English
	// models.
	publishedVocab     = 30522
	publishedPositions = 512
	publishedDropout   = 0.1
)

// Presets returns the names of the published sizes, smallest first.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Preset returns a published size by name, with 30,522 tokens, 512 positions,
// heads of size 64 and dropout of 0.1, as in the models' bert_config.json. It
// omits the next-sentence head of the published models.
func Preset(name string) (Config, error) {
	for _, p := range presets {
		if p.name == name {
			c := New(p.layers, p.hidden, p.hidden/headSize, publishedVocab, publishedPositions)
			c.HiddenDropout, c.AttentionDropout = publishedDropout, publishedDropout
			return c, nil
		}
	}
	return Config{}, fmt.Errorf("bert: there is no preset %q%s; the presets are %s", name, closest.Hint(name, Presets()), strings.Join(Presets(), ", "))
}
