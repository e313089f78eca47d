package inspect

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/lag/safetensors"
)

// Group is a part of a model.
type Group struct {
	Name  string `json:"name"`
	Count int    `json:"parameters"`
	Bytes int64  `json:"bytes"`
}

// Layer describes a layer of a stack. RMS is the root mean square of weights.
type Layer struct {
	Stack       string  `json:"stack"` // prefix of its tensors' names
	Index       int     `json:"index"`
	Attention   float64 `json:"attention_rms"` // RMS of the matrices, including cross-attention
	FeedForward float64 `json:"feed_forward_rms"`
	Norm        float64 `json:"norm_rms"`          // RMS of the scales
	Same        *int    `json:"same_as,omitempty"` // an earlier layer of the stack with the same weights
}

// The parts of a model, in the order of reports.
var parts = []string{"embeddings", "attention", "feed-forward", "normalization", "head", "other"}

// partOf returns the part of a model to which a tensor belongs, by its name.
func partOf(name string) string {
	contains := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	switch {
	case contains("cls.", "lm_head", "pooler"):
		return "head"
	case contains("LayerNorm", "layer_norm", ".ln."):
		return "normalization"
	case contains("embeddings", "shared.weight", "embed_tokens", "relative_attention_bias"):
		return "embeddings"
	case contains("attention.", "Attention."):
		return "attention"
	case contains("intermediate.dense", "output.dense", "DenseReluDense"):
		return "feed-forward"
	}
	return "other"
}

// inLayer matches names of tensors in layers: the stack, the layer's index, the rest.
var inLayer = regexp.MustCompile(`^(.*?\b(?:layer|block)\.)(\d+)\.(.+)$`)

// splitMoment splits the name of a moment in a checkpoint.
func splitMoment(name string) (moment, parameter string, ok bool) {
	rest, ok := strings.CutPrefix(name, "moment.")
	moment, parameter, named := strings.Cut(rest, "/")
	return moment, parameter, ok && named
}

// squares is a sum of squares and its number of terms.
type squares struct {
	sum float64
	n   int
}

func (s squares) rms() float64 {
	if s.n == 0 {
		return 0
	}
	return math.Sqrt(s.sum / float64(s.n))
}

// layerSums accumulates the statistics of a layer.
type layerSums struct {
	stack string
	index int
	parts map[string]*squares
	hash  hash.Hash // hash of names and weights
}

// read reads all weights of a file, one tensor at a time.
func (r *Report) read(file *safetensors.File) {
	r.Weights, r.Checksum = file.Path(), "correct"
	r.Tensors, r.Count, r.Bytes = 0, 0, 0
	r.DTypes, r.Groups, r.Layers = make(map[safetensors.DType]int), []Group{}, []Layer{}
	if _, ok := file.Metadata()["sha256"]; !ok {
		r.Checksum = "none"
	} else if err := file.Verify(); err != nil {
		r.Checksum = "wrong"
		r.damage(err)
	}
	groups := make(map[string]*Group)
	var layers []*layerSums
	for _, name := range file.Names() {
		entry, _ := file.Entry(name)
		r.Tensors++
		r.DTypes[entry.DType]++
		_, _, isMoment := splitMoment(name)
		var values []float32
		if entry.DType.IsFloat() {
			t, err := file.Floats(name)
			if err != nil {
				r.damage(err)
				continue
			}
			values = t.Data
		}
		sum, wrong := sumSquares(values)
		if wrong > 0 {
			r.damage(fmt.Errorf("%s: %d of the %d numbers of %s are NaN or infinite", file.Path(), wrong, len(values), name))
		}
		if isMoment {
			continue
		}
		part := partOf(name)
		if groups[part] == nil {
			groups[part] = &Group{Name: part}
		}
		groups[part].Count += entry.Size()
		groups[part].Bytes += entry.Bytes()
		r.Count += entry.Size()
		r.Bytes += entry.Bytes()
		if m := inLayer.FindStringSubmatch(name); m != nil && part != "embeddings" {
			layers = addLayer(layers, m, part, len(entry.Shape), sum, values)
		}
	}
	for _, part := range parts {
		if g := groups[part]; g != nil {
			r.Groups = append(r.Groups, *g)
		}
	}
	r.Layers = finishLayers(layers)
}

// sumSquares sums the squares of finite values and counts the others.
func sumSquares(values []float32) (s squares, wrong int) {
	for _, x := range values {
		y := float64(x)
		if math.IsNaN(y) || math.IsInf(y, 0) {
			wrong++
			continue
		}
		s.sum += y * y
		s.n++
	}
	return s, wrong
}

func addLayer(layers []*layerSums, match []string, part string, axes int, sum squares, values []float32) []*layerSums {
	index, err := strconv.Atoi(match[2])
	if err != nil {
		return layers
	}
	i := slices.IndexFunc(layers, func(l *layerSums) bool { return l.stack == match[1] && l.index == index })
	if i < 0 {
		i = len(layers)
		layers = append(layers, &layerSums{stack: match[1], index: index, parts: make(map[string]*squares), hash: sha256.New()})
	}
	l := layers[i]
	isScale := part == "normalization" && !strings.HasSuffix(match[3], "bias") && !strings.HasSuffix(match[3], "beta")
	if isScale || part != "normalization" && axes > 1 {
		if l.parts[part] == nil {
			l.parts[part] = &squares{}
		}
		l.parts[part].sum += sum.sum
		l.parts[part].n += sum.n
	}
	l.hash.Write([]byte(match[3]))
	buffer := make([]byte, 0, 1<<12)
	for _, x := range values {
		if buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(x)); len(buffer) == cap(buffer) {
			l.hash.Write(buffer)
			buffer = buffer[:0]
		}
	}
	l.hash.Write(buffer)
	return layers
}

// finishLayers returns the layers sorted by stack and index.
func finishLayers(sums []*layerSums) []Layer {
	slices.SortFunc(sums, func(a, b *layerSums) int {
		return cmp.Or(strings.Compare(b.stack, a.stack), a.index-b.index) // the encoder before the decoder
	})
	layers := make([]Layer, len(sums))
	first := make(map[string]int) // first layer by stack and hash
	for i, l := range sums {
		part := func(name string) float64 {
			if s := l.parts[name]; s != nil {
				return s.rms()
			}
			return 0
		}
		layers[i] = Layer{Stack: l.stack, Index: l.index, Attention: part("attention"), FeedForward: part("feed-forward"), Norm: part("normalization")}
		key := l.stack + string(l.hash.Sum(nil))
		if index, ok := first[key]; ok {
			layers[i].Same = &index
		} else {
			first[key] = l.index
		}
	}
	return layers
}
