package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// Kind is the kind of a path.
type Kind string

const (
	Transformers Kind = "transformers" // a directory in the format of transformers
	Model        Kind = "model"        // a model directory, see package trained
	Run          Kind = "run"          // the directory of a run
	File         Kind = "safetensors"  // a safetensors file
)

// Report describes a model.
type Report struct {
	Path   string       `json:"path"`
	Kind   Kind         `json:"kind"`
	Family string       `json:"family,omitempty"` // for a file, inferred from the names of its tensors
	Config *model.Model `json:"config,omitempty"`

	Weights   string                    `json:"weights"`  // the file that the following fields describe
	Checksum  string                    `json:"checksum"` // "correct", "wrong", or "none" for files of other programs
	Tensors   int                       `json:"tensors"`
	Count     int                       `json:"parameters"` // number of parameters, without moments
	Bytes     int64                     `json:"bytes"`      // stored size of the parameters
	DTypes    map[safetensors.DType]int `json:"dtypes"`     // number of tensors of each type
	Groups    []Group                   `json:"groups"`
	Layers    []Layer                   `json:"layers"`
	Tokenizer *Tokenizer                `json:"tokenizer,omitempty"`
	State     *State                    `json:"checkpoint,omitempty"`
	Released  string                    `json:"released,omitempty"` // why the run has no state, if it was removed on purpose

	Damage []string `json:"damage"` // descriptions of damage; empty if there is none
}

// Tokenizer describes the tokenizer of a model.
type Tokenizer struct {
	File  string `json:"file"`
	Kind  string `json:"kind"`
	Size  int    `json:"size"` // number of tokens
	Error string `json:"error,omitempty"`
}

// State describes a checkpoint without its parameters.
type State struct {
	Step        int            `json:"step"`
	Optimizer   string         `json:"optimizer,omitempty"`
	Moments     map[string]int `json:"moments"` // by moment, the number of parameters that have it
	Checkpoints []string       `json:"files"`   // all checkpoints, oldest first
}

// Inspect describes the model at a path. It returns an error if there is no
// model; damage to a model is in the report.
func Inspect(path string) (*Report, error) {
	r := &Report{Path: path, Damage: []string{}}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: %w; name a safetensors file, or the directory of a model or a run", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case !info.IsDir():
		r.Kind = File
		if !strings.HasSuffix(path, ".safetensors") && !strings.HasSuffix(path, ".safetensors.index.json") {
			return nil, fmt.Errorf("%s is not a safetensors file; name one, or the directory of a model or a run", path)
		}
		file, err := safetensors.Open(path)
		if err != nil {
			r.damage(err)
			return r, nil
		}
		defer file.Close()
		r.read(file)
		r.Family = model.FromParameters(file.Names())
	case hf.IsModel(path):
		r.Kind = Transformers
		r.transformers()
	case trained.Is(path):
		r.Kind = Run
		if _, err := os.Stat(filepath.Join(path, "model.json")); err == nil {
			r.Kind = Model
		}
		r.pretrained()
	default:
		return nil, fmt.Errorf("%s holds no model: it has neither a config.json of transformers or of a run nor a model.json; for a study, name one of its runs", path)
	}
	if info.IsDir() {
		r.tokenizer()
	}
	return r, nil
}

func (r *Report) damage(err error) { r.Damage = append(r.Damage, err.Error()) }

func (r *Report) setConfig(m model.Model) {
	r.Config, r.Family = &m, m.Family()
}

// transformers describes a directory of transformers.
func (r *Report) transformers() {
	config, err := hf.LoadConfig(filepath.Join(r.Path, "config.json"))
	if err != nil {
		r.damage(err)
	} else {
		r.setConfig(model.Model{Config: config})
	}
	file, err := safetensors.OpenModel(r.Path)
	if err != nil {
		r.damage(err)
		return
	}
	defer file.Close()
	r.read(file)
	if r.Config != nil {
		settled, _, err := hf.LoadWeights(file, config)
		if err != nil {
			r.damage(err)
		} else {
			r.setConfig(model.Model{Config: settled})
		}
	}
}

// pretrained describes the newest undamaged checkpoint of a model directory or a run.
func (r *Report) pretrained() {
	config, err := trained.ReadConfig(r.Path)
	if err == nil {
		err = config.Validate()
	}
	if err != nil {
		r.damage(err)
	} else {
		r.setConfig(config)
	}
	if train.IsReleased(r.Path) {
		r.Released = train.ReleasedError(r.Path).Error()
		return
	}
	paths, err := checkpoints(train.CheckpointDir(r.Path))
	if err != nil {
		r.damage(err)
		return
	}
	found := false
	for _, path := range slices.Backward(paths) { // newest first
		file, err := safetensors.Open(path)
		if err != nil {
			r.damage(err)
			continue
		}
		if !found {
			damaged := len(r.Damage)
			r.read(file)
			found = len(r.Damage) == damaged
			r.state(file)
		} else if err := file.Verify(); err != nil {
			r.damage(err)
		}
		file.Close()
	}
	if r.State != nil {
		r.State.Checkpoints = paths
	}
}

// checkpoints returns the paths of the checkpoints in a directory, sorted by
// name. It returns an error if there are none.
func checkpoints(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".safetensors" {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there is no checkpoint in %s", dir)
	}
	return paths, nil
}

// state describes a checkpoint's header and checks that its parameters fit the model.
func (r *Report) state(file *safetensors.File) {
	metadata := file.Metadata()
	s := &State{Moments: make(map[string]int)}
	if err := strictjson.Unmarshal([]byte(metadata["checkpoint"]), s); err != nil {
		r.damage(fmt.Errorf("the description of the checkpoint %s cannot be read: %w", file.Path(), err))
	}
	if s.Optimizer == "" {
		s.Optimizer = optimizerOf(filepath.Join(r.Path, train.ConfigFile))
	}
	params := make(map[string][]int)
	for _, name := range file.Names() {
		e, _ := file.Entry(name)
		if moment, _, ok := splitMoment(name); ok {
			s.Moments[moment]++
		} else {
			params[name] = e.Shape
		}
	}
	r.State = s
	if r.Config == nil {
		return
	}
	for _, p := range r.Config.Parameters() {
		shape, ok := params[p.Name]
		switch {
		case !ok:
			r.damage(fmt.Errorf("%s lacks the model's parameter %s", file.Path(), p.Name))
		case !slices.Equal(shape, p.Shape):
			r.damage(fmt.Errorf("%s: the parameter %s has shape %v, but by the configuration it must have %v", file.Path(), p.Name, shape, p.Shape))
		}
		delete(params, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		r.damage(fmt.Errorf("%s holds a parameter %s that the model does not have", file.Path(), name))
	}
}

// optimizerOf returns the name of the optimizer in a run's configuration.
func optimizerOf(path string) string {
	var config struct {
		Optimizer struct {
			Name string `json:"name"`
		} `json:"optimizer"`
	}
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &config) != nil {
		return ""
	}
	return config.Optimizer.Name
}

func (r *Report) tokenizer() {
	files := hf.TokenizerFiles(r.Path)
	t, path, err := hf.LoadTokenizer(files)
	switch {
	case err != nil:
		r.Tokenizer = &Tokenizer{File: path, Error: err.Error()}
		if !errors.Is(err, errors.ErrUnsupported) { // else it is only of another kind
			r.damage(fmt.Errorf("the tokenizer cannot be read: %w", err))
		}
	case t != nil:
		r.Tokenizer = &Tokenizer{File: path, Kind: string(t.Kind()), Size: t.VocabSize()}
		if c := r.Config; c != nil && t.VocabSize() > c.Vocabulary() {
			r.damage(fmt.Errorf("the tokenizer has %s, but the model has only %d; they do not belong together", plain.Count(t.VocabSize(), "token"), c.Vocabulary()))
		}
	}
}
