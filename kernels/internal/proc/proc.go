// Package proc runs other programs. It reads their output line by line, lets
// them end gracefully when the context is canceled, and returns errors that
// contain their last output.
package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Grace is the time that a program has to end after an interrupt.
const Grace = 10 * time.Second

// keep is the number of lines of output in an error.
const keep = 12

// A Command is a program to run.
type Command struct {
	Args []string
	Dir  string            // working directory; "" means the current one
	Env  []string          // added to this process's environment
	Drop string            // variables of this process whose names begin so are left out; "" for none
	Line func(line string) // called with each line of stdout and stderr; may be nil
	Out  func(line string) // called with each line of stdout instead of Line; may be nil
}

// An Error is the error of a program that failed.
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

// Make returns the command in its own process group. Ctrl-C at a terminal then
// reaches only this program, which stops the command.
func Make(ctx context.Context, c Command) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = os.Environ()
	if c.Drop != "" {
		cmd.Env = slices.DeleteFunc(cmd.Env, func(entry string) bool { return strings.HasPrefix(entry, c.Drop) })
	}
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.WaitDelay = Grace
	setGroup(cmd)
	cmd.Cancel = func() error {
		go killLeftovers(cmd.Process)
		return Interrupt(cmd.Process)
	}
	return cmd
}

// killLeftovers waits for a process to end and then kills its group. Children
// that ignored the interrupt would keep the output open.
func killLeftovers(p *os.Process) {
	for deadline := time.Now().Add(2 * Grace); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ended(p) {
			Kill(p)
			return
		}
	}
}

// Run runs the command and waits for it. If the context is canceled, Run
// interrupts the command, kills it after [Grace], and returns the context's
// error.
func Run(ctx context.Context, c Command) error {
	cmd := Make(ctx, c)
	var last []string
	type outputLine struct {
		text string
		out  bool
	}
	lines := make(chan outputLine)
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
					lines <- outputLine{line, out}
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
// newline.
func Output(ctx context.Context, c Command) (string, error) {
	var out []string
	c.Out = func(line string) { out = append(out, line) }
	err := Run(ctx, c)
	return strings.Join(out, "\n"), err
}

// Missing reports whether the error means that the program does not exist.
func Missing(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist)
}
