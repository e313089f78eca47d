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
	First func(ctx context.Context) error // the part of Work that must be done before the rest can be shared; may be nil
	Work  func(ctx context.Context) error // work that processes can share: each takes runs that no other is training
	Pause func() error                    // closes the session; the next function call opens it again; may be nil
}

func (p Plan) pause() error {
	if p.Pause == nil {
		return nil
	}
	return p.Pause()
}

// Scheduler carries out a plan.
type Scheduler interface {
	Carry(ctx context.Context, p Plan) error
}

// InProcess is the scheduler that trains in this process. Other processes
// started on the same directory share the work.
type InProcess struct{}

// Carry implements [Scheduler].
func (InProcess) Carry(ctx context.Context, p Plan) error { return p.Work(ctx) }

// Processes is the scheduler that shares the work among several processes of
// this machine, each with its share of the cores. Small models leave most of a
// second core idle, so two processes with one core each are faster than one
// process with two. All processes follow the same plan.
type Processes struct {
	N   int    // number of processes, including this one
	Dir string // for their logs
	// Command returns the command of another process and what it gets on its
	// standard input, which stays open as long as this process lives. index
	// counts from 1.
	Command func(ctx context.Context, index int) (c *exec.Cmd, input []byte, err error)
}

// Carry implements [Scheduler]. It stops the other processes when the work is
// done, and does the work that they could not do. During the work, this process
// uses only its share of the cores.
func (s Processes) Carry(ctx context.Context, p Plan) (err error) {
	if p.First != nil {
		if err := errors.Join(p.First(ctx), p.pause()); err != nil {
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
	// After the others have started, because they inherit this process's cores.
	release, err := TakeCores(0, s.N)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return errors.Join(p.Work(ctx), p.pause())
}

// start starts another process, which ends when the context is canceled.
func (s Processes) start(ctx context.Context, index int, running *sync.WaitGroup) error {
	c, input, err := s.Command(ctx, index)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(s.Dir, fmt.Sprintf("worker-%d.log", index))
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer out.Close() // the process has its own descriptor
	c.Stdout, c.Stderr = out, out
	pipe, err := c.StdinPipe() // it closes when this process ends for any reason
	if err != nil {
		return err
	}
	setProcessGroup(c)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // so that it saves its state
	c.WaitDelay = 30 * time.Second
	if err := c.Start(); err != nil {
		return err
	}
	if _, err := pipe.Write(input); err != nil {
		log.Warn("a worker did not read its order; the other processes do its work", "error", err, "log", path)
	}
	running.Go(func() {
		if err := c.Wait(); err != nil && ctx.Err() == nil {
			log.Warn("a worker ended early; the other processes do its work", "error", err, "log", path)
		}
	})
	return nil
}

// Until returns a context that is canceled when a reader ends, such as the
// standard input of a process that [Processes] has started.
func Until(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}

// coreShare returns the index-th of n shares of the allowed cores. If there are
// fewer cores than shares, some shares are the same core.
func coreShare(allowed []int, index, n int) []int {
	if len(allowed) < n {
		return allowed[index%len(allowed):][:1]
	}
	return allowed[index*len(allowed)/n : (index+1)*len(allowed)/n]
}
