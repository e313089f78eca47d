package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"time"

	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// Lines between processes that measure their speed and the one that started them.
const (
	readyLine  = "lag: ready to measure\n"
	beginLine  = "begin\n"
	ratePrefix = "lag: steps a second: "
)

// Speed measures, in a process that [Processes.Speed] has started, how many training
// steps of a model a second this process makes, on weights and a batch of the
// session's task, and says so on w. It begins when r tells it to, so that all
// processes measure at the same time, and takes at least a given time. It writes no
// file.
func (s *Session) Speed(ctx context.Context, m model.Model, least time.Duration, r *bufio.Reader, w io.Writer) error {
	spec := s.Spec(progress.PhaseProbe, m, s.task.Seed, train.Schedule{Kind: train.Constant, Peak: 1e-6, Steps: math.MaxInt32}, []int{math.MaxInt32})
	run, err := s.NewRun(spec, nil, train.Checkpoints{Every: math.MaxInt32}, progress.Event{})
	if err != nil {
		return err
	}
	rate, err := run.Speed(ctx, func() error {
		if _, err := io.WriteString(w, readyLine); err != nil {
			return err
		}
		line, err := r.ReadString('\n')
		if err == nil && line != beginLine {
			err = fmt.Errorf("the order %q is unknown", line)
		}
		return err
	}, least)
	if err != nil {
		return err
	}
	text, err := json.Marshal(rate)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", ratePrefix, text)
	}
	return err
}

// Speed starts N processes that measure their speed at the same time, see
// [Session.Speed], and returns how many training steps a second they make together.
// Command gives them an index from 0.
func (s Processes) Speed(ctx context.Context) (rate float64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var list []*measuring
	defer func() {
		if err != nil {
			cancel() // ends those that run
		}
		defer time.AfterFunc(ending, cancel).Stop()
		for _, p := range list {
			_ = p.cmd.Wait() // what they measured is known
		}
	}()
	for i := range s.N {
		p, err := s.startMeasuring(ctx, i)
		if err != nil {
			return 0, err
		}
		list = append(list, p)
	}
	for _, p := range list {
		if _, err := p.answer(strings.TrimSuffix(readyLine, "\n")); err != nil {
			return 0, err
		}
	}
	for _, p := range list {
		if _, err := io.WriteString(p.in, beginLine); err != nil {
			return 0, err
		}
	}
	for _, p := range list {
		text, err := p.answer(ratePrefix)
		if err != nil {
			return 0, err
		}
		var own float64
		if err := json.Unmarshal([]byte(text), &own); err != nil {
			return 0, err
		}
		rate += own
	}
	return rate, nil
}

// ending is the time in which a process ends after it has measured.
const ending = 10 * time.Second

// measuring is a process that measures its speed.
type measuring struct {
	cmd  *exec.Cmd
	in   io.Writer
	out  *bufio.Reader
	said bytes.Buffer // on its standard error
}

func (s Processes) startMeasuring(ctx context.Context, index int) (*measuring, error) {
	c, input, err := s.Command(ctx, index)
	if err != nil {
		return nil, err
	}
	p := &measuring{cmd: c}
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out, c.Stderr, c.WaitDelay = in, bufio.NewReader(out), &p.said, 5*time.Second
	setProcessGroup(c)
	if err := c.Start(); err != nil {
		return nil, err
	}
	_, _ = in.Write(input) // fails if the process has ended, and then gives no answer
	return p, nil
}

// answer waits for a line with a prefix and returns the rest of it. The program may
// write other lines.
func (p *measuring) answer(prefix string) (string, error) {
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			err = errors.Join(err, p.cmd.Wait())
			said := bytes.TrimSpace(p.said.Bytes())
			return "", fmt.Errorf("a process gave no answer: %w: %s", err, said[bytes.LastIndexByte(said, '\n')+1:])
		}
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest), nil
		}
	}
}
