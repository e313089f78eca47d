//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/train"
)

// A signalState is a state in which a command receives signals.
type signalState struct {
	name      string
	arguments []string                          // with "DIR" for the directory to write to
	reached   func(p *process, dir string) bool // whether the command is in the state
	prepare   func(dir string) (release func()) // may be nil
	says      string                            // part of the last line
	env       []string
}

var signalsAndCodes = []struct {
	signal syscall.Signal
	code   int
}{
	{syscall.SIGINT, interrupt.ExitInterrupt}, {syscall.SIGTERM, interrupt.ExitAgain}, {syscall.SIGHUP, interrupt.ExitAgain},
	{syscall.SIGUSR1, interrupt.ExitAgain}, {syscall.SIGUSR2, interrupt.ExitAgain},
}

// in returns the arguments with a directory.
func (s signalState) in(dir string) []string {
	arguments := slices.Clone(s.arguments)
	arguments[slices.Index(arguments, "DIR")] = dir
	return arguments
}

// stopped sends a signal twice, as timeout(1) and schedulers do, waits until the
// process ends, and checks how. It returns the time that took.
func (s signalState) stopped(t *testing.T, p *process, signal syscall.Signal, code int) time.Duration {
	t.Helper()
	begun := time.Now()
	for range 2 {
		if err := p.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
	select {
	case <-p.ended:
	case <-time.After(togetherLimit):
		t.Fatalf("%s, %s: it hangs: %s", s.name, interrupt.Name(signal), p.output(t))
	}
	took := time.Since(begun)
	if got := p.ProcessState.ExitCode(); got != code {
		t.Errorf("%s, %s: exit code %d, want %d: %s", s.name, interrupt.Name(signal), got, code, p.output(t))
	}
	last := lastLine(p.output(t))
	for _, part := range []string{"lag: interrupted by " + interrupt.Name(signal), s.says, "saved in ", "run the same command again to continue"} {
		if !strings.Contains(last, part) {
			t.Errorf("%s, %s: the last line does not say %q: %s", s.name, interrupt.Name(signal), part, last)
		}
	}
	return took
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// bytesIn returns the results in a directory and the newest states of its runs.
func bytesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, pattern := range []string{"result.json", "stacking_result.json", "*/result.json", "*/checkpoint/step-*.safetensors"} {
		newest := make(map[string]string)
		for _, path := range glob(dir, pattern) { // in alphabetical order
			newest[filepath.Dir(path)] = path
		}
		for _, path := range newest {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			if files[name], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(files) == 0 {
		t.Fatalf("there is nothing in %s", dir)
	}
	return files
}

// undamaged checks that a stopped command leaves no lock and no temporary file.
func undamaged(t *testing.T, state, dir string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if h, ok, err := dirlock.HolderOf(path); ok || err != nil {
				t.Errorf("%s: %s is locked by %s, %v", state, path, h, err)
			}
		} else if strings.HasSuffix(path, ".tmp") {
			t.Errorf("%s: %s is left", state, path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// runHeld reports whether a process works on a run in dir.
func runHeld(dir string) bool {
	runs, _ := filepath.Glob(filepath.Join(dir, "*", train.EnvironmentFile))
	return slices.ContainsFunc(runs, func(path string) bool {
		_, ok, err := dirlock.HolderOf(filepath.Dir(path))
		return ok && err == nil
	})
}

// sayings returns a condition: that a process has printed a text.
func sayings(t *testing.T, text string) func(*process, string) bool {
	return func(p *process, _ string) bool { return strings.Contains(p.output(t), text) }
}

// TestSignals sends each signal to a command in each state. The exit code and the
// last line must say how to go on, and after all that the same command must come to
// the bytes of one that was left alone. With -v it prints the table.
func TestSignals(t *testing.T) {
	// A test that nohup has started ignores SIGHUP, and its processes would too.
	heard := make(chan os.Signal, 1)
	ossignal.Notify(heard, syscall.SIGHUP)
	defer ossignal.Stop(heard)
	small := studyArguments(t, "DIR", backend.Go)
	large := slices.Clone(small)
	large[slices.Index(large, "-corpus")+1] = longText(t, 200)
	lines, kept := 0, t.TempDir()
	states := []signalState{
		{name: "preparing", arguments: append(large, "-strategies", "stack,random-top"), reached: sayings(t, "prepare: "), says: "while it prepared the data"},
		{name: "training", arguments: append(small, "-pretrain", "4000", "-strategies", "stack,random-top"), says: "in pretrain",
			prepare: func(dir string) func() { lines = logLines(dir); return nil },
			reached: func(_ *process, dir string) bool { return runHeld(dir) && logLines(dir) > lines+50 }},
		{name: "evaluating", arguments: []string{"train", "-preset", "bert", "-out", "DIR", "-backend", backend.Go, "-corpus", longText(t, 40), "-validation-fraction", "0.9", "-vocab", "48", "-set", "layers=1",
			"-hidden", "32", "-heads", "1", "-length", "16", "-batch", "32", "-validation", "120", "-steps", "2", "-warmup", "1", "-evaluate-every", "2"},
			reached: func(_ *process, dir string) bool { return runHeld(dir) }, says: "before the first step of train"},
		{name: "waiting", arguments: append(small, "-strategies", "stack,random-top"), reached: sayings(t, "prepare: wait"), says: "while it prepared the data (wait)",
			prepare: func(dir string) func() { return locked(t, filepath.Join(filepath.Dir(dir), ".lag-data")) }},
		{name: "compiling", arguments: []string{"train", "-preset", "bert", "-out", "DIR", "-backend", backend.CPU, "-corpus", letters(t), "-vocab", "48", "-set", "layers=4",
			"-hidden", "16", "-heads", "1", "-length", "16", "-batch", "4", "-validation", "1", "-steps", "2", "-warmup", "1"},
			env: []string{programs.Env + "=" + kept}, reached: func(*process, string) bool { return len(glob(kept, "*.lock")) > 0 }, says: "before the first step of train",
			prepare: func(string) func() { // forget what was compiled
				for _, path := range glob(kept, "*") {
					os.Remove(path)
				}
				return nil
			}},
	}
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			if s.name == "compiling" {
				b := testbackend.XLA(t)
				testbackend.Slow(t, b)
			}
			root := t.TempDir()
			alone, dir := filepath.Join(root, "alone", "runs"), filepath.Join(root, "stopped", "runs")
			whole := startProcess(t, s.in(alone), programs.Env+"="+t.TempDir())
			for i, c := range signalsAndCodes {
				if testing.Short() && i%3 != 0 { // SIGINT and SIGUSR1
					continue
				}
				release := func() {}
				if s.prepare != nil {
					if f := s.prepare(dir); f != nil {
						release = f
					}
				}
				p := startProcess(t, s.in(dir), s.env...)
				await(t, "the state "+s.name, func() bool { return s.reached(p, dir) || p.hasEnded() })
				took := s.stopped(t, p, c.signal, c.code)
				release()
				undamaged(t, s.name, dir)
				t.Logf("| %s | %s | %d | %.2f s |", s.name, interrupt.Name(c.signal), c.code, took.Seconds())
			}
			startProcess(t, s.in(dir), s.env...).succeeds(t)
			whole.succeeds(t)
			if got, want := bytesIn(t, dir), bytesIn(t, alone); !sameFiles(got, want) {
				t.Error("going on gives other bytes than a command that was left alone")
			}
		})
	}
}

func glob(dir, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, pattern))
	return found
}

func sameFiles(a, b map[string][]byte) bool {
	for name, text := range a {
		if !bytes.Equal(text, b[name]) {
			return false
		}
	}
	return len(a) == len(b)
}

// locked locks a directory, as another process does.
func locked(t *testing.T, dir string) (release func()) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, ok, err := dirlock.Try(t.Context(), dir)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return func() {
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

// logLines returns the number of lines in the logs of the runs.
func logLines(dir string) (n int) {
	logs, _ := filepath.Glob(filepath.Join(dir, "*", train.MetricsFile))
	for _, path := range logs {
		text, _ := os.ReadFile(path)
		n += bytes.Count(text, []byte("\n"))
	}
	return n
}

// longText writes n times the corpus of [letters], and returns its path.
func longText(t *testing.T, n int) string {
	t.Helper()
	text, err := os.ReadFile(letters(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(path, bytes.Repeat(text, n), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSignalCommands interrupts the other commands that train.
func TestSignalCommands(t *testing.T) {
	small := studyArguments(t, "DIR", backend.Go)
	stack := slices.Clone(small)
	stack[0] = "stack"
	for _, s := range []signalState{
		{name: "stack", arguments: append(stack, "-steps", "100000", "-rule", "lag:2"), says: "in stack"},
		{name: "select", arguments: append(small, "-pretrain", "100000", "-select", "lag:5"), says: "in pretrain"},
		{name: "workers", arguments: append(small, "-pretrain", "100000", "-workers", "2"), says: "in pretrain"},
		{name: "join", arguments: append(small, "-pretrain", "100000", "-join"), says: "in pretrain"},
	} {
		t.Run(s.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "runs", "study")
			p := startProcess(t, s.in(dir))
			await(t, "a log", func() bool { return runHeld(dir) && logLines(dir) > 20 })
			took := s.stopped(t, p, syscall.SIGTERM, interrupt.ExitAgain)
			t.Logf("%s: stopped in %s", s.name, took)
			undamaged(t, s.name, dir)
			if s.name != "select" {
				return
			}
			run, err := filepath.Glob(filepath.Join(dir, "*", train.MetricsFile))
			if err != nil || len(run) != 1 {
				t.Fatal(run, err)
			}
			before := logLines(dir)
			s.name, s.arguments = "continue", []string{"runs", "continue", "DIR"}
			p = startProcess(t, s.in(filepath.Dir(run[0])))
			await(t, "more steps", func() bool { return logLines(dir) > before+20 })
			s.stopped(t, p, syscall.SIGUSR1, interrupt.ExitAgain)
		})
	}
}

// TestIgnoredHangup checks that nohup keeps a command from ending with its terminal.
func TestIgnoredHangup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	arguments := append(studyArguments(t, dir, backend.Go), "-pretrain", "100000")
	cmd, _ := lagCommand(t, arguments...)
	nohup := exec.Command("sh", append([]string{"-c", `trap "" HUP; exec "$@"`, "sh"}, cmd.Args...)...)
	nohup.Env = cmd.Env
	p := start(t, nohup)
	await(t, "a log", func() bool { return runHeld(dir) && logLines(dir) > 20 })
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	before := logLines(dir)
	await(t, "more steps", func() bool { return logLines(dir) > before+100 })
	signalState{name: "nohup"}.stopped(t, p, syscall.SIGTERM, interrupt.ExitAgain)
}

// TestWorkerStops interrupts a worker that another process has started: it saves and
// ends with the same codes, and the others do its work.
func TestWorkerStops(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	parent := startProcess(t, append(studyArguments(t, dir, backend.Go), "-workers", "2", "-steps", "800", "-strategies", "stack,random-top"))
	var pid int
	await(t, "the worker to train", func() bool {
		runs, _ := filepath.Glob(filepath.Join(dir, "*", train.MetricsFile))
		for _, path := range runs {
			if h, ok, err := dirlock.HolderOf(filepath.Dir(path)); err == nil && ok && h.PID != parent.Process.Pid {
				pid = h.PID
			}
		}
		return pid != 0
	})
	if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	await(t, "the worker to end", func() bool { return strings.Contains(parent.output(t), "a worker ended early") })
	if out := parent.output(t); !strings.Contains(out, "exit status 75") {
		t.Errorf("the worker's exit code: %s", out)
	}
	parent.succeeds(t)
}
