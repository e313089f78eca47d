//go:build unix

package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A worker is a program in the place of lag: it trains a step, if it is told to,
// and ends as the test wants.
const workerScript = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >>arguments
[ ! -e trains ] || echo step >>run/metrics.jsonl
if [ -e waits ]; then
	trap 'echo TERM >>signals; exit 75' TERM
	touch begun
	while :; do sleep 0.02; done
fi
exit $(cat code)
`

// scripted runs the script of a worker, or of the job after them, as Slurm would.
func scripted(t *testing.T, dir string, last bool) *exec.Cmd {
	t.Helper()
	s := NewSlurm()
	w := Work{Command: "study", Name: "quick", Dir: dir, Data: filepath.Join(dir, "data"), Backend: "go", Program: filepath.Join(dir, "lag"), From: dir}
	n, id := 1, []string{"SLURM_JOB_ID=7", "SLURM_ARRAY_JOB_ID=7", "SLURM_ARRAY_TASK_ID=0"}
	if last {
		n, id = 0, []string{"SLURM_JOB_ID=9"}
	}
	text, err := s.script(w, Submission{Name: "lag-quick-x"}, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "script"), text)
	c := exec.Command("bash", filepath.Join(dir, "script"))
	c.Env = append(os.Environ(), id...)
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func lines(path string) int {
	text, _ := os.ReadFile(path)
	return strings.Count(string(text), "\n")
}

func codeOf(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// scriptDir makes a directory with the worker, which ends with a code, and a
// scontrol that ends the script, as Slurm does.
func scriptDir(t *testing.T, code int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's 100%")
	write(t, filepath.Join(dir, "lag"), workerScript)
	write(t, filepath.Join(dir, "code"), fmt.Sprint(code))
	write(t, filepath.Join(dir, "run", "metrics.jsonl"), "")
	write(t, filepath.Join(dir, Dir, logsName, "none"), "")
	commands(t, map[string]string{"scontrol": fmt.Sprintf("echo \"$*\" >>\"%s/requeued\"; kill -TERM $PPID", dir)})
	return dir
}

// TestScriptCodes: the script ends as the worker does, and only a worker that was
// interrupted is queued again: three times in a row without a step, and as often
// as it is needed with steps. The last member of an array has the array's number as
// SLURM_JOB_ID; to queue that again would mean all members, those that have ended too.
func TestScriptCodes(t *testing.T) {
	for code, requeued := range map[int]int{0: 0, 1: 0, 2: 0, 130: 0, 137: 0, 75: 1} {
		dir := scriptDir(t, code)
		if err := scripted(t, dir, false).Run(); codeOf(err) != code {
			t.Errorf("the worker ends with %d, the script with %v", code, err)
		}
		if n := lines(filepath.Join(dir, "requeued")); n != requeued {
			t.Errorf("exit code %d: queued again %d times, want %d", code, n, requeued)
		}
	}
	dir := scriptDir(t, 75)
	again := func(times int) {
		t.Helper()
		for range times {
			if err := scripted(t, dir, false).Run(); codeOf(err) != 75 {
				t.Fatalf("%v", err)
			}
		}
	}
	requeued := func(want int) {
		t.Helper()
		if n := lines(filepath.Join(dir, "requeued")); n != want {
			t.Errorf("queued again %d times, want %d", n, want)
		}
	}
	write(t, filepath.Join(dir, "trains"), "")
	again(5)
	requeued(5)
	if err := os.Remove(filepath.Join(dir, "trains")); err != nil {
		t.Fatal(err)
	}
	again(5)
	requeued(8)
	if text, err := os.ReadFile(filepath.Join(dir, "requeued")); err != nil || !strings.HasPrefix(string(text), "requeue 7_0\n") {
		t.Errorf("%q, %v", text, err)
	}
}

// TestScriptLast: the report follows the analysis if that succeeds.
func TestScriptLast(t *testing.T) {
	for code, want := range map[int]int{0: 2, 1: 1} {
		dir := scriptDir(t, code)
		if err := scripted(t, dir, true).Run(); codeOf(err) != code {
			t.Errorf("%v, want exit code %d", err, code)
		}
		if n := lines(filepath.Join(dir, "arguments")); n != want {
			t.Errorf("after exit code %d, %d commands were run, want %d", code, n, want)
		}
	}
}

// TestScriptSignals: the notice before the time limit reaches the worker as one
// TERM, and the job is queued again. When Slurm ends the job, which it tells every
// process, the worker gets no second signal, and the job is not queued again.
func TestScriptSignals(t *testing.T) {
	for _, test := range []struct {
		signal            syscall.Signal
		direct            bool // to the worker too, as Slurm does
		signals, requeued int
	}{
		{syscall.SIGUSR1, false, 1, 1},
		{syscall.SIGTERM, true, 1, 0},
	} {
		dir := scriptDir(t, 0)
		write(t, filepath.Join(dir, "waits"), "")
		c := scripted(t, dir, false)
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
		for deadline := time.Now().Add(time.Minute); lines(filepath.Join(dir, "arguments")) == 0 || !exists(filepath.Join(dir, "begun")); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the worker does not begin")
			}
		}
		to := c.Process.Pid
		if test.direct {
			to = -to // the group
		}
		if err := syscall.Kill(to, test.signal); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); codeOf(err) != 75 {
			t.Errorf("%s: %v, want exit code 75", test.signal, err)
		}
		if n := lines(filepath.Join(dir, "signals")); n != test.signals {
			t.Errorf("%s: the worker got TERM %d times, want %d", test.signal, n, test.signals)
		}
		if n := lines(filepath.Join(dir, "requeued")); n != test.requeued {
			t.Errorf("%s: queued again %d times, want %d", test.signal, n, test.requeued)
		}
	}
}

// TestKubernetesScript runs the script of pods: index 0 goes on to the analysis when
// the worker has ended well, and the exit code is that of the command that failed.
func TestKubernetesScript(t *testing.T) {
	for _, test := range []struct{ index, code, commands int }{{0, 0, 3}, {1, 0, 1}, {0, 75, 1}, {1, 2, 1}} {
		dir := scriptDir(t, test.code)
		text, err := NewKubernetes().script(quick())
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command("bash", "-c", text)
		c.Env = append(os.Environ(), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", test.index), "PATH="+dir+":"+os.Getenv("PATH"))
		if out, err := c.CombinedOutput(); codeOf(err) != test.code {
			t.Errorf("%+v: %v: %s", test, err, out)
		}
		if n := lines(filepath.Join(dir, "arguments")); n != test.commands {
			t.Errorf("%+v: %d commands", test, n)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
