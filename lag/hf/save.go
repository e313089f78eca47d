package hf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// Save writes a model for transformers' from_pretrained, into a
// directory that must not exist or be empty and that appears when it is complete.
// The weights are float32. A model that transformers cannot express is an error
// that names the field of the configuration.
func Save(dir string, m *Model) error {
	export, err := m.Config.Export()
	if err == nil {
		err = m.Config.Validate()
	}
	if err != nil {
		return fmt.Errorf("cannot write %s for transformers: %w", dir, err)
	}
	a, err := architectureOf(export.ModelType)
	if err != nil {
		return err
	}
	config, err := m.configFields(export, a)
	if err != nil {
		return fmt.Errorf("cannot write %s for transformers: %w", dir, err)
	}
	weights, err := names{a.Names}.export(m.Params, m.Config.Parameters())
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		if n := notFiniteIn(weights[name]); n > 0 {
			log.Warn("weights are not finite; the model computes nothing", "tensor", name, "numbers", n, "of", len(weights[name].Data))
		}
	}
	if export.Adapt != nil {
		export.Adapt(weights)
	}
	if export.Note != "" {
		log.Info(export.Note, "model", dir)
	}
	text, err := encode(config)
	if err != nil {
		return err
	}
	return atomicfile.WriteDir(dir, func(tmp string) error {
		// transformers requires "format".
		if err := safetensors.Write(filepath.Join(tmp, weightsFile), weights, map[string]string{"format": "pt"}); err != nil {
			return err
		}
		if err := m.saveTokenizer(tmp, a.Tokenizer); err != nil {
			return err
		}
		if export.NoCache {
			if err := turnCacheOff(filepath.Join(tmp, generationFile)); err != nil {
				return err
			}
		}
		return atomicfile.WriteBytes(filepath.Join(tmp, configFile), text)
	})
}

// export returns the parameters by transformers' names. It checks that they are
// those of the model.
func (n names) export(params growth.Tensors, parameters []transformer.Param) (growth.Tensors, error) {
	weights := make(growth.Tensors, len(params))
	for _, p := range parameters {
		t, ok := params[p.Name]
		if !ok {
			return nil, fmt.Errorf("the model's parameter %s is missing", p.Name)
		}
		if !slices.Equal(t.Shape, p.Shape) {
			return nil, fmt.Errorf("the parameter %s has shape %v, but by the model's configuration it must have %v", p.Name, t.Shape, p.Shape)
		}
		weights[n.theirs(p.Name)] = t
	}
	if len(params) != len(parameters) {
		for _, name := range slices.Sorted(maps.Keys(params)) {
			if !slices.ContainsFunc(parameters, func(p transformer.Param) bool { return p.Name == name }) {
				return nil, fmt.Errorf("the parameter %s is not of the model", name)
			}
		}
	}
	return weights, nil
}

// configFields returns the fields of the model's config.json.
func (m *Model) configFields(export model.Export, a model.Architecture) (map[string]json.RawMessage, error) {
	fields := maps.Clone(m.Original)
	if fields == nil {
		fields = make(map[string]json.RawMessage)
	}
	for _, name := range append([]string{"transformers_version", "_name_or_path"}, export.Without...) { // they describe another file
		delete(fields, name)
	}
	for _, alias := range a.Aliases { // transformers prefers them to the field, and growth may have left them stale
		delete(fields, alias.Alias)
	}
	m.setSpecialTokens(fields, a.Tokenizer)
	if err := export.Set(fields); err != nil {
		return nil, err
	}
	// Versions of transformers before 4.56 call the type torch_dtype.
	head, err := json.Marshal(map[string]any{
		"model_type": export.ModelType, "architectures": []string{export.Class}, "dtype": "float32", "torch_dtype": "float32",
	})
	if err != nil {
		return nil, err
	}
	return fields, strictjson.Unmarshal(head, &fields)
}

// turnCacheOff turns off transformers' cache in the settings of
// generation, if there are any.
func turnCacheOff(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var settings map[string]json.RawMessage
	if err == nil {
		err = decode(text, &settings)
	}
	if err != nil {
		return fmt.Errorf("reading the settings of generation, %s: %w", generationFile, err)
	}
	settings["use_cache"] = json.RawMessage("false")
	if text, err = encode(settings); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, text)
}

// encode returns indented JSON with sorted keys, as Python reads it.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(value)
	return toPython(b.Bytes()), err
}

// copyFile copies a file. The copy appears when it is complete.
func copyFile(to, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}
