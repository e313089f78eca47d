package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/charmbracelet/log"

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

// starts tells whether this process starts others.
func (w workers) starts() bool { return *w.count > 1 && *w.index == 0 }

// watchParent is the environment variable of a process whose standard input is a
// pipe from the one that started it.
const watchParent = "LAG_WATCH_PARENT"

// alive returns a context that ends with the process that started this one, where
// there is such a one.
func (w workers) alive(ctx context.Context) context.Context {
	if os.Getenv(watchParent) == "" {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

// begin checks the flags, and keeps a process that helps to its cores. It comes
// before XLA is opened, which makes as many threads as it finds cores.
func (w workers) begin() error {
	n, index := *w.count, *w.index
	if n < 1 || index < 0 || index >= n {
		return usageError{fmt.Errorf("worker %d of %d is impossible; give -workers 1 or more", index, n)}
	}
	if index > 0 {
		return takeCores(index, n)
	}
	return nil
}

// with does the work together with the other processes, which it starts where
// this is the first. They are stopped when it ends.
func (w workers) with(ctx context.Context, name string, config any, o lag.Options, work func(context.Context) error) error {
	if !w.starts() {
		return work(w.alive(ctx))
	}
	n := *w.count
	path := filepath.Join(o.Dir, ".worker.json")
	if err := errors.Join(os.MkdirAll(o.Dir, 0o755), atomicfile.WriteJSON(path, config)); err != nil {
		return err
	}
	defer os.Remove(path)
	others, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for i := 1; i < n; i++ {
		c, err := startWorker(others, name, path, i, n, o)
		if err != nil {
			return err
		}
		running.Go(func() {
			// What it could not do, this process does, or fails with the same error.
			if err := c.Wait(); err != nil && others.Err() == nil {
				log.Warn("a worker ended before its time; the others do its part", "error", err, "log", workerLog(o.Dir, i))
			}
		})
	}
	// Not before: the others would have inherited this process's cores.
	if err := takeCores(0, n); err != nil {
		return err
	}
	return work(ctx)
}

// workerLog is the file of what a worker says.
func workerLog(dir string, index int) string {
	return filepath.Join(dir, fmt.Sprintf("worker-%d.log", index))
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
	out, err := os.Create(workerLog(o.Dir, index))
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	c.Stdout, c.Stderr = out, out
	c.Env = append(os.Environ(), watchParent+"=1")
	if _, err := c.StdinPipe(); err != nil { // which breaks when this process is gone, however that comes
		return nil, err
	}
	apart(c)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it saves its state
	c.WaitDelay = 30 * time.Second
	return c, c.Start()
}

// part returns the worker's part of the cores that this process may use, of n.
// Where there are fewer cores than workers, several share one.
func part(allowed []int, index, n int) []int {
	if len(allowed) < n {
		return allowed[index%len(allowed):][:1]
	}
	return allowed[index*len(allowed)/n : (index+1)*len(allowed)/n]
}
