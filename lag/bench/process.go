package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A contestant trains a shape in a process of its own. It answers requests, one
// a line: {"steps": n} trains n steps and answers with their losses. Its first
// line says that it is ready, with the versions of its libraries.
type contestant struct {
	name    string
	command []string // the shape's directory is appended
	env     []string // in addition to this process's environment
}

type request struct {
	Steps int `json:"steps"`
}

type answer struct {
	Versions map[string]string `json:"versions,omitempty"`
	Losses   []float64         `json:"losses,omitempty"`
}

// process is a contestant that runs.
type process struct {
	contestant
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	log    string // path of what it wrote to its standard error
	closed bool

	start    float64 // seconds from its start until it was ready
	versions map[string]string
}

// begin starts a contestant and waits until it is ready. Stop ends it.
func (c contestant) begin(ctx context.Context, dir, log string) (*process, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command := append(append([]string(nil), c.command...), dir)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Stderr = append(os.Environ(), c.env...), file
	ownGroup(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	cmd.WaitDelay = 5 * time.Second
	p := &process{contestant: c, cmd: cmd, log: log}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	ready, err := p.answer()
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.start, p.versions = time.Since(begun).Seconds(), ready.Versions
	return p, nil
}

func (p *process) answer() (a answer, err error) {
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err != nil {
		return a, fmt.Errorf("%s gave no answer (%w); its log is %s: %s", p.name, err, p.log, lastLine(p.log))
	}
	return a, nil
}

// steps trains and returns the seconds from request to answer, and the losses.
func (p *process) steps(n int) (seconds float64, losses []float64, err error) {
	text, err := json.Marshal(request{n})
	if err != nil {
		return 0, nil, err
	}
	begun := time.Now()
	if _, err := p.in.Write(append(text, '\n')); err != nil {
		return 0, nil, fmt.Errorf("%s takes no requests: %w; its log is %s: %s", p.name, err, p.log, lastLine(p.log))
	}
	a, err := p.answer()
	seconds = time.Since(begun).Seconds()
	if err == nil && len(a.Losses) != n {
		err = fmt.Errorf("%s answered with %d losses of %d steps", p.name, len(a.Losses), n)
	}
	return seconds, a.Losses, err
}

func (p *process) pause() error  { return pause(p.cmd) }
func (p *process) resume() error { return resume(p.cmd) }

// peak returns the most memory that the process had so far, in MB (10⁶ bytes),
// or 0 where the system does not say.
func (p *process) peak() float64 {
	return statusMB(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"), "VmHWM:")
}

// statusMB reads a field in kB of a file such as /proc/meminfo.
func statusMB(path, field string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == field {
			kilobytes, _ := strconv.ParseFloat(words[1], 64)
			return kilobytes * 1024 / 1e6
		}
	}
	return 0
}

// stop ends the process and its helpers.
func (p *process) stop() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.in.Close()
	if err := end(p.cmd); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending %s: %w", p.name, err)
	}
	_ = p.cmd.Wait() // killed
	return nil
}

// lastLine returns the last line of a file that is not empty.
func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
