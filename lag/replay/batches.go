package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
)

// ignored is the label of a position that is not predicted, as in PyTorch's
// cross-entropy and in transformers.
const ignored = -100

// field is a tensor of the batches of a model, int32 [N, B, L].
type field struct {
	name   string
	like   string // name of the field with the same shape; "" if there is none
	values int    // values must be in [0, values); labels can also be ignored
	what   string // explains this range in errors
}

// fields returns the fields that a model reads. A field comes after the one
// that it is like. The attention mask and the token types may be missing.
func fields(model train.Model) ([]field, error) {
	const tokens, masks, types = "the vocabulary has %d tokens", "a mask has %d values, 0 and 1", "there are %d token types"
	switch c := model.(type) {
	case bert.Config:
		if c.NextSentence {
			return nil, errors.New("a BERT with a next-sentence head cannot be replayed; save it as BertForMaskedLM")
		}
		return []field{
			{bert.InputIDs, "", c.VocabSize, tokens},
			{bert.AttentionMask, bert.InputIDs, 2, masks},
			{bert.TokenTypes, bert.InputIDs, 2, types},
			{bert.Labels, bert.InputIDs, c.VocabSize, tokens},
		}, nil
	case ul2.Config:
		if c.Form == ul2.EncoderDecoder {
			return []field{
				{ul2.InputIDs, "", c.VocabSize, tokens},
				{ul2.AttentionMask, ul2.InputIDs, 2, masks},
				{ul2.DecoderInputIDs, "", c.VocabSize, tokens},
				{ul2.Labels, ul2.DecoderInputIDs, c.VocabSize, tokens},
			}, nil
		}
		return nil, fmt.Errorf("a decoder of form %q cannot be replayed; BERT and T5 of form %q can", c.Form, ul2.EncoderDecoder)
	}
	return nil, fmt.Errorf("a model of family %q cannot be replayed; bert and ul2 can", model.Family())
}

// batches holds the batches of a file, which fit a model.
type batches struct {
	model  train.Model
	count  int // N
	size   int // B
	fields map[string]safetensors.Ints

	predictions int // for BERT: P, the most predictions of any row
}

// readBatches reads batches for a model from a safetensors file.
func readBatches(path string, model train.Model) (*batches, error) {
	list, err := fields(model)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("batches: %w", err)
	}
	defer file.Close()
	b := &batches{model: model, fields: make(map[string]safetensors.Ints)}
	if err := b.read(file, list); err != nil {
		return nil, fmt.Errorf("batches of %s: %w", path, err)
	}
	return b, nil
}

func (b *batches) read(file *safetensors.File, list []field) error {
	var known []string
	for _, f := range list {
		known = append(known, f.name)
		if _, ok := file.Entry(f.name); !ok {
			if f.name == bert.AttentionMask || f.name == bert.TokenTypes {
				continue
			}
			return fmt.Errorf("there is no %s; a model of family %s needs it", f.name, b.model.Family())
		}
		t, err := file.Ints(f.name)
		if err != nil {
			return err
		}
		if err := b.add(f, t); err != nil {
			return err
		}
	}
	for _, name := range file.Names() {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is a %s, which a model of family %s does not read; it reads %s", name, b.model.Family(), strings.Join(known, ", "))
		}
	}
	if c, ok := b.model.(bert.Config); ok && b.fields[bert.InputIDs].Shape[2] > c.MaxPositions {
		return fmt.Errorf("the rows are of %d tokens; the model has %d positions", b.fields[bert.InputIDs].Shape[2], c.MaxPositions)
	}
	return b.countPredictions()
}

// add checks the shape and the values of a field and adds it.
func (b *batches) add(f field, t safetensors.Ints) error {
	if len(t.Shape) != 3 || slices.Min(t.Shape) < 1 {
		return fmt.Errorf("%s has shape %v; it must be [batches, rows, tokens], none of them 0", f.name, t.Shape)
	}
	if len(b.fields) == 0 {
		b.count, b.size = t.Shape[0], t.Shape[1]
	}
	if t.Shape[0] != b.count || t.Shape[1] != b.size {
		return fmt.Errorf("%s has shape %v; input_ids has %d batches of %d rows", f.name, t.Shape, b.count, b.size)
	}
	if like, ok := b.fields[f.like]; ok && t.Shape[2] != like.Shape[2] {
		return fmt.Errorf("%s has shape %v; it must be that of %s, %v", f.name, t.Shape, f.like, like.Shape)
	}
	for i, x := range t.Data {
		if x >= 0 && int(x) < f.values || x == ignored && f.name == bert.Labels {
			continue
		}
		row, column := i/t.Shape[2], i%t.Shape[2]
		text := fmt.Sprintf("%s[%d, %d, %d] is %d; %s", f.name, row/b.size, row%b.size, column, x, fmt.Sprintf(f.what, f.values))
		if f.name == bert.Labels {
			text += fmt.Sprintf(", and %d stands for no prediction", ignored)
		}
		return errors.New(text)
	}
	b.fields[f.name] = t
	return nil
}

// countPredictions computes P. A batch without predictions has no mean loss and is an error.
func (b *batches) countPredictions() error {
	labels := b.fields[bert.Labels]
	length := labels.Shape[2]
	for i := range b.count {
		most := 0
		for row := range b.size {
			n := 0
			for _, x := range labels.Data[(i*b.size+row)*length:][:length] {
				if x != ignored {
					n++
				}
			}
			most = max(most, n)
		}
		if most == 0 {
			return fmt.Errorf("batch %d, from 0, predicts nothing: all its labels are %d", i, ignored)
		}
		b.predictions = max(b.predictions, most)
	}
	return nil
}

// tokens returns the number of positions in a batch, of encoder and decoder together.
func (b *batches) tokens() int {
	n := b.fields[bert.InputIDs].Shape[2]
	if decoder, ok := b.fields[ul2.DecoderInputIDs]; ok {
		n += decoder.Shape[2]
	}
	return b.size * n
}

// batch returns the tensors of batch i for the model's Loss.
func (b *batches) batch(i int) train.Batch {
	batch := make(train.Batch)
	for name, t := range b.fields {
		if name == bert.Labels {
			continue
		}
		batch[name] = tensors.FromFlatDataAndDimensions(b.rows(t, i), t.Shape[1:]...)
	}
	labels, weights, positions, width := b.targets(i)
	batch[bert.Labels] = tensors.FromFlatDataAndDimensions(labels, b.size, width)
	batch[bert.WeightsName] = tensors.FromFlatDataAndDimensions(weights, b.size, width)
	if positions != nil {
		batch[bert.PositionsName] = tensors.FromFlatDataAndDimensions(positions, b.size, width)
	}
	return batch
}

// rows returns the values of batch i.
func (b *batches) rows(t safetensors.Ints, i int) []int32 {
	n := t.Shape[1] * t.Shape[2]
	return t.Data[i*n : (i+1)*n]
}

// targets returns the labels and weights [B, width] of batch i. For BERT they
// are those of the predicted positions, which are also returned, followed by
// slots of weight 0; width is P. For an encoder-decoder they are those of all
// positions.
func (b *batches) targets(i int) (labels []int32, weights []float32, positions []int32, width int) {
	t := b.fields[bert.Labels]
	all, length := b.rows(t, i), t.Shape[2]
	_, compact := b.model.(bert.Config)
	width = length
	if compact {
		width = b.predictions
		positions = make([]int32, b.size*width)
	}
	labels, weights = make([]int32, b.size*width), make([]float32, b.size*width)
	for row := range b.size {
		slot := row * width
		for column, x := range all[row*length : (row+1)*length] {
			if !compact {
				slot = row*width + column
			}
			if x == ignored {
				continue
			}
			labels[slot], weights[slot] = x, 1
			if compact {
				positions[slot] = int32(column)
				slot++
			}
		}
	}
	return labels, weights, positions, width
}
