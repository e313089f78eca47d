package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/log"
)

// commandLimit is the time for one command of an engine. Busy controllers take
// seconds.
const commandLimit = 2 * time.Minute

// A refusal is what a command of an engine said when it failed.
type refusal struct {
	command string
	said    string // one line
	err     error
}

func (r *refusal) Error() string {
	if r.said == "" {
		return fmt.Sprintf("%s: %v", r.command, r.err)
	}
	return fmt.Sprintf("%s: %s", r.command, r.said)
}

func (r *refusal) Unwrap() error { return r.err }

// command runs a command of an engine with input and returns its output. It ends
// no sooner than the command, because what a command was asked to do may have been
// done although it was interrupted.
func command(ctx context.Context, input string, line ...string) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	path, err := exec.LookPath(line[0])
	if err != nil {
		return "", &refusal{command: line[0], err: errNotInstalled}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandLimit)
	defer cancel()
	c := exec.CommandContext(ctx, path, line[1:]...)
	c.Env = environment()
	c.Stdin = strings.NewReader(input)
	c.WaitDelay = time.Second
	apart(c)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s", commandLimit)
		said.Reset()
	}
	if err != nil {
		return out.String(), &refusal{line[0], oneLine(line[0], said.String()), err}
	}
	if said.Len() > 0 {
		log.Info(oneLine(line[0], said.String()), "from", line[0])
	}
	return out.String(), nil
}

// environment returns the environment of an engine's commands. Jobs get it too, so it
// leaves out what says that this program is a notebook's cell.
func environment() []string {
	list := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "GONB_") })
	return append(list, "SLURM_BITSTR_LEN=0") // else squeue shortens the lists of the members of arrays
}

var errNotInstalled = errors.New("there is no such command on the path")

// oneLine returns what a command said in one line, without its name before each
// part.
func oneLine(name, text string) string {
	var parts []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{name + ": ", "error: ", "fatal: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		if line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}
