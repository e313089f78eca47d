package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// ignored is the label of a position that is not predicted, as in PyTorch's
// cross-entropy and in transformers.
const ignored = -100

// batches holds the batches of a file, which fit a model.
type batches struct {
	model  model.Config
	reads  model.TransformersBatch
	count  int // N
	size   int // B
	fields map[string]safetensors.Ints

	predictions int // P, the most predictions of any row
}

// readBatches reads batches for a model from a safetensors file.
func readBatches(path string, config model.Config) (*batches, error) {
	reads, err := config.TransformersBatch()
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("batches: %w", err)
	}
	defer file.Close()
	b := &batches{model: config, reads: reads, fields: make(map[string]safetensors.Ints)}
	if err := b.read(file); err != nil {
		return nil, fmt.Errorf("batches of %s: %w", path, err)
	}
	return b, nil
}

func (b *batches) read(file *safetensors.File) error {
	var known []string
	for _, f := range b.reads.Fields {
		known = append(known, f.Name)
		if _, ok := file.Entry(f.Name); !ok {
			if f.Optional {
				continue
			}
			return fmt.Errorf("there is no %s; a model of family %s needs it", f.Name, b.model.Family())
		}
		t, err := file.Ints(f.Name)
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
	first := b.reads.Fields[0].Name
	if length, most := b.fields[first].Shape[2], b.model.MaxLength(); most > 0 && length > most {
		return fmt.Errorf("the rows are of %s; the model has %d positions", plain.Count(length, "token"), most)
	}
	return b.countPredictions()
}

// add checks the shape and the values of a field and adds it.
func (b *batches) add(f model.BatchField, t safetensors.Ints) error {
	if len(t.Shape) != 3 || slices.Min(t.Shape) < 1 {
		return fmt.Errorf("%s has shape %v; it must be [batches, rows, tokens], none of them 0", f.Name, t.Shape)
	}
	if len(b.fields) == 0 {
		b.count, b.size = t.Shape[0], t.Shape[1]
	}
	if t.Shape[0] != b.count || t.Shape[1] != b.size {
		return fmt.Errorf("%s has shape %v; input_ids has %s of %s", f.Name, t.Shape, plain.Count(b.count, "batch"), plain.Count(b.size, "row"))
	}
	if like, ok := b.fields[f.Like]; ok && t.Shape[2] != like.Shape[2] {
		return fmt.Errorf("%s has shape %v; it must be that of %s, %v", f.Name, t.Shape, f.Like, like.Shape)
	}
	for i, x := range t.Data {
		if x >= 0 && int(x) < f.Values || x == ignored && f.Name == model.Labels {
			continue
		}
		row, column := i/t.Shape[2], i%t.Shape[2]
		text := fmt.Sprintf("%s[%d, %d, %d] is %d; %s", f.Name, row/b.size, row%b.size, column, x, fmt.Sprintf(f.What, f.Values))
		if f.Name == model.Labels {
			text += fmt.Sprintf(", and %d stands for no prediction", ignored)
		}
		return errors.New(text)
	}
	b.fields[f.Name] = t
	return nil
}

// countPredictions computes P. A batch without predictions has no mean loss and is an error.
func (b *batches) countPredictions() error {
	labels := b.fields[model.Labels]
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
	n := 0
	for _, f := range b.reads.Fields {
		if f.Like == "" {
			n += b.fields[f.Name].Shape[2]
		}
	}
	return b.size * n
}

// batch returns the tensors of batch i for the model's Loss.
func (b *batches) batch(i int) train.Batch {
	batch := make(train.Batch)
	for name, t := range b.fields {
		if name == model.Labels {
			continue
		}
		batch[name] = tensors.FromFlatDataAndDimensions(b.rows(t, i), t.Shape[1:]...)
	}
	labels, weights, positions, width := b.targets(i)
	batch[model.Labels] = tensors.FromFlatDataAndDimensions(labels, b.size, width)
	batch[model.Weights] = tensors.FromFlatDataAndDimensions(weights, b.size, width)
	if positions != nil {
		batch[model.Positions] = tensors.FromFlatDataAndDimensions(positions, b.size, width)
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
	t := b.fields[model.Labels]
	all, length := b.rows(t, i), t.Shape[2]
	width = length
	if b.reads.Compact {
		width = b.predictions
		positions = make([]int32, b.size*width)
	}
	labels, weights = make([]int32, b.size*width), make([]float32, b.size*width)
	for row := range b.size {
		slot := row * width
		for column, x := range all[row*length : (row+1)*length] {
			if !b.reads.Compact {
				slot = row*width + column
			}
			if x == ignored {
				continue
			}
			labels[slot], weights[slot] = x, 1
			if b.reads.Compact {
				positions[slot] = int32(column)
				slot++
			}
		}
	}
	return labels, weights, positions, width
}
