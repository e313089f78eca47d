package replay

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// TestWriteBatches writes the batches of both families again: the same file comes out.
func TestWriteBatches(t *testing.T) {
	for _, family := range []string{"bert", "t5"} {
		dir := filepath.Join("testdata", family)
		config, err := hf.LoadConfig(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "batches.safetensors")
		b, err := readBatches(path, config)
		if err != nil {
			t.Fatal(err)
		}
		var list []train.Batch
		for i := range b.count {
			list = append(list, b.batch(i))
		}
		again := filepath.Join(t.TempDir(), "again.safetensors")
		if err := WriteBatches(again, config, list); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(readInts(t, path), readInts(t, again)); diff != "" {
			t.Errorf("%s: %s", family, diff)
		}

		list[0][model.Weights] = tensors.FromFlatDataAndDimensions(make([]float32, list[0][model.Weights].Shape().Size()), list[0][model.Weights].Shape().Dimensions...)
		tensors.MutableFlatData(list[0][model.Weights], func(w []float32) { w[0] = 0.5 })
		if err := WriteBatches(again, config, list); err == nil || !strings.Contains(err.Error(), "the weight 0.5") {
			t.Errorf("%s: a weight of one half: %v", family, err)
		}
		list[0] = b.batch(0)
		delete(list[1], "input_ids")
		if err := WriteBatches(again, config, list); err == nil || !strings.Contains(err.Error(), "batch 1, from 0: there is no input_ids") {
			t.Errorf("%s: no tokens: %v", family, err)
		}
		if err := WriteBatches(again, config, nil); err == nil {
			t.Errorf("%s: no batches are no error", family)
		}
	}
}

// readInts returns all tensors of a file.
func readInts(t *testing.T, path string) map[string]safetensors.Ints {
	t.Helper()
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := make(map[string]safetensors.Ints)
	for _, name := range file.Names() {
		if all[name], err = file.Ints(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
