package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

func stackCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	configuration := configFlags(flags, "lag stack", "stacking", "quick", lag.AboutStackingPresets(), lag.StackingPreset)
	options := optionFlags(flags)
	workersFlag(flags, options)
	join := joinFlag(flags)
	overrides := stackingFlags(flags)
	plan := planFlags(flags)
	on := clusterFlags(flags)

	return func(ctx context.Context, _ []string) error {
		elsewhere, err := on.given()
		if err != nil {
			return err
		}
		config, done, err := configuration.load(overrides.apply, plan.apply)
		if err != nil || done {
			return err
		}
		bars := newBars(os.Stderr)
		options.Observe = bars.observe
		if options.Dir == "" {
			options.Dir = filepath.Join("runs", config.Name)
		}
		if elsewhere {
			return on.carry(ctx, stackingTask(config), *options, *configuration.dry, *join)
		}
		if *join {
			if err := checkJoin(*options, ""); err != nil {
				return err
			}
			return joinWork(bars, options.Dir, func() ([]engine.Held, error) { return lag.JoinStacking(ctx, config, *options) })
		}
		if err := checkAlone(ctx, options.Dir); err != nil {
			return err
		}
		stacking, err := lag.Stack(ctx, config, *options)
		bars.finish()
		if err != nil {
			return bars.interruption(err, options.Dir)
		}
		return undrawn(writeStacking(ctx, options.Dir, stacking), options.Dir)
	}
}

// stackingFlags adds flags for the most common settings of a stacking. Each
// sets a field in the stacking's JSON.
func stackingFlags(flags *flag.FlagSet) *overrides[lag.Stacking] {
	o := new(overrides[lag.Stacking])
	taskFlags(flags, o, func(c *lag.Stacking) *lag.Task { return &c.Task })
	add := func(name, help string, field func(*lag.Stacking) any) { o.add(flags, name, help, presets, field) }
	add("name", "`name` of the stacking", func(c *lag.Stacking) any { return &c.Name })
	add("lr", "peak learning `rate`", func(c *lag.Stacking) any { return &c.Schedule.Peak })
	add("warmup", "`steps` of learning-rate warm-up", func(c *lag.Stacking) any { return &c.Schedule.WarmUp })
	add("seeds", "comma-separated seed `numbers`; each arm is trained with each", func(c *lag.Stacking) any { return &c.Seeds })
	add("evaluate-every", "`steps` between validation losses", func(c *lag.Stacking) any { return &c.EvaluateEvery })
	keepFlag(flags, o, func(c *lag.Stacking) *lag.Keep { return &c.Keep })
	poolFlags(flags, o, func(c *lag.Stacking) *lag.PoolOptions { return &c.PoolOptions })
	return o
}

// plan contains the flags that determine stages and arms together.
type plan struct {
	stages *string
	total  *int
	alpha  *float64
	rule   *string
}

func planFlags(flags *flag.FlagSet) plan {
	return plan{
		flags.String("stages", "", "space-separated `depths` of the stages, such as \"3 6 9\" or \"1,1 2,2\""),
		flags.Int("steps", 0, "training `steps` of all stages"),
		flags.Float64("alpha", 0, "`power`: a stage's steps are proportional to this power of its number; 0 gives equal stages. Needs -stages or -steps"),
		flags.String("rule", "", "selection `rule` of the adaptive arm, such as lag:20"),
	}
}

// apply changes the stages and the usual arms.
func (p plan) apply(c *lag.Stacking) error {
	var depths []growth.Depths
	total := 0
	for _, s := range c.Stages {
		depths, total = append(depths, s.Depths), total+s.Steps
	}
	if *p.stages != "" {
		depths = nil
		for _, field := range strings.Fields(*p.stages) {
			d, err := growth.ParseDepths(field)
			if err != nil {
				return err
			}
			depths = append(depths, d)
		}
	}
	if *p.total != 0 {
		total = *p.total
	}
	if *p.alpha != 0 && *p.stages == "" && *p.total == 0 {
		return errors.New("-alpha divides steps among stages; give -stages or -steps with it")
	}
	if *p.stages != "" || *p.total != 0 {
		c.Stages = lag.ProportionalStages(depths, total, *p.alpha)
	}
	if len(c.Stages) == 0 {
		return fmt.Errorf("-stages is empty; give depths such as \"3 6 9\"")
	}
	usual := lag.StackingArms(*p.rule, c.Stages)
	c.Arms = slices.DeleteFunc(slices.Clone(c.Arms), func(a lag.Arm) bool { // two stages are too few for this arm
		return a.Name == lag.LateArm && !slices.ContainsFunc(usual, func(b lag.Arm) bool { return b.Name == a.Name })
	})
	for _, usual := range usual {
		i := slices.IndexFunc(c.Arms, func(a lag.Arm) bool { return a.Name == usual.Name })
		switch {
		case i < 0:
		case usual.Stages != nil: // its stages depend on the plan's
			c.Arms[i].Stages = usual.Stages
		case usual.Name == lag.AdaptiveArm && *p.rule != "":
			c.Arms[i].Rule = *p.rule
		}
	}
	var err error
	c.Model, err = c.Model.WithDepths(c.Stages[0].Depths...)
	return err
}

// writeStacking writes the figures and curves of a stacking and prints it.
func writeStacking(ctx context.Context, dir string, r *result.Stacking) error {
	figures, err := drawStacking(ctx, dir, r)
	if err != nil {
		return err
	}
	fmt.Print("\n" + report.Stacking(r) + "\n")
	for _, warning := range r.Warnings {
		fmt.Println("Warning: " + warning)
	}
	fmt.Printf("%s\n\nWritten to %s: stacking_result.json, curves.csv, figures/ (%d). `lag report %s` makes an HTML page of it.\n", r.Verdict, dir, figures, plain.Quoted(dir))
	return nil
}

// drawStacking writes the figures and the losses of a stacking, and returns how
// many figures there are.
func drawStacking(ctx context.Context, dir string, r *result.Stacking) (figures int, err error) {
	list := figure.AllStacking(r)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	for _, f := range list {
		if err := f.WriteFiles(filepath.Join(dir, result.FiguresDir)); err != nil {
			return 0, err
		}
	}
	return len(list), atomicfile.Write(filepath.Join(dir, result.Curves), func(w io.Writer) error { return report.StackingCSV(w, r) })
}
