package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/tensorboard"
)

// followEvery is the time between two looks for new steps.
const followEvery = 2 * time.Second

func tensorboardCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	follow := flags.Bool("follow", false, "go on until Ctrl-C, and add what is trained meanwhile")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag tensorboard takes the directory of a study, a stacking or a training, and one to write to, such as runs/quick and runs/tensorboard; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		dir, out := arguments[0], arguments[1]
		if err := checkWatchable(dir, false); err != nil {
			return err
		}
		e, err := tensorboard.NewExporter(dir, out)
		if err != nil {
			return mending(dir, err)
		}
		s, err := e.Update(ctx)
		if err != nil {
			return interruption(err)
		}
		for _, damage := range s.Damaged {
			fmt.Fprintf(os.Stderr, "%v; what is before that is written\n", damage)
		}
		fmt.Printf("%d runs, %d events; look at them with: tensorboard --logdir %s\n", s.Runs, s.Events, quoted(out))
		for *follow {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(followEvery):
			}
			if _, err := e.Update(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
		}
		return nil
	}
}
