package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
)

func strategies(flags *flag.FlagSet) func(context.Context, []string) error {
	from := flags.Int("from", 3, "`layers` of the source model")
	to := flags.Int("to", 6, "`layers` of the grown models")
	standard, _ := lag.Preset(defaultPreset)
	gate := flags.Int("gate", standard.Growth.GateSteps, "training `steps` until the gates of gated strategies are open")
	return func(context.Context, []string) error {
		pool, err := growth.NewPool(*from, *to, &growth.Options{GateSteps: *gate})
		if err != nil {
			return usageError{err}
		}
		fmt.Printf("%d strategies from %d to %d layers. The stack from its bottom: [1] is source layer 1, (1) a duplicate of it, <N> a new layer.\n\n",
			len(pool), *from, *to)
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, s := range pool {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Map.Draw(*from), s.Init, s.Source)
		}
		return w.Flush()
	}
}
