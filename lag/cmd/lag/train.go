package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/result"
)

const defaultTraining = "bert"

func trainCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	configuration := configFlags(flags, "lag train", "training", defaultTraining, lag.AboutTrainingPresets(), lag.TrainingPreset)
	initial := flags.String("initial", "", "`directory` of a model or a run to start from, such as one from lag import or lag grow; it determines the model")
	options := optionFlags(flags)
	overrides := trainingFlags(flags)

	return func(ctx context.Context, _ []string) error {
		config, done, err := configuration.load(initially(flags, initial, (*lag.Training).SetInitial), overrides.apply)
		if err != nil || done {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", config.Name, config.Describe())
		bars := newBars(os.Stderr)
		options.Observe = bars.observe
		if options.Dir == "" {
			options.Dir = filepath.Join("runs", config.Name)
		}
		trained, err := lag.Train(ctx, config, *options)
		bars.finish()
		if err != nil {
			return bars.interruption(err, options.Dir)
		}
		curve := figure.TrainingCurve(config.Name, trained)
		if err := curve.WriteFiles(filepath.Join(filepath.Dir(trained.Dir), "figures")); err != nil {
			return err
		}
		return printTrained(os.Stdout, config, trained)
	}
}

func printTrained(w io.Writer, c lag.Training, t *result.Training) error {
	if t.DivergedAt != nil {
		return fmt.Errorf("the training diverged at step %d: its loss or gradient is not finite; the state before it is kept in %s; lower the learning rate %g or use a longer warm-up",
			*t.DivergedAt, t.Dir, c.Schedule.Peak)
	}
	fmt.Fprintf(w, "%s: validation loss %.4f nats per predicted token; unigram entropy of the corpus %.4f", plain.Count(t.Steps, "step"), float64(t.Loss), t.UnigramEntropy)
	if shuffled := float64(t.ShuffledLoss); !math.IsNaN(shuffled) {
		fmt.Fprintf(w, "; loss with the context in random order %.4f", shuffled)
	}
	fmt.Fprintln(w)
	if warning := t.PlateauWarning(); warning != "" {
		fmt.Fprintln(w, "Warning: "+warning)
	}
	fmt.Fprintf(w, "Written to %s: checkpoint/, metrics.jsonl, vocabulary; the curve to %s.\n", t.Dir, filepath.Join(filepath.Dir(t.Dir), "figures"))
	return nil
}

// trainingFlags adds flags for the most common settings of a training and its
// data.
func trainingFlags(flags *flag.FlagSet) *overrides[lag.Training] {
	o := new(overrides[lag.Training])
	taskFlags(flags, o, func(c *lag.Training) *lag.Task { return &c.Task })
	add := func(name, help string, field func(*lag.Training) any) { o.add(flags, name, help, presets, field) }
	add("name", "`name` of the training", func(c *lag.Training) any { return &c.Name })
	o.add(flags, "new-vocabulary", newVocabularyHelp, "", func(c *lag.Training) any { return &c.NewVocabulary })
	o.add(flags, "head-first", "`steps` at the beginning that train the head alone, for a model from lag import -new-head; the rest stays as it is until then", "0", func(c *lag.Training) any { return &c.HeadFirst })
	add("micro-batches", "`parts` of each batch, to save memory; their gradients are accumulated", func(c *lag.Training) any { return &c.MicroBatches })
	add("steps", "training `steps`", func(c *lag.Training) any { return &c.Schedule.Steps })
	add("lr", "peak learning `rate`", func(c *lag.Training) any { return &c.Schedule.Peak })
	add("warmup", "`steps` of learning-rate warm-up", func(c *lag.Training) any { return &c.Schedule.WarmUp })
	add("evaluate-every", "`steps` between validation losses", func(c *lag.Training) any { return &c.EvaluateEvery })
	return o
}
