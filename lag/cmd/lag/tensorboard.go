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
		told := make(map[string]bool)
		tell := func(damaged []error) {
			for _, damage := range damaged {
				if text := damage.Error(); !told[text] {
					told[text] = true
					fmt.Fprintf(os.Stderr, "%s; what is before that is written\n", text)
				}
			}
		}
		tell(s.Damaged)
		fmt.Printf("%s, %s; look at them with: tensorboard --logdir %s\n", plain.Count(s.Runs, "run"), plain.Count(s.Events, "event"), plain.Quoted(out))
		for *follow {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(followEvery):
			}
			s, err := e.Update(ctx)
			if err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			tell(s.Damaged)
		}
		return nil
	}
}
