package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/charmbracelet/log"
)

// Plan is work for a [Scheduler].
type Plan struct {
	First func(ctx context.Context) error // what there is to do before anything can be shared; nil for nothing
	Work  func(ctx context.Context) error // what processes can share: they take the runs that no other is at
	Pause func() error                    // closes the session; the next function to be called opens it again
}

// Scheduler brings the runs of a plan to where they are wanted.
type Scheduler interface {
	Carry(ctx context.Context, p Plan) error
}

// InProcess is the scheduler that trains in this process. Any other process that
// is started on the same directory takes part.
type InProcess struct{}

// Carry implements [Scheduler].
func (InProcess) Carry(ctx context.Context, p Plan) error {
	if p.First != nil {
		if err := p.First(ctx); err != nil {
			return err
		}
	}
	return p.Work(ctx)
}

// Processes is the scheduler that shares the work among several processes of
// this machine, each on its part of the cores: small models leave most of a
// second core idle, and two processes with a core each do more than one with two.
// All of them follow the same plan.
type Processes struct {
	N   int    // processes, this one included
	Dir string // for their logs
	// Command returns the command of another process, by its number from 1.
	Command func(ctx context.Context, index int) (*exec.Cmd, error)
}

// Carry implements [Scheduler]. The other processes are stopped when the work
// ends; what one of them could not do, this one does. Meanwhile this process
// keeps to its part of the cores.
func (s Processes) Carry(ctx context.Context, p Plan) (err error) {
	if p.First != nil {
		if err := errors.Join(p.First(ctx), p.Pause()); err != nil {
			return err
		}
	}
	others, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for i := 1; i < s.N; i++ {
		if err := s.start(others, i, &running); err != nil {
			return err
		}
	}
	// Not before: the others would have inherited this process's cores.
	release, err := TakeCores(0, s.N)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return errors.Join(p.Work(ctx), p.Pause())
}

// start starts another process, which ends with the context.
func (s Processes) start(ctx context.Context, index int, running *sync.WaitGroup) error {
	c, err := s.Command(ctx, index)
	if err != nil {
		return err
	}
	path := filepath.Join(s.Dir, fmt.Sprintf("worker-%d.log", index))
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close() // the process has its own
	c.Stdout, c.Stderr = out, out
	c.Env = append(c.Env, watchParent+"=1")
	if _, err := c.StdinPipe(); err != nil { // which breaks when this process is gone, however that comes
		return err
	}
	apart(c)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it saves its state
	c.WaitDelay = 30 * time.Second
	if err := c.Start(); err != nil {
		return err
	}
	running.Go(func() {
		if err := c.Wait(); err != nil && ctx.Err() == nil {
			log.Warn("a worker ended before its time; the others do its part", "error", err, "log", path)
		}
	})
	return nil
}

// watchParent is the environment variable of a process whose standard input is a
// pipe from the one that started it.
const watchParent = "LAG_WATCH_PARENT"

// WithParent returns a context that ends with the process that started this one,
// where that is a [Processes].
func WithParent(ctx context.Context) context.Context {
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

// part returns the worker's part of the cores that this process may use, of n.
// Where there are fewer cores than workers, several share one.
func part(allowed []int, index, n int) []int {
	if len(allowed) < n {
		return allowed[index%len(allowed):][:1]
	}
	return allowed[index*len(allowed)/n : (index+1)*len(allowed)/n]
}
