package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/account"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

const defaultPreset = "quick"

func study(flags *flag.FlagSet) func(context.Context, []string) error {
	configuration := configFlags(flags, "lag study", "study", defaultPreset, lag.AboutPresets(), lag.Preset)
	initial := flags.String("initial", "", "`directory` of a model or a run to grow, without pretraining, such as one from lag import")
	options := optionFlags(flags)
	workersFlag(flags, options)
	join := joinFlag(flags)
	live := flags.String("select", "", "selection `rule`: pick with it while training, for each seed; train candidates only as far as it asks, and the winner to the end; `lag select -h` lists rules")
	overrides := studyFlags(flags)
	on := clusterFlags(flags)

	return func(ctx context.Context, _ []string) error {
		elsewhere, err := on.given()
		if err != nil {
			return err
		}
		config, done, err := configuration.load(initially(flags, initial, (*lag.StudyConfig).SetInitial), overrides.apply)
		if err != nil || done {
			return err
		}
		bars := newBars(os.Stderr)
		options.Observe = bars.observe
		if options.Dir == "" {
			options.Dir = filepath.Join("runs", config.Name)
		}
		if elsewhere {
			if *live != "" {
				return usageError{errors.New("-select picks in one process; remove -on")}
			}
			return on.carry(ctx, studyTask(config), *options, *configuration.dry, *join)
		}
		if *join {
			if err := checkJoin(*options, *live); err != nil {
				return err
			}
		} else if err := checkAlone(ctx, options.Dir); err != nil {
			return err
		} else if *live != "" {
			return pickLive(ctx, config, *options, *live, bars)
		}
		s, err := lag.Open(config, *options)
		if err != nil {
			return err
		}
		defer s.Close()
		if *join {
			return joinWork(bars, options.Dir, func() ([]engine.Held, error) { return s.Join(ctx) })
		}
		dataset, err := s.Dataset(ctx)
		bars.finish()
		if err != nil {
			return bars.interruption(err, s.Dir())
		}
		describeCorpus(dataset)
		study, err := s.Run(ctx)
		bars.finish()
		if err != nil {
			return bars.interruption(err, s.Dir())
		}
		return undrawn(writeResult(ctx, s.Dir(), study, account.Of(s.Dir(), config, options.DataDir)), s.Dir())
	}
}

// pickLive lets a rule pick with each seed of a study during training.
func pickLive(ctx context.Context, config lag.StudyConfig, o lag.Options, text string, bars *bars) error {
	if o.Workers > 1 || o.Workers == lag.AutoWorkers {
		return usageError{errors.New("-select picks in one process; remove -workers")}
	}
	rule, err := selection.Parse(text)
	if err == nil {
		err = config.CheckRule(rule)
	}
	if err != nil {
		return usageError{err}
	}
	if len(config.Growth.Controls) > 0 {
		fmt.Fprintln(os.Stderr, "-select trains no controls; without it, the same command trains the controls and all candidates")
	}
	s, err := lag.Open(config, o)
	if err != nil {
		return err
	}
	defer s.Close()
	return bars.interruption(selectLive(ctx, s, rule, bars), s.Dir())
}

// backendName is a flag's value: the name of a backend.
type backendName string

func (b *backendName) String() string { return string(*b) }

func (b *backendName) Set(name string) error {
	*b = backendName(name)
	return backend.CheckName(name)
}

// backendVar adds the flag for the engine. note is added to its help.
func backendVar(flags *flag.FlagSet, name *string, standard, note string) {
	*name = standard
	flags.Var((*backendName)(name), "backend", "`name` of the "+backend.Help+note)
}

// workersFlag adds the flag for the number of processes.
func workersFlag(flags *flag.FlagSet, o *lag.Options) {
	flags.Func("workers", "`processes` that share the candidates, each with its share of the cores and GPUs, or auto: as many as a measurement finds fastest (default 1)", func(text string) error {
		if text == "auto" {
			o.Workers = lag.AutoWorkers
			return nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q workers are not possible; use 1 or more, or auto", text)
		}
		o.Workers = n
		return nil
	})
}

// optionFlags adds the flags that determine where and how a study or a training
// runs.
func optionFlags(flags *flag.FlagSet) *lag.Options {
	o := &lag.Options{Words: words}
	flags.StringVar(&o.Dir, "out", "", "`directory` to write to (default runs/<name>)")
	flags.StringVar(&o.DataDir, "data", "", "`directory` of prepared data, which studies can share (default \".lag-data\" beside the output directory)")
	flags.Func("devices", "`devices` that train each model together, each on its part of every batch (default 1)", func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q devices are not possible; use 1 or more", text)
		}
		o.Devices = n
		return nil
	})
	backendVar(flags, &o.Backend, backend.Auto, "")
	flags.Float64Var(&o.PeakFLOPS, "peak-flops", 0, "peak speed of a device in floating-point `operations` per second, for the utilization in metrics.jsonl")
	return o
}

// selectLive picks with a rule for each seed of a study.
func selectLive(ctx context.Context, s *lag.Study, rule selection.Rule, bars *bars) error {
	for _, seed := range s.Seeds() {
		selected, err := s.Select(ctx, rule, seed)
		bars.finish()
		if err != nil {
			return err
		}
		if selected.Strategy == "" {
			fmt.Printf("seed %d: %s picks nothing: all strategies that it followed diverged\n", seed, rule)
			continue
		}
		fmt.Printf("seed %d: %s picks %s, final loss %.4f nats, %s of the others; its run is %s\n",
			seed, rule, selected.Strategy, float64(selected.Final), plain.Count(selected.ExtraSteps, "training step"), filepath.Join(s.Dir(), selected.Run))
		if text := undecided(rule.String(), seed, selected.Strategy, selected.Undecided); text != "" {
			fmt.Println(text)
		}
	}
	return nil
}

func describeCorpus(d *data.Dataset) {
	fmt.Fprintf(os.Stderr, "corpus %s: %s, %s, %d training and %d validation tokens; unigram entropy %.3f nats\n",
		d.Info.Name, plain.Count(d.Documents, "document"), humanize.Bytes(uint64(d.Bytes)), d.Train.Len(), d.Validation.Len(), d.UnigramEntropy)
}

// writeResult writes the figures and curves of a study and prints it.
func writeResult(ctx context.Context, dir string, study *result.Study, a aggregate.Account) error {
	figures, err := drawStudy(ctx, dir, study)
	if err != nil {
		return err
	}
	if err := printResult(ctx, os.Stdout, study, a); err != nil {
		return err
	}
	fmt.Printf("\nWritten to %s: result.json, curves.csv, foresight.csv, figures/ (%d). `lag report %s` makes an HTML page of it.\n", dir, figures, plain.Quoted(dir))
	if name, run, ok := pickedRun(dir, study); ok {
		fmt.Printf("LAG's pick, %s, is in %s. `lag export %s DIR` writes it for transformers.\n", name, run, plain.Quoted(run))
	}
	return nil
}

// drawStudy writes the figures of a study, its losses and what they tell at each
// step, and returns how many figures there are.
func drawStudy(ctx context.Context, dir string, study *result.Study) (figures int, err error) {
	if figures, err = figure.WriteAllContext(ctx, filepath.Join(dir, result.FiguresDir), study); err != nil {
		return 0, err
	}
	list, err := aggregate.Foresights(ctx, study)
	if err != nil {
		return figures, err
	}
	return figures, errors.Join(
		atomicfile.Write(filepath.Join(dir, result.Curves), func(w io.Writer) error { return report.CSV(w, study) }),
		atomicfile.Write(filepath.Join(dir, result.Foresight), func(w io.Writer) error { return report.ForesightCSV(w, list) }))
}

// printResult prints the result of a study as text.
func printResult(ctx context.Context, w io.Writer, r *result.Study, a aggregate.Account) error {
	const lines = 8 // of steps
	list, err := aggregate.Foresights(ctx, r)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nSource model: %s, %s, %s; validation loss %.3f nats", aggregate.From(r).Layers(), plain.Count(r.Source.Parameters, "parameter"), plain.Count(r.Source.Steps, "step"), float64(r.Source.Loss))
	if shuffled := float64(r.Source.ShuffledLoss); !math.IsNaN(shuffled) {
		fmt.Fprintf(w, ", %.3f with its context shuffled", shuffled)
	}
	fmt.Fprintf(w, "; unigram entropy %.3f.\n\n", r.Source.UnigramEntropy)
	fmt.Fprintln(w, report.TableWith(r, a))
	fmt.Fprintln(w, report.Curve(r, 72))
	fmt.Fprintln(w, report.Foresights(r, list, lines))
	fmt.Fprintln(w, report.Signals(r))
	fmt.Fprintln(w, report.Picks(r))
	if controls := report.Controls(r); controls != "" {
		fmt.Fprintln(w, controls)
	}
	fmt.Fprintln(w, report.Expenses(r, a))
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "Warning: "+warning)
	}
	fmt.Fprintln(w, r.Verdict)
	return nil
}
