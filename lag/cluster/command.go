package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/log"
)

// The times for one command of an engine. Busy controllers take seconds.
const (
	orderLimit    = 2 * time.Minute
	questionLimit = 30 * time.Second
)

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

// order runs a command of an engine that changes something, with input, and returns
// its output. It ends no sooner than the command, because what a command was asked
// to do may have been done although it was interrupted.
func order(ctx context.Context, input string, line ...string) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	return run(context.WithoutCancel(ctx), orderLimit, input, line...)
}

// question runs a command of an engine that changes nothing and returns its output.
// It ends when ctx does: a controller that is on its way down may never answer.
func question(ctx context.Context, line ...string) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	out, err := run(ctx, questionLimit, "", line...)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return out, err
}

// run runs a command of an engine. It kills it after a time.
func run(ctx context.Context, limit time.Duration, input string, line ...string) (string, error) {
	path, err := exec.LookPath(line[0])
	if err != nil {
		return "", &refusal{command: line[0], err: errNotInstalled}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, path, line[1:]...)
	c.Env = environment(os.Environ())
	c.Stdin = strings.NewReader(input)
	c.WaitDelay = time.Second
	apart(c)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("%w within %s", errNoAnswer, limit)
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

// others are the beginnings of the names of variables that commands must not see:
// by some, people change which jobs Slurm's commands take, and how they write
// times; those of an array are of the job that this process belongs to, and would
// be handed down to jobs that are no arrays, as GoNB's would be, by which a program
// knows that it is a notebook's cell.
var others = []string{"SQUEUE_", "SACCT_", "SCANCEL_", "SINFO_", "SLURM_TIME_FORMAT=", "SLURM_ARRAY_", "GONB_"}

// environment returns the environment of a command.
func environment(all []string) (list []string) {
	for _, variable := range all {
		if !slices.ContainsFunc(others, func(begin string) bool { return strings.HasPrefix(variable, begin) }) {
			list = append(list, variable)
		}
	}
	return append(list, "SLURM_BITSTR_LEN=0") // else squeue shortens the lists of the members of arrays
}

var (
	errNotInstalled = errors.New("there is no such command on the path")
	errNoAnswer     = errors.New("no answer")
)

// lostAnswer is in what commands say when they have sent something and got no answer.
var lostAnswer = regexp.MustCompile(`(?i)timed out|timeout|deadline exceeded|connection reset|EOF|zero bytes`)

// unclear reports whether a command that failed may have done what it was asked to
// do.
func unclear(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && (errors.Is(err, errNoAnswer) || lostAnswer.MatchString(r.said))
}

// logged is a line of the log that kubectl writes beside its errors.
var logged = regexp.MustCompile(`^[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [\w.]+:[0-9]+\] `)

// oneLine returns what a command said in one line, each part once and without the
// command's name before it.
func oneLine(name, text string) string {
	var parts, log []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{name + ": ", "error: ", "fatal: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		to := &parts
		if logged.MatchString(line) {
			to = &log
		}
		if line != "" && !slices.Contains(*to, line) {
			*to = append(*to, line)
		}
	}
	if len(parts) == 0 {
		parts = log
	}
	return strings.Join(parts, "; ")
}
