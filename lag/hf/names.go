package hf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// names maps the parameters of a family to the tensors of a checkpoint.
type names struct{ model.TensorNames }

// theirs returns the name in a checkpoint of one of our parameters.
func (n names) theirs(ours string) string {
	for _, p := range n.Pairs {
		if p.Ours == ours {
			return p.Theirs
		}
	}
	for _, p := range n.Parts {
		ours = strings.Replace(ours, p.Ours, p.Theirs, 1)
	}
	return ours
}

// canonical returns the current name of a tensor of a checkpoint.
func (n names) canonical(name string, body bool) string {
	for old, now := range n.Legacy {
		if rest, ok := strings.CutSuffix(name, old); ok {
			name = rest + now
		}
	}
	if body && !strings.HasPrefix(name, n.Outside) {
		name = n.Prefix + name
	}
	return name
}

// LoadWeights reads the parameters of a model from a checkpoint of transformers.
// It returns the configuration with what config.json leaves to the weights: T5's
// head is tied or not. A tensor that is missing, superfluous, or of the wrong
// shape or a non-floating-point type is an error. Weights in half precision become
// float32.
func LoadWeights(f *safetensors.File, config model.Config) (model.Config, growth.Tensors, error) {
	c := checkpoint{file: f}
	return c.loadWeights(config)
}

// loadWeights is [LoadWeights] with the settings of the checkpoint.
func (c *checkpoint) loadWeights(config model.Config) (model.Config, growth.Tensors, error) {
	export, err := config.Export()
	if err != nil {
		return nil, nil, err
	}
	a, err := architectureOf(export.ModelType)
	if err != nil {
		return nil, nil, err
	}
	c.names = names{a.Names}
	if err := c.list(); err != nil {
		return nil, nil, err
	}
	if a.Settle != nil {
		if config, err = a.Settle(config, c); err != nil {
			return nil, nil, err
		}
	}
	derived := make(growth.Tensors)
	if a.Derive != nil {
		if derived, err = c.derive(config, a); err != nil {
			return nil, nil, err
		}
	}
	params, err := c.load(config.Parameters(), derived)
	return config, params, err
}

// Has implements [model.Stored].
func (c *checkpoint) Has(name string) bool {
	_, ok := c.tensors[name]
	return ok
}

// Equal implements [model.Stored].
func (c *checkpoint) Equal(a, b string) (bool, error) {
	one, err := c.file.Floats(c.tensors[a])
	if err != nil {
		return false, err
	}
	other, err := c.file.Floats(c.tensors[b])
	return err == nil && slices.Equal(one.Shape, other.Shape) && equal(one.Data, other.Data), err
}

// equal reports whether numbers are the same. Here NaN is equal to itself.
func equal(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return x == y || x != x && y != y })
}

// checkpoint is an open checkpoint. It maps canonical names to tensors.
type checkpoint struct {
	file    *safetensors.File
	names   names
	tensors map[string]string // names in the file of tensors that were not read yet, by canonical name
	finite  bool              // refuse numbers that are not finite
	options Options
	made    []string // parameters of the new head
}

func (c *checkpoint) list() error {
	list := c.file.Names()
	body := c.names.Prefix != "" && !slices.ContainsFunc(list, func(name string) bool { return strings.HasPrefix(name, c.names.Prefix) })
	c.tensors = make(map[string]string, len(list))
	for _, name := range list {
		canonical := c.names.canonical(name, body)
		if other, ok := c.tensors[canonical]; ok {
			return fmt.Errorf("%s holds %s twice, as %s and as %s; remove one", c.file.Path(), canonical, other, name)
		}
		c.tensors[canonical] = name
	}
	return nil
}

// derive returns the parameters that the checkpoint does not hold as such.
func (c *checkpoint) derive(config model.Config, a model.Architecture) (growth.Tensors, error) {
	derived := make(growth.Tensors)
	for _, p := range config.Parameters() {
		var unread error
		t, ok, err := a.Derive(config, p.Name, func(name string, shape ...int) (t growth.Tensor, err error) {
			t, unread = c.take(name, shape)
			return t, unread
		})
		if err != nil && unread == nil { // take's errors name the file
			err = fmt.Errorf("%s: %w", c.file.Path(), err)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			derived[p.Name] = t
		}
	}
	return derived, nil
}

// take reads a tensor that is not a parameter.
func (c *checkpoint) take(name string, shape []int) (growth.Tensor, error) {
	stored, ok := c.tensors[name]
	if !ok {
		return growth.Tensor{}, fmt.Errorf("%s lacks the tensor %s; the weights do not belong to %s, or a file was not copied", c.file.Path(), name, configFile)
	}
	delete(c.tensors, name)
	return c.read(stored, shape)
}

// load reads the parameters that were not derived.
func (c *checkpoint) load(parameters []transformer.Param, derived growth.Tensors) (growth.Tensors, error) {
	params := maps.Clone(derived)
	var missing []transformer.Param
	dtypes := make(map[safetensors.DType]bool)
	for _, p := range parameters {
		if _, ok := derived[p.Name]; ok {
			continue
		}
		theirs := c.names.theirs(p.Name)
		name, ok := c.tensors[theirs]
		if !ok {
			if theirs, name, ok = c.substitute(theirs); !ok {
				missing = append(missing, p)
				continue
			}
		}
		delete(c.tensors, theirs)
		t, err := c.read(name, p.Shape)
		if err != nil {
			return nil, err
		}
		params[p.Name] = t
		entry, _ := c.file.Entry(name)
		dtypes[entry.DType] = true
	}
	if err := c.addHead(params, missing); err != nil {
		return nil, err
	}
	if err := c.compareCopies(params, parameters); err != nil {
		return nil, err
	}
	if err := c.leftOver(); err != nil {
		return nil, err
	}
	if delete(dtypes, safetensors.F32); len(dtypes) > 0 {
		log.Info("weights become float32", "file", c.file.Path(), "were", slices.Sorted(maps.Keys(dtypes)))
	}
	return params, nil
}

// substitute returns a copy of a tensor that is missing.
func (c *checkpoint) substitute(theirs string) (canonical, name string, ok bool) {
	for _, copied := range c.names.Copies {
		if copied.Of == theirs {
			if name, ok := c.tensors[copied.Copy]; ok {
				return copied.Copy, name, true
			}
		}
	}
	return theirs, "", false
}

func (c *checkpoint) read(name string, shape []int) (growth.Tensor, error) {
	entry, _ := c.file.Entry(name)
	if !slices.Equal(entry.Shape, shape) {
		return growth.Tensor{}, fmt.Errorf("%s: tensor %s has shape %v, but by %s it must have %v; the two do not belong together",
			c.file.Path(), name, entry.Shape, configFile, shape)
	}
	t, err := c.file.Floats(name)
	if err != nil || !c.finite {
		return t, err
	}
	if n := notFiniteIn(t); n > 0 {
		return t, fmt.Errorf("%s: tensor %s has %d numbers of %d that are not finite (NaN or infinity), so the model computes nothing; take a checkpoint from before its training diverged, or set them in Python, such as with torch.nan_to_num_",
			c.file.Path(), name, n, len(t.Data))
	}
	return t, nil
}

// notFiniteIn counts the numbers of a tensor that are NaN or infinite.
func notFiniteIn(t growth.Tensor) (n int) {
	for _, x := range t.Data {
		if x-x != 0 {
			n++
		}
	}
	return n
}

// compareCopies reads the copies of tensors and compares them with the originals.
func (c *checkpoint) compareCopies(params growth.Tensors, parameters []transformer.Param) error {
	for _, copied := range c.names.Copies {
		name, ok := c.tensors[copied.Copy]
		i := slices.IndexFunc(parameters, func(p transformer.Param) bool { return c.names.theirs(p.Name) == copied.Of })
		if !ok || i < 0 {
			continue
		}
		delete(c.tensors, copied.Copy)
		p := parameters[i]
		t, err := c.read(name, p.Shape)
		if err != nil {
			return err
		}
		if !equal(t.Data, params[p.Name].Data) {
			return fmt.Errorf("%s: tensor %s is not equal to %s; a model in which these two differ is not supported",
				c.file.Path(), name, copied.Of)
		}
	}
	return nil
}

// leftOver returns an error if tensors were not read, except those that are ignored.
func (c *checkpoint) leftOver() error {
	var dropped []string
	for _, name := range c.names.Ignored {
		delete(c.tensors, name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.tensors)) {
		ofOther := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if c.options.NewHead && slices.ContainsFunc(c.names.OtherHeads, ofOther) {
			dropped = append(dropped, name)
			delete(c.tensors, name)
		}
	}
	for _, name := range c.names.Heads {
		if _, ok := c.tensors[name]; ok {
			dropped = append(dropped, name)
			delete(c.tensors, name)
		}
	}
	if len(dropped) > 0 {
		advice := c.names.HeadsAdvice
		if c.options.NewHead {
			advice = "tensors that the language model does not have are dropped"
		}
		log.Info(advice, "file", c.file.Path(), "tensors", strings.Join(dropped, " "))
	}
	if len(c.tensors) == 0 {
		return nil
	}
	var list []string
	for _, name := range c.tensors {
		list = append(list, name)
	}
	slices.Sort(list)
	return fmt.Errorf("%s holds %s that the model of %s does not have: %s; the two do not belong together", c.file.Path(), plain.Count(len(list), "tensor"), configFile, shorten(list))
}

// shorten lists some names and counts the others.
func shorten(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
