package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/growth"
)

func strategies(flags *flag.FlagSet) func(context.Context, []string) error {
	from, to := depthsFlag{3}, depthsFlag{6}
	flags.Var(&from, "from", "`layers` of the source model; for an encoder-decoder two numbers, such as 2,2")
	flags.Var(&to, "to", "`layers` of the grown models, with as many numbers as -from")
	standard, _ := lag.Preset(defaultPreset)
	gate := flags.Int("gate", standard.Growth.GateSteps, "training `steps` until the gates of gated strategies are open")
	wide := flags.Bool("wide", false, "also list insertions at every place, more published strategies, and variants of inits, moments and learning rates")
	all := flags.Bool("all", false, "also list those of the wide pool, one layer for all, attenuated and perturbed duplicates, and interposition and LIDAS where they differ from others")
	family := flags.Bool("family", false, "list the strategies by family, one for each publication that they come from")
	drawing := flags.String("figure", "", "`file` for a figure of the layer maps, .png or .svg")
	return func(context.Context, []string) error {
		extension := strings.ToLower(filepath.Ext(*drawing))
		if *drawing != "" && extension != ".png" && extension != ".svg" {
			return usageError{fmt.Errorf("-figure %s: use a file name that ends in .png or .svg", *drawing)}
		}
		from, to := growth.Depths(from), growth.Depths(to)
		pool, err := growth.NewPoolFor(from, to, &growth.Options{GateSteps: *gate, Wide: *wide, All: *all})
		if err != nil {
			return usageError{err}
		}
		if *drawing != "" {
			f := figure.PoolMapsFor(from, pool)
			if f.Err != nil {
				return f.Err
			}
			contents := f.PNG
			if extension == ".svg" {
				contents = f.SVG
			}
			if err := atomicfile.WriteBytes(*drawing, contents); err != nil {
				return err
			}
		}
		stacks := "The stack from its bottom"
		if len(from) == 2 {
			stacks = "The encoder and the decoder from their bottoms"
		}
		fmt.Printf("%s from %s to %s layers. %s: [1] is source layer 1, (1) a duplicate of it, <N> a new layer.\n\n",
			plain.Count(len(pool), "strategy"), depthsFlag(from), depthsFlag(to), stacks)
		return listStrategies(from, pool, *family)
	}
}

// listStrategies prints a line for each strategy. With family it groups them by
// source.
func listStrategies(from growth.Depths, pool growth.Pool, family bool) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(s growth.Strategy) error {
		stacks, err := s.PerStack(len(from))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t", s.Name)
		for i, one := range stacks {
			fmt.Fprintf(w, "%s\t", one.Map.Draw(from[i]))
		}
		fmt.Fprint(w, growth.Shown(s.Summary(), s.Encoder, s.Map))
		if !family {
			fmt.Fprintf(w, "\t%s", s.Source)
		}
		fmt.Fprintln(w)
		return nil
	}
	if !family {
		for _, s := range pool {
			if err := line(s); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	for len(pool) > 0 {
		source := pool[0].Source
		fmt.Fprintln(w, source)
		for _, s := range pool.Filter(func(s growth.Strategy) bool { return s.Source == source }) {
			fmt.Fprint(w, "  ")
			if err := line(s); err != nil {
				return err
			}
		}
		fmt.Fprintln(w)
		pool = pool.Filter(func(s growth.Strategy) bool { return s.Source != source })
	}
	return w.Flush()
}

// depthsFlag is a number of layers, or two separated by a comma.
type depthsFlag growth.Depths

func (d depthsFlag) String() string {
	var texts []string
	for _, n := range d {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ",")
}

// Set parses the flag's value.
func (d *depthsFlag) Set(text string) error {
	var depths depthsFlag
	for _, field := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil {
			return fmt.Errorf("%q is not a number of layers; give one, or two separated by a comma for an encoder and a decoder", field)
		}
		depths = append(depths, n)
	}
	*d = depths
	return nil
}
