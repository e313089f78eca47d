// Package trained reads, writes and grows models with their weights: models
// that were imported or grown, and models trained by a run.
package trained

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// Model is a model with its weights and, if there are any, the optimizer's
// moments. On disk it is a model directory:
//
//	model.json      the configuration, a [model.Model]
//	checkpoint/     the state, see [train.SaveCheckpoint]
//	hf_config.json  the config.json from which it was imported, if it was
//	                and the files of a tokenizer
type Model struct {
	Model model.Model
	train.Snapshot
	Files []string // paths of the tokenizer's files, which Save copies

	// Original contains the fields of the config.json from which the model was
	// imported, for exports; see [hf.Model]. It is nil for other models.
	Original map[string]json.RawMessage
}

const (
	modelFile     = "model.json"
	runConfigFile = "config.json"
	originalFile  = "hf_config.json"
)

// From returns a model of transformers as a model to train.
func From(m *hf.Model) *Model {
	return &Model{Model: model.Model{Config: m.Config}, Snapshot: train.Snapshot{State: growth.State{Params: m.Params}}, Files: m.Files, Original: m.Original}
}

// ForTransformers returns the model for [hf.Save].
func (p *Model) ForTransformers() *hf.Model {
	return &hf.Model{Config: p.Model.Config, Params: p.Params, Files: p.Files, Original: p.Original}
}

// Is reports whether a directory is a model directory or the directory of a
// run.
func Is(dir string) bool {
	_, err := ReadConfig(dir)
	return !errors.Is(err, fs.ErrNotExist)
}

// Imported reports whether the model in a directory was imported from
// transformers, or grown from one that was.
func Imported(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, originalFile))
	return err == nil
}

// Load reads a model directory, or the newest state in the directory of a run. If
// the run is complete, that must be its final state.
func Load(dir string) (*Model, error) {
	config, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("the model in %s: %w", dir, err)
	}
	snap, err := train.LoadCheckpoint(train.CheckpointDir(dir))
	end, ended := train.EndOf(dir)
	switch {
	case err != nil && train.IsReleased(dir):
		return nil, train.ReleasedError(dir)
	case err != nil && ended:
		return nil, fmt.Errorf("the final state of the run in %s cannot be used: %w; `lag runs continue %s` makes it again", dir, err, dir)
	case err != nil:
		return nil, fmt.Errorf("the weights of the model in %s: %w", dir, err)
	case ended && snap.Step < end:
		return nil, fmt.Errorf("the final state of the run in %s, after %s, is damaged or missing; the newest that can be used is that after %s; `lag runs continue %s` makes the final one again", dir, plain.Count(end, "step"), plain.Count(snap.Step, "step"), dir)
	}
	if err := CheckParameters(snap.Params, config.Parameters()); err != nil {
		return nil, fmt.Errorf("the weights in %s do not match the configuration: %w", dir, err)
	}
	original, err := readOriginal(filepath.Join(dir, originalFile))
	if err != nil {
		return nil, err
	}
	return &Model{Model: config, Snapshot: snap, Files: hf.TokenizerFiles(dir), Original: original}, nil
}

// readOriginal reads the fields of a config.json. It returns nil if there is no
// file.
func readOriginal(path string) (fields map[string]json.RawMessage, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = strictjson.Unmarshal(text, &fields)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; copy it again, or remove it", path, err)
	}
	return fields, nil
}

// ReadConfig reads the configuration of the model in a model directory or the
// directory of a run.
func ReadConfig(dir string) (model.Model, error) {
	var config model.Model
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return config, fmt.Errorf("there is no %s: %w; name a directory made by lag import, grow or train", dir, fs.ErrNotExist)
	} else if err == nil && !info.IsDir() {
		return config, fmt.Errorf("%s is a file; name a directory made by lag import, grow or train", dir)
	}
	path := filepath.Join(dir, modelFile)
	text, err := os.ReadFile(path)
	if err == nil {
		text, err = sealed.Open(text)
	}
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(dir, runConfigFile)
		var run struct {
			Model json.RawMessage `json:"model"`
		}
		if text, err = os.ReadFile(path); err == nil {
			err = strictjson.Unmarshal(text, &run)
		}
		if err == nil && run.Model != nil {
			if err := train.CheckConfig(dir, text); err != nil {
				return config, fmt.Errorf("%w; run the study, the stacking or the training again, which writes it again", err)
			}
		}
		if errors.Is(err, fs.ErrNotExist) || err == nil && run.Model == nil {
			return config, fmt.Errorf("%s does not contain a model: it has no %s, and no %s of a run: %w; name a directory made by lag import, grow or train; a model of transformers must be imported first",
				dir, modelFile, runConfigFile, fs.ErrNotExist)
		}
		text = run.Model
	}
	if err == nil {
		err = model.UnmarshalOld(text, &config)
	}
	if err != nil {
		err = fmt.Errorf("%s is damaged: %w; copy it again", path, err)
	}
	return config, err
}

// CheckParameters returns an error if tensors are not the parameters that a
// model declares.
func CheckParameters(params growth.Tensors, declared []transformer.Param) error {
	for _, p := range declared {
		t, ok := params[p.Name]
		if !ok {
			return fmt.Errorf("there is no %s of shape %v", p.Name, p.Shape)
		}
		if !slices.Equal(t.Shape, p.Shape) {
			return fmt.Errorf("%s has shape %v, want %v", p.Name, t.Shape, p.Shape)
		}
	}
	if len(params) != len(declared) {
		return fmt.Errorf("there are %d parameters, but the model has %d", len(params), len(declared))
	}
	return nil
}

// Save writes a model directory, which must not exist or must be empty. The
// directory appears only when it is complete.
func (p *Model) Save(dir string) error {
	if err := CheckParameters(p.Params, p.Model.Parameters()); err != nil {
		return fmt.Errorf("cannot write %s: the weights do not match the configuration: %w", dir, err)
	}
	return atomicfile.WriteDir(dir, func(tmp string) error {
		if err := train.SaveCheckpoint(train.CheckpointDir(tmp), p.Snapshot); err != nil {
			return err
		}
		if err := hf.CopyFiles(tmp, p.Files); err != nil {
			return err
		}
		if p.Original != nil {
			if err := atomicfile.WriteJSON(filepath.Join(tmp, originalFile), p.Original); err != nil {
				return err
			}
		}
		return sealed.Write(filepath.Join(tmp, modelFile), p.Model)
	})
}

// Grow grows each stack of the model with a strategy, without training; see
// [train.Snapshot.Grow]. What does not change is shared with p, so neither may be
// changed in place. The seed determines the weights of new layers. Gated
// strategies are errors, because weights do not include gates.
func (p *Model) Grow(strategies []growth.Strategy, seed int64) (*Model, error) {
	var depths []int
	for _, s := range strategies {
		if s.Init.Kind == growth.Gated && slices.Contains(s.Map.Duplicates(), true) {
			return nil, fmt.Errorf("strategy %q is gated: its layers are faded in while the model trains, and a checkpoint cannot store gates; use the init %q or %q, or train it with lag study",
				s.Name, growth.Copy, growth.Zero)
		}
		depths = append(depths, len(s.Map))
	}
	grown, err := p.Model.WithDepths(depths...)
	if err != nil {
		return nil, err
	}
	snap, err := p.Snapshot.Grow(p.Model.Stacks(), strategies, Initializer(grown, seed))
	if err != nil {
		return nil, err
	}
	return &Model{Model: grown, Snapshot: snap, Files: p.Files, Original: p.Original}, nil
}

// Initializer returns the model's own initialization, for new layers.
func Initializer(m train.Model, seed int64) growth.Initializer {
	byName := make(map[string]transformer.Param)
	for _, p := range m.Parameters() {
		byName[p.Name] = p
	}
	return func(name string, _ []int) []float32 { return byName[name].Initialize(seed) }
}
