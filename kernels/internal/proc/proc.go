// Package proc runs other programs: their output line by line, a gentle end
// when the context is cancelled, and errors that hold what the program said.
package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Grace is how long a program may take to end by itself once it was asked to.
const Grace = 10 * time.Second

// keep is how many of the last lines of output an error holds.
const keep = 12

// A Command is a program to run.
type Command struct {
	Args []string
	Dir  string            // working directory, "" for the current one
	Env  []string          // added to this process's environment
	Line func(line string) // called with each line of stdout and stderr, may be nil
	Out  func(line string) // called with each line of stdout instead of Line, may be nil
}

// An Error tells how a program failed and what it said last.
type Error struct {
	Args []string
	Last []string // last lines of its output
	Err  error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %v", strings.Join(e.Args, " "), e.Err)
	if len(e.Last) > 0 {
		text += "\n  " + strings.Join(e.Last, "\n  ")
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Make prepares the command: its own process group, so that Ctrl-C at a
// terminal reaches this program alone, which then ends it in order.
func Make(ctx context.Context, c Command) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.WaitDelay = Grace
	setGroup(cmd)
	cmd.Cancel = func() error {
		go killLeftovers(cmd.Process)
		return interrupt(cmd.Process)
	}
	return cmd
}

// killLeftovers ends the children that ignored an interrupt once their parent
// has ended: they would hold its output open.
func killLeftovers(p *os.Process) {
	for deadline := time.Now().Add(2 * Grace); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ended(p) {
			killGroup(p)
			return
		}
	}
}

// Run runs the command to its end. A cancelled context interrupts it, kills it
// after [Grace], and gives the context's error.
func Run(ctx context.Context, c Command) error {
	cmd := Make(ctx, c)
	var last []string
	type said struct {
		text string
		out  bool
	}
	lines := make(chan said)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for l := range lines {
			if l.out && c.Out != nil {
				c.Out(l.text)
				continue
			}
			if last = append(last, l.text); len(last) > keep {
				last = last[1:]
			}
			if c.Line != nil {
				c.Line(l.text)
			}
		}
	}()
	scan := func(out bool) (*io.PipeWriter, chan struct{}) {
		r, w := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			reader := bufio.NewReader(r)
			for {
				line, err := reader.ReadString('\n')
				if line = strings.TrimRight(line, "\r\n"); line != "" {
					lines <- said{line, out}
				}
				if err != nil {
					return
				}
			}
		}()
		return w, ended
	}
	stdout, outEnded := scan(true)
	stderr, errEnded := scan(false)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	_ = stdout.Close()
	_ = stderr.Close()
	<-outEnded
	<-errEnded
	close(lines)
	<-done
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &Error{c.Args, last, err}
	}
	return nil
}

// Output runs the command and returns its standard output without the last
// line break.
func Output(ctx context.Context, c Command) (string, error) {
	var out []string
	c.Out = func(line string) { out = append(out, line) }
	err := Run(ctx, c)
	return strings.Join(out, "\n"), err
}

// Missing tells whether the error means that there is no such program.
func Missing(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist)
}
