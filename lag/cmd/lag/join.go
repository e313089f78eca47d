package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/data/job"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/engine"
)

// joinFlag adds the flag that makes a command one of several workers.
func joinFlag(flags *flag.FlagSet) *bool {
	return flags.Bool("join", false, "take part as one of several identical workers, here or on other machines that share the directory: train what no other is training, make no analysis, and end when nothing is left to take; the same command without -join, after them, makes the result")
}

// checkJoin returns an error if other flags exclude -join.
func checkJoin(o lag.Options, live string) error {
	switch {
	case o.Workers > 1 || o.Workers == lag.AutoWorkers:
		return usageError{errors.New("-join takes part with this process alone; remove -workers, and start more of the same command")}
	case live != "":
		return usageError{errors.New("-select picks in one process; remove -join")}
	}
	return nil
}

// joinWork works as a worker in a directory and says what is left for others.
func joinWork(b *bars, dir string, work func() ([]engine.Held, error)) error {
	b.terminal = false // lines, for the log of a job
	who := fmt.Sprintf("process %d", os.Getpid())
	if name := job.Name(); name != "" {
		who = "job " + name
	}
	host, _ := os.Hostname() // only to tell workers apart
	fmt.Fprintf(b.out, "%s on %s takes part in %s\n", who, host, dir)
	left, err := work()
	b.finish()
	if err != nil {
		return b.interruption(err, dir)
	}
	if len(left) == 0 {
		fmt.Fprintf(b.out, "nothing is left to train in %s; the same command without -join makes the result\n", dir)
		return nil
	}
	fmt.Fprintf(b.out, "nothing is left to take in %s: others are training the last of it, %s (%s); the same command without -join, after them, makes the result\n", dir, plain.Count(len(left), "run"), left[0])
	return nil
}
