package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/replay"
)

func replayCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	var config replay.Config
	flags.StringVar(&config.Model, "config", "", "`file` with the model's configuration: the config.json that transformers saves for BERT or T5 v1.1")
	flags.StringVar(&config.Weights, "weights", "", "safetensors `file` with the model's weights, as transformers saves them")
	initial := flags.Bool("init", false, "start from the model's own initial weights, drawn with -seed, instead of -weights")
	flags.StringVar(&config.Batches, "batches", "", "safetensors `file` with the batches, int32 or int64 [batches, rows, tokens]: input_ids, attention_mask, labels (-100 for no prediction), "+
		"for BERT token_type_ids if there are any, for T5 decoder_input_ids")
	flags.StringVar(&config.Optimizer, "optimizer", "", `JSON `+"`file`"+` such as {"name": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01, `+
		`"clip_norm": 1, "warmup": 10, "schedule": "constant", "schedule_offset": 1}, or with transformers' Adafactor. Step t, from 0, has the rate `+
		`lr * (t + schedule_offset) / warmup in the warm-up; the schedulers of transformers are one step behind: set schedule_offset to 0 for their runs, and schedule_steps to their max_steps`)
	flags.IntVar(&config.Steps, "steps", -1, "training `steps`; -1 for one with each batch, 0 for none, for example to write only logits")
	flags.BoolVar(&config.Cycle, "cycle", false, "start again with the first batch if there are more steps than batches; otherwise that is an error")
	flags.BoolVar(&config.Dropout, "dropout", false, "use the dropout of the model's configuration; otherwise there is none, as in an evaluation")
	precision := flags.String("precision", string(transformer.Float32), "`type` of activations: float32 or bfloat16")
	flags.Int64Var(&config.Seed, "seed", 1, "seed `number` for dropout and initial weights")
	flags.StringVar(&config.Logits, "logits", "", "safetensors `file` for the logits of the first batch before training, at every position")
	flags.StringVar(&config.Out, "out", "", "`directory` for the trained model, for from_pretrained of transformers")
	engine := new(string)
	backendVar(flags, engine, backend.Auto, "")
	lines := flags.Bool("json", false, "print a line of JSON for each step instead of a table")

	return func(ctx context.Context, _ []string) error {
		config.Precision = transformer.Precision(*precision)
		switch {
		case config.Model == "" || config.Batches == "":
			return usageError{errors.New("-config and -batches are required; `lag replay -h` lists the flags")}
		case (config.Weights == "") != *initial:
			return usageError{errors.New("give either -weights or -init")}
		}
		b, err := backend.Open(*engine)
		if err != nil {
			return err
		}
		defer b.Finalize()
		if *lines {
			e := json.NewEncoder(os.Stdout)
			return replay.Run(ctx, b, config, func(s replay.Step) error { return e.Encode(s) })
		}
		t := table{w: os.Stdout}
		if err := replay.Run(ctx, b, config, t.add); err != nil {
			return err
		}
		return t.finish()
	}
}

// table prints the steps of a replay as a table.
type table struct {
	w       io.Writer
	steps   int
	tokens  int     // of the steps after the first, which compiles
	seconds float64 // of the same steps
}

func (t *table) add(s replay.Step) error {
	if t.steps == 0 {
		fmt.Fprintf(t.w, "%6s %12s %12s %12s %9s\n", "step", "loss", "grad norm", "lr", "seconds")
	}
	if t.steps++; t.steps > 1 {
		t.tokens += s.Tokens
		t.seconds += s.Seconds
	}
	_, err := fmt.Fprintf(t.w, "%6d %12.6f %12.6f %12.4g %9.4f\n", s.Step, s.Loss, s.GradientNorm, s.Rate, s.Seconds)
	return err
}

func (t *table) finish() error {
	if t.tokens == 0 {
		return nil
	}
	_, err := fmt.Fprintf(t.w, "%.0f tokens/s, including padding, without the first step, which compiles\n", float64(t.tokens)/t.seconds)
	return err
}
