package ul2

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// preset is a published shape, or one of this project.
type preset struct {
	name                                      string
	hidden, headSize, heads, feedForward      int
	encoderLayers, decoderLayers, decoderOnly int // depths with an encoder, and without
}

// Sizes, smallest first. The decoder forms use the decoder without its
// cross-attention, as in the comparison of Tay et al. 2023 (section 4.3): about
// half the parameters with about the same computation per token.
//
//   - small, base, large, xl: T5 v1.1, github.com/google-research/text-to-text-transfer-transformer,
//     released_checkpoints.md and the gin files it names; with a vocabulary of
//     32,128 they have 76,961,152, 247,577,856, 783,150,080 and 2,849,757,184 parameters.
//   - tiny, mini: the widths, heads and depths of google/t5-efficient-tiny and
//     -mini (Tay et al. 2022, arXiv 2109.10686; their config.json), with T5
//     v1.1's gated feed-forward network and untied head in place of ReLU and a
//     tied one, so with more parameters than the 15.6M and 31.2M published.
//   - nano, 1b: ours. nano is for a laptop and for tests; 1b is xl at a depth
//     that makes about 10⁹ parameters.
var presets = []preset{
	{"nano", 128, 32, 4, 256, 3, 3, 3},
	{"tiny", 256, 64, 4, 1024, 4, 4, 4},
	{"mini", 384, 64, 8, 1536, 4, 4, 4},
	{"small", 512, 64, 6, 1024, 8, 8, 8},
	{"base", 768, 64, 12, 2048, 12, 12, 12},
	{"large", 1024, 64, 16, 2816, 24, 24, 24},
	{"1b", 2048, 64, 32, 5120, 8, 8, 18},
	{"xl", 2048, 64, 32, 5120, 24, 24, 24},
}

// Presets returns the names of the sizes, smallest first.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Preset returns a size of the family by name, with T5 v1.1's constants: 32
// buckets of relative positions up to a distance of 128, epsilon 1e-6, gated
// GELU, untied embeddings, a z-loss of 1e-4, and no dropout, as in its
// pretraining. UL2 itself uses [GatedSilu] instead of [GatedGelu].
func Preset(name string, form Form, vocab int) (Config, error) {
	for _, p := range presets {
		if p.name != name {
			continue
		}
		c := Config{
			Form: form, VocabSize: vocab, HiddenSize: p.hidden, HeadSize: p.headSize, Heads: p.heads,
			IntermediateSize: p.feedForward, DecoderLayers: p.decoderOnly, Activation: GatedGelu,
			RelativeBuckets: 32, RelativeMaxDistance: 128, NormEpsilon: 1e-6, InitializerFactor: 1, ZLoss: 1e-4,
			Precision: transformer.Float32,
		}
		if form == EncoderDecoder {
			c = c.WithLayers(p.encoderLayers, p.decoderLayers)
		}
		return c, c.Validate()
	}
	return Config{}, fmt.Errorf("ul2: there is no preset %q%s; the presets are %s", name, closest.Hint(name, Presets()), strings.Join(Presets(), ", "))
}
