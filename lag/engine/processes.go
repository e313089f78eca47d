package engine

import (
	"bufio"
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

// Plan is work for a [Scheduler]. Each function but Work may be nil.
type Plan struct {
	Open  func(ctx context.Context) error // makes what must be there before other processes start
	First func(ctx context.Context) error // the part of Work that must be done before the rest can be shared
	Work  func(ctx context.Context) error // work that processes can share: each takes runs that no other is training
	Pause func() error                    // closes the session; the next function call opens it again
}

// before does what comes before other processes start.
func (p Plan) before(ctx context.Context) error {
	if p.Open == nil {
		return nil
	}
	return p.Open(ctx)
}

// first does what cannot be shared.
func (p Plan) first(ctx context.Context) error {
	if p.First == nil {
		return p.pause()
	}
	return errors.Join(p.First(ctx), p.pause())
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
// done, and does the work that they could not do. The others start before this
// process does what cannot be shared, and can prepare themselves meanwhile; see
// [Started]. During the shared work, this process uses only its share of the cores.
func (s Processes) Carry(ctx context.Context, p Plan) (err error) {
	if err := p.before(ctx); err != nil {
		return errors.Join(err, p.pause())
	}
	others, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var pipes []io.Writer
	for i := 1; i < s.N; i++ {
		pipe, err := s.start(others, i, &running)
		if err != nil {
			return errors.Join(err, p.pause())
		}
		pipes = append(pipes, pipe)
	}
	if err := p.first(ctx); err != nil {
		return err
	}
	for _, pipe := range pipes {
		_, _ = io.WriteString(pipe, shareLine) // fails if the process has ended, which is logged
	}
	// After the others have started, because they inherit this process's cores.
	release, err := TakeCores(0, s.N)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return errors.Join(p.Work(ctx), p.pause())
}

// shareLine is the line that tells a process that it may share the work.
const shareLine = "begin\n"

// start starts another process, which ends when the context is canceled. It
// returns the process's standard input.
func (s Processes) start(ctx context.Context, index int, running *sync.WaitGroup) (io.Writer, error) {
	c, input, err := s.Command(ctx, index)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(s.Dir, fmt.Sprintf("worker-%d.log", index))
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own descriptor
	c.Stdout, c.Stderr = out, out
	pipe, err := c.StdinPipe() // it closes when this process ends for any reason
	if err != nil {
		return nil, err
	}
	setProcessGroup(c)
	// It then saves its state and ends, see [Started]. A signal might be its second,
	// which ends it at once: schedulers signal every process of a job.
	c.Cancel = pipe.Close
	c.WaitDelay = 30 * time.Second
	if err := c.Start(); err != nil {
		return nil, err
	}
	if _, err := pipe.Write(input); err != nil {
		log.Warn("a worker did not read its order; the other processes do its work", "error", err, "log", path)
	}
	running.Go(func() {
		if err := c.Wait(); err != nil && ctx.Err() == nil {
			log.Warn("a worker ended early; the other processes do its work", "error", err, "log", path)
		}
	})
	return pipe, nil
}

// Started returns, in a process that [Processes] has started, a channel that is
// closed when the work can be shared, and a context that is canceled when the
// process that started this one ends. r is this process's standard input, after
// what the command gave it.
func Started(ctx context.Context, r *bufio.Reader) (_ context.Context, shared <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	opened := make(chan struct{})
	go func() {
		defer cancel()
		if line, err := r.ReadString('\n'); err != nil || line != shareLine {
			return
		}
		close(opened)
		_, _ = io.Copy(io.Discard, r)
	}()
	return ctx, opened
}

// coreShare returns the index-th of n shares of the allowed cores. If there are
// fewer cores than shares, some shares are the same core.
func coreShare(allowed []int, index, n int) []int {
	if len(allowed) < n {
		return allowed[index%len(allowed):][:1]
	}
	return allowed[index*len(allowed)/n : (index+1)*len(allowed)/n]
}
