package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/train"
)

// togetherLimit is far longer than any of these processes takes.
const togetherLimit = 2 * time.Minute

// A process is a command that runs during the test.
type process struct {
	*exec.Cmd
	log   string // file with its output
	ended chan error
}

// startProcess starts a command with further environment variables.
func startProcess(t *testing.T, arguments []string, env ...string) *process {
	t.Helper()
	cmd, _ := lagCommand(t, arguments...)
	cmd.Env = append(cmd.Env, env...)
	return start(t, cmd)
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, log: filepath.Join(t.TempDir(), "log"), ended: make(chan error, 1)}
	file, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // the process has its own descriptor
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	return p
}

// hasEnded reports whether the process has ended.
func (p *process) hasEnded() bool {
	select {
	case err := <-p.ended:
		p.ended <- err
		return true
	default:
		return false
	}
}

func (p *process) output(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// succeeds waits until the process ends without an error.
func (p *process) succeeds(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("%v: %s", err, p.output(t))
		}
	case <-time.After(togetherLimit):
		t.Fatalf("it hangs: %s", p.output(t))
	}
}

// await waits until a condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(togetherLimit); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout waiting for %s", what)
		}
	}
}

// trainedOnce checks the logs and checkpoints of a study: apart from
// interruptions, every run was trained in one piece, each step once.
func trainedOnce(t *testing.T, dir string, interruptions int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "result.json"))
	if err != nil || len(found) == 0 {
		t.Fatalf("runs: %v, %v", found, err)
	}
	resumed := 0
	for _, path := range found {
		run := filepath.Dir(path)
		metrics, err := train.ReadMetrics(run)
		if err != nil {
			t.Fatal(err)
		}
		step := 0
		for _, m := range metrics {
			switch m.Event {
			case train.EventTrain:
				if m.Step != step {
					t.Errorf("run %s: step %d follows step %d", filepath.Base(run), m.Step, step-1)
				}
				step = m.Step + 1
			case train.EventResume:
				resumed++
			}
		}
		if snap, err := train.LoadCheckpoint(train.CheckpointDir(run)); err != nil || snap.Step != step {
			t.Errorf("run %s: its checkpoint is one of step %d, %v; it was trained %d steps", filepath.Base(run), snap.Step, err, step)
		}
	}
	if resumed > interruptions {
		t.Errorf("runs were interrupted %d times, want %d at most", resumed, interruptions)
	}
}

func resultOf(t *testing.T, dir string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTogether starts one study in two processes. Both must succeed with the
// result of a single process, and each run must be trained by one of them. The
// same holds if one process starts the other.
func TestTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a study twice")
	}
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "alone", "study"), backend.Go), "-from", "2", "-to", "3")
	want := finish(t, arguments)

	arguments[6] = filepath.Join(root, "two", "study")
	a, b := startProcess(t, arguments), startProcess(t, arguments)
	a.succeeds(t)
	b.succeeds(t)
	if !bytes.Equal(resultOf(t, arguments[6]), want) {
		t.Error("result.json of two processes differs from that of one")
	}
	trainedOnce(t, arguments[6], 0)

	arguments[6] = filepath.Join(root, "workers", "study")
	w := startProcess(t, append(arguments, "-workers", "2"))
	defer keepsApart(t, w, filepath.Join(root, "workers", "study", "worker-1.log"))
	w.succeeds(t)
	if !bytes.Equal(resultOf(t, arguments[6]), want) {
		t.Error("result.json of two workers differs from that of one")
	}
	trainedOnce(t, arguments[6], 1) // the second may be stopped at the end
	if log, err := os.ReadFile(filepath.Join(arguments[6], "worker-1.log")); err != nil || strings.Contains(string(log), "panic") {
		t.Errorf("the second worker: %v, %s", err, log)
	}
	if _, err := os.Stat(filepath.Join(arguments[6], ".worker.json")); err == nil {
		t.Error("the configuration for the second worker is left behind")
	}
}

// TestKilledBesideOther checks that a process that waits for a run continues it
// when the process training it is killed.
func TestKilledBesideOther(t *testing.T) {
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "alone", "study"), backend.Go), "-strategies", "stack,random-top", "-pretrain", "600")
	want := finish(t, arguments)
	arguments[6] = filepath.Join(root, "two", "study")
	a := startProcess(t, arguments)
	await(t, "a checkpoint of the pretraining", func() bool {
		found, _ := filepath.Glob(filepath.Join(arguments[6], "*", "checkpoint", "step-*.safetensors"))
		return len(found) > 0
	})
	// While it is paused, it holds its lock, however late the second process comes.
	if err := pause(a.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	b := startProcess(t, arguments)
	ended := false
	await(t, "the second process to wait", func() bool {
		ended = a.hasEnded()
		return ended || strings.Contains(b.output(t), "waiting for them")
	})
	a.Process.Kill()
	if ended {
		t.Log("the first process ended before the second one started")
	}
	b.succeeds(t)
	if !bytes.Equal(resultOf(t, arguments[6]), want) {
		t.Error("result.json differs from that of a single process")
	}
	trainedOnce(t, arguments[6], 1)
}

// keepsApart checks that two workers use different cores, if there are two.
func keepsApart(t *testing.T, first *process, second string) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		return
	}
	text, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	cores := regexp.MustCompile(`uses only its share of the cores.*cores="?\[([\d ]+)\]`)
	a, b := cores.FindStringSubmatch(first.output(t)), cores.FindSubmatch(text)
	if a == nil || b == nil || a[1] == string(b[1]) {
		t.Errorf("the workers' cores are %q and %q: %s %s", a, b, first.output(t), text)
	}
}

// TestStackTogether checks that two workers give the same result of a stacking
// as one.
func TestStackTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a stacking twice")
	}
	root := t.TempDir()
	arguments := studyArguments(t, filepath.Join(root, "alone", "stacking"), backend.Go)
	arguments[0] = "stack"
	startProcess(t, arguments).succeeds(t)
	alone, two := arguments[6], filepath.Join(root, "two", "stacking")
	arguments[6] = two
	startProcess(t, append(arguments, "-workers", "2")).succeeds(t)
	want, err := os.ReadFile(filepath.Join(alone, "stacking_result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(two, "stacking_result.json")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("stacking_result.json of two workers differs from that of one (%v)", err)
	}
	trainedOnce(t, two, 3) // the picks of two growths continue from their probes; the second worker may be stopped at the end
}

// TestParentKilled checks that a worker saves and ends when its parent is
// killed.
func TestParentKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	parent := startProcess(t, append(studyArguments(t, dir, backend.Go), "-workers", "2", "-steps", "100000", "-strategies", "stack,random-top"))
	log := filepath.Join(dir, "worker-1.log")
	worker := func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
	await(t, "both to train", func() bool {
		states, _ := filepath.Glob(filepath.Join(dir, "*", "checkpoint", "step-*.safetensors"))
		of := make(map[string]bool)
		for _, path := range states {
			of[filepath.Dir(path)] = true
		}
		return len(of) >= 3 // the source, and a candidate of each process
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "the worker to end", func() bool { return strings.Contains(worker(), "the worker was interrupted; progress is saved") })
}
