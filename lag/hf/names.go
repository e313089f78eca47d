package hf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
)

// names maps the parameters of a family to the tensors of a checkpoint. A
// parameter that is not in pairs has the same name on both sides.
type names struct {
	pairs       []pair
	copies      []copied
	ignored     []string          // tensors that have no effect
	heads       []string          // tensors of heads that the model may lack; they are ignored with a log message
	headsAdvice string            // that message
	prefix      string            // prefix of the names of the model's body; missing if only the body was saved
	legacy      map[string]string // old suffixes of names and the current ones
}

// pair is a parameter with different names on both sides.
type pair struct{ ours, theirs string }

// copied is a tensor that must equal another. A checkpoint may hold either or
// both; if they differ, that is an error.
type copied struct{ copy, of string }

// theirs returns the name in a checkpoint of one of our parameters.
func (n names) theirs(ours string) string {
	for _, p := range n.pairs {
		if p.ours == ours {
			return p.theirs
		}
	}
	return ours
}

// canonical returns the current name of a tensor of a checkpoint.
func (n names) canonical(name string, body bool) string {
	for old, now := range n.legacy {
		if rest, ok := strings.CutSuffix(name, old); ok {
			name = rest + now
		}
	}
	if body && !strings.HasPrefix(name, "cls.") {
		name = n.prefix + name
	}
	return name
}

// LoadWeights reads the parameters of a model from a checkpoint of transformers.
// A tensor that is missing, superfluous, or of the wrong shape or a non-floating-point
// type is an error. Weights in half precision become float32.
func LoadWeights(f *safetensors.File, config train.Model) (growth.Tensors, error) {
	a, err := architectureOf(config)
	if err != nil {
		return nil, err
	}
	c := checkpoint{file: f, names: a.names}
	if err := c.list(); err != nil {
		return nil, err
	}
	return c.load(config.Parameters())
}

// checkpoint is an open checkpoint. It maps canonical names to tensors.
type checkpoint struct {
	file    *safetensors.File
	names   names
	tensors map[string]string // names in the file of tensors that were not read yet, by canonical name
}

func (c *checkpoint) list() error {
	list := c.file.Names()
	body := c.names.prefix != "" && !slices.ContainsFunc(list, func(name string) bool { return strings.HasPrefix(name, c.names.prefix) })
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

func (c *checkpoint) load(parameters []transformer.Param) (growth.Tensors, error) {
	params := make(growth.Tensors, len(parameters))
	var missing []string
	dtypes := make(map[safetensors.DType]bool)
	for _, p := range parameters {
		theirs := c.names.theirs(p.Name)
		name, ok := c.tensors[theirs]
		if !ok {
			if theirs, name, ok = c.substitute(theirs); !ok {
				missing = append(missing, theirs)
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
	if len(missing) > 0 {
		return nil, c.missing(missing)
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
	for _, copied := range c.names.copies {
		if copied.of == theirs {
			if name, ok := c.tensors[copied.copy]; ok {
				return copied.copy, name, true
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
	return c.file.Floats(name)
}

// missing returns the error for missing tensors.
func (c *checkpoint) missing(list []string) error {
	advice := "the weights do not belong to " + configFile + ", or a file was not copied"
	if head := slices.IndexFunc(list, func(name string) bool { return !strings.HasPrefix(name, "cls.") }); head < 0 && c.names.prefix != "" {
		advice = "it holds BERT without the head of the language model, which is required: load it with BertForMaskedLM in Python, which creates a new head, train that, and save it"
	}
	return fmt.Errorf("%s lacks %d tensors of the model: %s; %s", c.file.Path(), len(list), shorten(list), advice)
}

// compareCopies reads the copies of tensors and compares them with the originals.
func (c *checkpoint) compareCopies(params growth.Tensors, parameters []transformer.Param) error {
	for _, copied := range c.names.copies {
		name, ok := c.tensors[copied.copy]
		i := slices.IndexFunc(parameters, func(p transformer.Param) bool { return c.names.theirs(p.Name) == copied.of })
		if !ok || i < 0 {
			continue
		}
		delete(c.tensors, copied.copy)
		p := parameters[i]
		t, err := c.read(name, p.Shape)
		if err != nil {
			return err
		}
		if !slices.Equal(t.Data, params[p.Name].Data) {
			return fmt.Errorf("%s: tensor %s is not equal to %s; a model in which these two differ is not supported",
				c.file.Path(), name, copied.of)
		}
	}
	return nil
}

// leftOver returns an error if tensors were not read, except those that are ignored.
func (c *checkpoint) leftOver() error {
	var dropped []string
	for _, name := range c.names.ignored {
		delete(c.tensors, name)
	}
	for _, name := range c.names.heads {
		if _, ok := c.tensors[name]; ok {
			dropped = append(dropped, name)
			delete(c.tensors, name)
		}
	}
	if len(dropped) > 0 {
		log.Info(c.names.headsAdvice, "file", c.file.Path(), "tensors", strings.Join(dropped, " "))
	}
	if len(c.tensors) == 0 {
		return nil
	}
	var list []string
	for _, name := range c.tensors {
		list = append(list, name)
	}
	slices.Sort(list)
	return fmt.Errorf("%s holds %d tensors that the model of %s does not have: %s; the two do not belong together", c.file.Path(), len(list), configFile, shorten(list))
}

// shorten lists some names and counts the others.
func shorten(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
