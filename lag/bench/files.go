package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// The files of a shape, which all contestants read.
const (
	settingsFile = "settings.json"
	weightsFile  = "weights.safetensors"
	batchesFile  = "batches.safetensors" // each tensor has the number of batches as its first axis
)

// settings is what a contestant must know of a shape beside weights and batches.
type settings struct {
	Family     string      `json:"family"`
	Model      model.Model `json:"model"`
	Optimizer  train.AdamW `json:"optimizer"`
	Rate       float64     `json:"rate"`  // constant learning rate
	Decay      []string    `json:"decay"` // names of the parameters with weight decay
	Threads    int         `json:"threads"`
	Backend    string      `json:"backend"`            // lag's
	Device     string      `json:"device"`             // PyTorch's
	Validation int         `json:"validation_batches"` // of an evaluation in the study
}

// validationBatches is that of the preset quick.
const validationBatches = 8

// writeShape writes the files of a shape to a directory.
func writeShape(dir string, s shape, engine string, threads int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	file := settings{
		Family: s.model.Family(), Model: model.Model{Config: s.model}, Optimizer: train.NewAdamW(), Rate: s.rate,
		Threads: threads, Backend: engine, Device: device(engine), Validation: validationBatches,
	}
	weights := make(growth.Tensors)
	for _, p := range s.model.Parameters() {
		weights[p.Name] = growth.Tensor{Shape: p.Shape, Data: p.Initialize(1)}
		if p.Decay {
			file.Decay = append(file.Decay, p.Name)
		}
	}
	if err := safetensors.Write(filepath.Join(dir, weightsFile), weights, nil); err != nil {
		return err
	}
	batches, err := s.batches(batchesOfShape)
	if err != nil {
		return fmt.Errorf("batches of %s: %w", s.name, err)
	}
	contents, err := stacked(batches)
	if err != nil {
		return fmt.Errorf("batches of %s: %w", s.name, err)
	}
	if err := contents.Write(filepath.Join(dir, batchesFile)); err != nil {
		return err
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, settingsFile), text, 0o666)
}

// stacked joins the tensors of batches along a new first axis.
func stacked(batches []transformer.Batch) (safetensors.Contents, error) {
	contents := safetensors.Contents{Floats: make(growth.Tensors), Ints: make(map[string]safetensors.Ints)}
	for name, t := range batches[0] {
		shape := append([]int{len(batches)}, t.Shape().Dimensions...)
		var floats []float32
		var ints []int32
		for _, batch := range batches {
			var err error
			if t.DType() == dtypes.Float32 {
				floats, err = appended(floats, batch[name])
			} else {
				ints, err = appended(ints, batch[name])
			}
			if err != nil {
				return contents, err
			}
		}
		if floats != nil {
			contents.Floats[name] = growth.Tensor{Shape: shape, Data: floats}
		} else {
			contents.Ints[name] = safetensors.Ints{Shape: shape, Data: ints}
		}
	}
	return contents, nil
}

func appended[T int32 | float32](list []T, t *tensors.Tensor) ([]T, error) {
	data, err := tensors.CopyFlatData[T](t)
	return append(list, data...), err
}

// device returns PyTorch's name of the device of a backend.
func device(engine string) string {
	if engine == backend.CUDA {
		return "cuda"
	}
	return "cpu"
}

// readShape reads what writeShape wrote: the settings, the weights and the batches.
func readShape(dir string) (file settings, weights growth.Tensors, batches []train.Batch, err error) {
	text, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		return file, nil, nil, err
	}
	from, err := safetensors.Open(filepath.Join(dir, weightsFile))
	if err != nil {
		return file, nil, nil, err
	}
	defer from.Close()
	if weights, err = from.ReadAll(); err != nil {
		return file, nil, nil, err
	}
	batches, err = readBatches(filepath.Join(dir, batchesFile))
	return file, weights, batches, err
}

func readBatches(path string) ([]train.Batch, error) {
	from, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	var batches []train.Batch
	for _, name := range from.Names() {
		entry, _ := from.Entry(name)
		if batches == nil {
			batches = make([]train.Batch, entry.Shape[0])
		}
		if entry.DType.IsFloat() {
			t, err := from.Floats(name)
			if err != nil {
				return nil, err
			}
			unstack(batches, name, t.Data, t.Shape)
			continue
		}
		t, err := from.Ints(name)
		if err != nil {
			return nil, err
		}
		unstack(batches, name, t.Data, t.Shape)
	}
	return batches, nil
}

func unstack[T int32 | float32](batches []train.Batch, name string, data []T, shape []int) {
	size := len(data) / len(batches)
	for i := range batches {
		if batches[i] == nil {
			batches[i] = make(train.Batch)
		}
		batches[i][name] = tensors.FromFlatDataAndDimensions(slices.Clone(data[i*size:(i+1)*size]), shape[1:]...)
	}
}
