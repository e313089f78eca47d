// Package nbrun executes notebooks without a browser and reports failures: a
// cell that fails or does not compile, a shell line, a lost or blank plot, lost
// output, a timeout, or a kernel that died; and output that says less than the
// cell's source and metadata let one expect. The metadata "lag:expect" of a cell
// is a list of regular expressions that its output must match.
package nbrun

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/progress"
)

//go:embed execute.py
var script string

// Options are the options for executing notebooks.
type Options struct {
	Kernel  string
	Timeout time.Duration // time limit for one cell
	Dir     string        // directory for the executed copies
	InPlace bool          // replace the source if all cells passed
}

// A FailedError is the error of a notebook with failures.
type FailedError struct {
	Notebook string
	Failures []Failure
	Copy     string // path of the executed copy; "" if nothing was executed
}

func (e *FailedError) Error() string {
	lines := make([]string, 0, len(e.Failures)+1)
	for _, f := range e.Failures {
		lines = append(lines, e.Notebook+": "+f.String())
	}
	if e.Copy != "" {
		lines = append(lines, "executed up to this point: "+e.Copy)
	}
	return strings.Join(lines, "\n")
}

// Run executes one notebook and returns the path of the executed copy. The
// error is a [FailedError] if the notebook itself failed.
func Run(ctx context.Context, c checkout.Checkout, path string, o Options) (executed string, err error) {
	nb, err := read(path)
	if err != nil {
		return "", err
	}
	if failures := nb.forbidden(); len(failures) > 0 {
		return "", &FailedError{Notebook: path, Failures: failures}
	}
	source, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("executing %s: %w", path, err)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return "", fmt.Errorf("making the directory of executed notebooks: %w", err)
	}
	// Not checkout.Temp: another set-up may clear its directory.
	temp, err := os.MkdirTemp("", "lag-notebook-")
	if err != nil {
		return "", fmt.Errorf("executing %s: %w", path, err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	output := filepath.Join(temp, filepath.Base(path))
	program := filepath.Join(temp, "execute.py")
	if err := os.WriteFile(program, []byte(script), 0o644); err != nil {
		return "", fmt.Errorf("executing %s: %w", path, err)
	}
	reason, cell, err := execute(ctx, c, nb, program, source, output, o)
	if err != nil {
		return "", fmt.Errorf("executing %s: %w", path, err)
	}
	done, err := read(output)
	if err != nil {
		return "", err
	}
	failures := done.failures()
	if reason != "" {
		failures = append(failures, Failure{cell, "", reason})
	}
	target := filepath.Join(o.Dir, filepath.Base(path))
	if o.InPlace && len(failures) == 0 {
		target = source
	}
	data, err := os.ReadFile(output)
	home, _ := os.UserHomeDir() // without one there is nothing to hide
	if err == nil {
		err = atomicfile.WriteBytes(target, withoutHome(shrink(data), home))
	}
	if err != nil {
		return "", fmt.Errorf("writing the executed notebook: %w", err)
	}
	if len(failures) > 0 {
		return target, &FailedError{path, failures, target}
	}
	return target, nil
}

// event is a line of the script's output.
type event struct {
	Event   string
	Cell    int
	Seconds float64
	Error   string
}

// execute runs the script. Reason and cell, counted from 1, describe a failure
// that is not in the cell's outputs.
func execute(ctx context.Context, c checkout.Checkout, nb *notebook, program, source, output string, o Options) (reason string, cell int, err error) {
	count, number := nb.code(), 0
	var task *progress.Task
	var finished bool
	defer func() {
		if task != nil {
			task.End()
		}
	}()
	err = proc.Run(ctx, proc.Command{
		Args: []string{c.Python(), program, source, output, o.Kernel,
			strconv.FormatFloat(o.Timeout.Seconds(), 'f', -1, 64), filepath.Dir(source)},
		Env:  c.JupyterEnv(),
		Drop: checkout.JupyterVariables,
		Out: func(line string) {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				return
			}
			switch e.Event {
			case "start":
				number++
				cell = e.Cell + 1
				task = progress.Start(fmt.Sprintf("cell %d/%d: %s", number, count, nb.Cells[e.Cell].firstLine()), 0, "")
			case "end":
				task.End()
				log.Info(fmt.Sprintf("cell %d/%d ended", number, count), "seconds", fmt.Sprintf("%.1f", e.Seconds))
			case "done":
				finished = true
				switch reason = e.Error; {
				case reason == "timeout":
					reason = fmt.Sprintf("timeout: still running after %s; use -timeout to allow more", o.Timeout)
				case reason != "":
					reason += "; its log is in " + c.Private("log")
				}
			}
		},
	})
	if err == nil && !finished {
		err = fmt.Errorf("the script ended early")
	}
	return reason, cell, err
}
