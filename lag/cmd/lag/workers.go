package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag"
)

// workers is how many processes share the runs of a study. Small models leave
// most of a second core idle: two processes with a core each do more than one
// with two. All of them run the same study and take the runs that no other is at.
type workers struct {
	count *int
	index *int // of this process, 0 for the one that was started by hand
}

func workerFlags(flags *flag.FlagSet) workers {
	return workers{
		flags.Int("workers", 1, "`processes` that share the candidates, each on its part of the cores"),
		flags.Int("worker", 0, "`number` of this process among them; the first one starts the others"),
	}
}

// helps tells whether this process only takes part: it reports nothing.
func (w workers) helps() bool { return *w.index > 0 }

// with does the work together with the other processes, which it starts where
// this is the first. They are stopped when it ends.
func (w workers) with(ctx context.Context, name string, config any, o lag.Options, work func(context.Context) error) error {
	n, index := *w.count, *w.index
	if n < 1 || index < 0 || index >= max(n, 1) {
		return usageError{fmt.Errorf("worker %d of %d is impossible; give -workers 1 or more", index, n)}
	}
	if n == 1 {
		return work(ctx)
	}
	if index > 0 {
		if err := takeCores(index, n); err != nil {
			return err
		}
		return work(ctx)
	}
	path := filepath.Join(o.Dir, ".worker.json")
	if err := errors.Join(os.MkdirAll(o.Dir, 0o755), atomicfile.WriteJSON(path, config)); err != nil {
		return err
	}
	defer os.Remove(path)
	others, cancel := context.WithCancel(ctx)
	var commands []*exec.Cmd
	for i := 1; i < n; i++ {
		c, err := startWorker(others, name, path, i, n, o)
		if err != nil {
			cancel()
			return err
		}
		commands = append(commands, c)
	}
	// Not before: the others would have inherited this process's cores.
	err := takeCores(index, n)
	if err == nil {
		err = work(ctx)
	}
	cancel()
	for _, c := range commands {
		// What it could not do, this process did, or failed with the same error.
		_ = c.Wait()
	}
	return err
}

// startWorker starts another process of the study. Its messages are this one's.
func startWorker(ctx context.Context, name, config string, index, n int, o lag.Options) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arguments := []string{name, "-config", config, "-out", o.Dir, "-backend", o.Backend, "-workers", strconv.Itoa(n), "-worker", strconv.Itoa(index)}
	if o.DataDir != "" {
		arguments = append(arguments, "-data", o.DataDir)
	}
	if o.PeakFLOPS > 0 {
		arguments = append(arguments, "-peak-flops", fmt.Sprint(o.PeakFLOPS))
	}
	c := exec.CommandContext(ctx, self, arguments...)
	log, err := os.OpenFile(filepath.Join(o.Dir, fmt.Sprintf("worker-%d.log", index)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	c.Stdout, c.Stderr = log, log
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it saves its state
	c.WaitDelay = 30 * time.Second
	return c, c.Start()
}

// cores returns the part of this machine's cores that a worker gets, of n.
func cores(index, n int) []int {
	all := runtime.NumCPU()
	var own []int
	for core := range all {
		if core*n/all == index || all < n && core == index%all {
			own = append(own, core)
		}
	}
	return own
}
