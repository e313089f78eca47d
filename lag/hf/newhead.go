package hf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// addHead adds the parameters that the checkpoint lacks if they are the head and a
// new one was asked for. Otherwise missing parameters are an error.
func (c *checkpoint) addHead(params growth.Tensors, missing []transformer.Param) error {
	switch {
	case len(missing) == 0 && c.options.NewHead:
		return advice.Errorf(advice.NewHead, "the model of %s has a head of the language model, its own or its embeddings; ask for no new one", c.file.Path())
	case len(missing) == 0:
		return nil
	case !c.options.NewHead || !c.headless(missing):
		return c.missing(missing)
	}
	for _, p := range missing {
		params[p.Name] = growth.Tensor{Shape: p.Shape, Data: p.Initialize(c.options.Seed)}
		c.made = append(c.made, p.Name)
	}
	return nil
}

// headless reports whether the missing parameters are the head and the checkpoint
// has no part of it.
func (c *checkpoint) headless(missing []transformer.Param) bool {
	ofHead := func(name string) bool { return strings.HasPrefix(name, c.names.Outside) }
	ofBody := func(p transformer.Param) bool { return !ofHead(c.names.theirs(p.Name)) }
	return c.names.NoHead != "" && !slices.ContainsFunc(missing, ofBody) && !slices.ContainsFunc(c.file.Names(), ofHead)
}

// missing returns the error for missing parameters.
func (c *checkpoint) missing(list []transformer.Param) error {
	theirs := make([]string, len(list))
	for i, p := range list {
		theirs[i] = c.names.theirs(p.Name)
	}
	lacks := fmt.Sprintf("%s lacks %s of the model: %s", c.file.Path(), plain.Count(len(list), "tensor"), shorten(theirs))
	if c.headless(list) {
		return advice.Errorf(advice.NewHead, "%s; %s", lacks, c.names.NoHead)
	}
	return fmt.Errorf("%s; the weights do not belong to %s, or a file was not copied", lacks, configFile)
}
