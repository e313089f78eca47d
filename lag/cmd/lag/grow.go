package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

// growFlags determine how a checkpoint is grown.
type growFlags struct {
	maps, decoder string
	to, decoderTo int
	init, moments string
	seed          *int64 // nil if not given
}

func growCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	var g growFlags
	flags.StringVar(&g.maps, "map", "", "layer `map`: for each layer of the grown stack its source layer, or N for a new one, such as \"0 1 2 2\"; or the name of a strategy that lag strategies -all lists, with -to. For an encoder-decoder it is the encoder's")
	flags.StringVar(&g.decoder, "decoder-map", "", "layer `map` of an encoder-decoder's decoder, or the name of a strategy, with -decoder-to; it can also follow the encoder's in -map, after a semicolon (default: the decoder is not grown)")
	flags.IntVar(&g.to, "to", 0, "`layers` of the grown stack, if -map is a strategy; see lag strategies")
	flags.IntVar(&g.decoderTo, "decoder-to", 0, "`layers` of the grown decoder, if -decoder-map is a strategy")
	flags.StringVar(&g.init, "init", "", "`initialization` of duplicates: copy, or zero, which sets their output projections to zero (default copy, or the strategy's)")
	flags.StringVar(&g.moments, "moments", "", "`policy` for the optimizer's moments: copy, zero-duplicates or reset (default copy, or the strategy's)")
	flags.Func("seed", "seed `number` for new layers", func(text string) error {
		g.seed = new(int64)
		return set(g.seed, text)
	})
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag grow takes the directory of a model and the directory to make, after its flags; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if g.maps == "" && g.decoder == "" {
			return usageError{errors.New("no layer map was given; use -map, such as -map \"0 1 2 2\"")}
		}
		in, out := arguments[0], arguments[1]
		if err := atomicfile.CheckDir(out); err != nil {
			return err
		}
		if hf.IsModel(in) || strings.HasPrefix(in, "hf:") {
			m, err := loadHF(ctx, in, hf.Options{})
			if err != nil {
				return err
			}
			p := &trained.Model{Model: model.Model{Config: m.Config}, Snapshot: train.Snapshot{State: growth.State{Params: m.Params}}}
			return g.grow(p, in, out, func(grown *trained.Model) error {
				m.Config, m.Params = grown.Model.Config, grown.Params
				return hf.Save(out, m)
			})
		}
		p, err := loadModel(in)
		if err != nil {
			return err
		}
		return g.grow(p, in, out, func(grown *trained.Model) error { return grown.Save(out) })
	}
}

func (g growFlags) grow(p *trained.Model, in, out string, save func(*trained.Model) error) error {
	stacks := p.Model.Stacks()
	strategies, err := g.strategies(stacks)
	if err != nil {
		return usageError{err}
	}
	var seed int64
	if g.seed != nil {
		seed = *g.seed
	} else if slices.ContainsFunc(strategies, func(s growth.Strategy) bool { return slices.Contains(s.Map, growth.New) }) {
		return usageError{errors.New("the map has new layers, which are initialized at random; give a seed with -seed NUMBER")}
	}
	grown, err := p.Grow(strategies, seed)
	if err != nil {
		return err
	}
	if err := save(grown); err != nil {
		return err
	}
	fmt.Println("The stack from its bottom: [1] is source layer 1, (1) a duplicate of it, <N> a new layer.")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for i, s := range strategies {
		fmt.Fprintf(w, "%s*\t%s\n", stacks[i].Prefix, s.Map.Draw(stacks[i].Depth))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%s: %s, %+.1f%% of the %s of %s\n", out, grown.Model.Summary(),
		100*(float64(grown.Model.ParameterCount())/float64(p.Model.ParameterCount())-1), humanize.Comma(int64(p.Model.ParameterCount())), in)
	if len(grown.Moments) > 0 {
		fmt.Printf("The optimizer's moments grew with it (%s); the checkpoint is of step %d.\n", strategies[0].Moments, grown.Step)
	}
	return nil
}

// strategies returns the strategy of each stack, from the flags.
func (g growFlags) strategies(stacks []growth.Stack) ([]growth.Strategy, error) {
	maps := strings.Split(g.maps, ";")
	if g.decoder != "" {
		if len(maps) > 1 {
			return nil, errors.New("the decoder has a map in -map, after the semicolon, and another in -decoder-map; remove one")
		}
		maps = append(maps, g.decoder)
	}
	if len(maps) > len(stacks) {
		return nil, fmt.Errorf("the model has %d stack of layers, but %d layer maps were given; remove the decoder's", len(stacks), len(maps))
	}
	var strategies []growth.Strategy
	for i, stack := range stacks {
		text, to := "", g.to
		if i < len(maps) {
			text = strings.TrimSpace(maps[i])
		}
		if i > 0 {
			to = g.decoderTo
		}
		s, err := g.strategy(text, stack.Depth, to)
		if err != nil {
			return nil, fmt.Errorf("the stack %s*: %w", stack.Prefix, err)
		}
		strategies = append(strategies, s)
	}
	return strategies, nil
}

// strategy returns the growth that a text describes for a stack of from layers:
// a map, the name of a strategy that grows to to layers, or nothing.
func (g growFlags) strategy(text string, from, to int) (growth.Strategy, error) {
	if text == "" {
		same := make(growth.Map, from)
		for i := range same {
			same[i] = i
		}
		text = same.String()
	}
	m, err := growth.ParseMap(text)
	s := growth.Custom("map", m, growth.Copy)
	if named := strings.ContainsAny(text, "abcdefghijklmopqrstuvwxyz"); named { // all letters but n, which means a new layer
		if to == 0 {
			return s, fmt.Errorf("%q is not a layer map; if it is a strategy, give the number of layers with -to, or for a decoder with -decoder-to", text)
		}
		pool, err := growth.NewPool(from, to, &growth.Options{All: true})
		if err != nil {
			if double, wideErr := growth.NewPool(from, 2*from, &growth.Options{All: true}); wideErr == nil {
				if _, known := double.ByName(text); !known {
					return s, fmt.Errorf("there is no strategy %q from %s; also, %w", text, growth.Depths{from}.Layers(), err)
				}
			}
			return s, err
		}
		var ok bool
		if s, ok = pool.ByName(text); !ok {
			return s, fmt.Errorf("there is no strategy %q%s from %d to %s; the strategies are %s", text, closest.Hint(text, pool.Names()), from, plain.Count(to, "layer"), strings.Join(pool.Names(), ", "))
		}
		if g.init != "" && string(s.Init.Kind) != g.init && s.Init.Kind != growth.Copy {
			return s, fmt.Errorf("the strategy %q has the init %s, so remove -init %s", text, s.Init, g.init)
		}
	} else if err != nil {
		return s, err
	} else if to != 0 && to != len(m) {
		return s, fmt.Errorf("the layer map %q has %s, but -to is %d; remove -to", text, plain.Count(len(m), "layer"), to)
	}
	if g.init != "" {
		s.Init = growth.Init{Kind: growth.InitKind(g.init)}
		if s.Init.Kind == growth.Gated {
			s.Init.GateSteps = growth.DefaultGateSteps // Grow reports why this is not possible
		}
	}
	if g.moments != "" {
		s.Moments = growth.Moments(g.moments)
	}
	return s, s.Validate(growth.Depths{from})
}
