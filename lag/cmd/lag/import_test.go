package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/safetensors"
)

// TestImportNewHead imports an encoder that was saved without its head: it is refused
// with the flag to give, imported with it, and the command that it then advises trains
// the head.
func TestImportNewHead(t *testing.T) {
	source := encoderWithoutHead(t)
	t.Chdir(t.TempDir())
	if output, code := runLag(t, "import", source, "out"); code != exitFailure || !strings.Contains(output, "(`lag import -new-head`)") {
		t.Errorf("exit code %d: %s", code, output)
	}
	output := mustRunLag(t, "Its head is new: cls.predictions.transform.dense.weight,", "import", "-new-head", "-seed", "7", source, "out")
	for _, want := range []string{"drawn with seed 7", "lag train -initial out -head-first 200"} {
		if !strings.Contains(output, want) {
			t.Errorf("%s lacks %q", output, want)
		}
	}
	mustRunLag(t, "the first 2 steps train the head alone", "train", "-initial", "out", "-head-first", "2", "-steps", "4", "-warmup", "1",
		"-backend", "go", "-new-vocabulary", "-corpus", letters(t), "-batch", "2", "-validation", "1", "-length", "12")
	if output, code := runLag(t, "train", "-initial", "out", "-head-first", "-1"); code != exitUsage || !strings.Contains(output, "-head-first is -1") {
		t.Errorf("exit code %d: %s", code, output)
	}
}

// encoderWithoutHead returns the directory of a BERT without its head, which a
// BertModel saves.
func encoderWithoutHead(t *testing.T) string {
	t.Helper()
	from, dir := filepath.Join(models, "bert"), t.TempDir()
	file, err := safetensors.OpenModel(from)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tensors, err := file.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for name := range tensors {
		if strings.HasPrefix(name, "cls.") {
			delete(tensors, name)
		}
	}
	text, err := os.ReadFile(filepath.Join(from, "config.json"))
	var fields map[string]any
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	fields["architectures"] = []string{"BertModel"}
	if err == nil {
		text, err = json.Marshal(fields)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), text, 0o666)
	}
	if err == nil {
		err = safetensors.Write(filepath.Join(dir, "model.safetensors"), tensors, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
