//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/watch"
)

// needSlurm skips a test where the private Slurm of .ci/slurm does not run. On a
// cluster that people share, tests submit nothing. LAG_REQUIRE_SLURM makes it fail
// instead.
func needSlurm(t *testing.T) {
	t.Helper()
	out, err := exec.Command("scontrol", "show", "config").CombinedOutput()
	switch {
	case err == nil && bytes.Contains(out, []byte("= lag-test")):
		return
	case err == nil:
		err = fmt.Errorf("this is a cluster for other work")
	}
	message := fmt.Sprintf("no private Slurm runs here (%v); `eval \"$(.ci/slurm start DIR)\"` starts one", err)
	if os.Getenv("LAG_REQUIRE_SLURM") != "" {
		t.Fatal(message)
	}
	t.Skip(message)
}

// slurm runs a command of Slurm.
func slurm(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", command, err, out)
	}
}

// says runs lag to its end and returns what it prints.
func says(t *testing.T, arguments ...string) string {
	t.Helper()
	cmd, out := lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("lag %q: %v: %s", arguments, err, out)
	}
	return out.String()
}

// A cluster study is a study under Slurm, as lag status sees it.
type clusterStudy struct {
	t   *testing.T
	dir string
}

// until waits until the state is as wanted, and returns it.
func (c clusterStudy) until(what string, reached func(state) bool) (s state) {
	c.t.Helper()
	for deadline := time.Now().Add(togetherLimit); ; time.Sleep(300 * time.Millisecond) {
		s, err := look(c.t.Context(), c.dir)
		if err == nil && reached(s) {
			return s
		}
		if time.Now().After(deadline) {
			logs, _ := exec.Command("sh", "-c", `tail -n 5 "$0"/cluster/logs/*.log`, c.dir).CombinedOutput()
			c.t.Fatalf("timeout waiting until %s: %+v, %v\n%s", what, s.jobs, err, logs)
		}
	}
}

// job returns a job, which must be there.
func (s state) job(id string) cluster.Job {
	i := slices.IndexFunc(s.jobs, func(j cluster.Job) bool { return j.ID == id })
	if i < 0 {
		return cluster.Job{}
	}
	return s.jobs[i]
}

// trains reports whether a job trains a run.
func (s state) trains(id string) bool {
	return slices.ContainsFunc(s.Work, func(w watch.Work) bool { return w.Job == id })
}

// process returns the process of a job that trains.
func (s state) process(t *testing.T, id string) *os.Process {
	t.Helper()
	i := slices.IndexFunc(s.Work, func(w watch.Work) bool { return w.Job == id })
	if i < 0 {
		t.Fatalf("job %s trains nothing", id)
	}
	p, err := os.FindProcess(s.Work[i].PID) // the nodes are on this machine
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func signal(t *testing.T, p *os.Process, which os.Signal) {
	t.Helper()
	if err := p.Signal(which); err != nil {
		t.Fatal(err)
	}
}

// asked reports whether a process that stands still was told to end.
func asked(t *testing.T, p *os.Process) bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ShdPnd:\s*([0-9a-f]+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("no pending signals in %s", text)
	}
	pending, err := strconv.ParseUint(string(m[1]), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pending&(1<<(syscall.SIGTERM-1)) != 0
}

// logOf returns the log of a job.
func logOf(dir, id string) string {
	text, _ := os.ReadFile(filepath.Join(dir, cluster.Dir, "logs", id+".log")) // empty as long as there is none
	return string(text)
}

// TestSlurm runs a study as three workers on two nodes of a real Slurm. One is
// cancelled, one is queued again, and one comes to its time limit. The result is
// that of a local run, and the same command submits what is missing and no more.
func TestSlurm(t *testing.T) {
	needSlurm(t)
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "alone", "study"), backend.Go), "-steps", "3000", "-validation", "2")
	want := finish(t, append(slices.Clone(arguments), "-workers", "2"))

	dir := filepath.Join(root, "it's 100% apart", "study")
	arguments[6] = dir
	c := clusterStudy{t, dir}
	arguments = append(arguments, "-on", "slurm", "-workers", "3", "-time", "10m", "-memory", "500M")
	out := says(t, arguments...)
	t.Cleanup(func() { exec.Command("scancel", "--me").Run() })
	s := c.until("something is known", func(s state) bool { return len(s.jobs) == 4 })
	ids := []string{s.jobs[0].ID, s.jobs[1].ID, s.jobs[2].ID}
	array, _, _ := strings.Cut(ids[0], "_")
	if !strings.HasPrefix(out, fmt.Sprintf("Submitted 3 workers as job %s, and job %s after them for the analysis.", array, s.jobs[3].ID)) {
		t.Errorf("it says %s", out)
	}
	if ids[2] != array+"_2" || !s.jobs[3].Last || s.jobs[3].State != cluster.Pending || s.jobs[3].Reason != "Dependency" {
		t.Errorf("the jobs are %+v", s.jobs)
	}

	s = c.until("all train candidates", func(s state) bool { return s.trains(ids[0]) && s.trains(ids[1]) && s.trains(ids[2]) && s.Done >= 1 })
	nodes := make(map[string]bool)
	for _, id := range ids {
		j := s.job(id)
		nodes[j.Node] = true
		if j.State != cluster.Running || time.Since(j.Began) > togetherLimit {
			t.Errorf("job %s is %+v", id, j)
		}
	}
	if len(nodes) != 2 || !nodes["n1"] || !nodes["n2"] {
		t.Errorf("the jobs are on %v, want two nodes", nodes)
	}
	var text bytes.Buffer
	if err := s.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"study): running, ", "Workers: 3 running; after them job ", ids[0] + "  ", "running ", "probe "} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("lag status lacks %q:\n%s", part, &text)
		}
	}
	if out := says(t, arguments...); !strings.HasPrefix(out, "Nothing is missing in ") {
		t.Errorf("with three workers alive it says %s", out)
	}

	// The limit is less than the notice, so that comes when Slurm looks next, once in half a minute. Until then the worker
	// stands still, so that the study is not complete before, however fast the machine is.
	third := s.process(t, ids[2])
	signal(t, third, syscall.SIGSTOP)
	t.Cleanup(func() { _ = third.Signal(syscall.SIGCONT) })
	slurm(t, "scontrol", "update", "JobId="+ids[2], "TimeLimit=1")
	slurm(t, "scancel", ids[0])
	slurm(t, "scontrol", "requeue", ids[1])
	c.until("one is cancelled and one waits for its turn", func(s state) bool {
		return s.job(ids[0]).State == cluster.Cancelled && s.job(ids[1]).State == cluster.Pending
	})
	out = says(t, arguments...)
	if !strings.HasPrefix(out, "Submitted 1 worker as job ") || !strings.Contains(out, ", beside 2 workers that were alive, and job ") {
		t.Errorf("with one of three cancelled it says %s", out)
	}
	cmd, refused := lagCommand(t, append(slices.Clone(arguments), "-steps", "3100")...)
	if err := cmd.Run(); err == nil || !strings.Contains(refused.String(), "holds another configuration (growth.schedule.steps: ") {
		t.Errorf("another configuration in its directory: %v, %s", err, refused)
	}
	if out := says(t, arguments...); !strings.HasPrefix(out, "Nothing is missing in ") {
		t.Errorf("with three workers alive again it says %s", out)
	}
	c.until("that which was queued again runs", func(s state) bool {
		return s.job(ids[1]).State != cluster.Pending && strings.Contains(logOf(dir, ids[1]), ", start 2\n")
	})
	await(t, "the notice before the time limit", func() bool { return asked(t, third) })
	if s := c.until("the third is alive", func(s state) bool { return s.job(ids[2]).State == cluster.Running }); s.Status == watch.Complete {
		t.Error("the study is complete without a run that is still trained")
	}
	signal(t, third, syscall.SIGCONT)
	c.until("the third has saved and waits for its next turn", func(s state) bool { return s.job(ids[2]).State == cluster.Pending })
	slurm(t, "scontrol", "update", "JobId="+ids[2], "TimeLimit=10")

	s = c.until("it is complete", func(s state) bool { return s.Status == watch.Complete && s.alive() == 0 })
	for id, state := range map[string]cluster.State{ids[0]: cluster.Cancelled, ids[1]: cluster.Done, ids[2]: cluster.Done} {
		if j := s.job(id); j.State != state {
			t.Errorf("job %s ended as %+v, want %s", id, j, state)
		}
	}
	if log := logOf(dir, ids[2]); !strings.Contains(log, ids[2]+": queued again\n") || !strings.Contains(log, ", start 2\n") {
		t.Errorf("the log of the one at its time limit: %s", log)
	}
	if last := s.jobs[len(s.jobs)-1]; !last.Last || last.State != cluster.Done {
		t.Errorf("the job after the workers ended as %+v", last)
	}
	if !bytes.Equal(resultOf(t, dir), want) {
		t.Error("result.json differs from that of a local run")
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Error(err)
	}
	trainedOnce(t, dir, 3) // one interruption of each
	if out := says(t, arguments...); !strings.Contains(out, "is complete; nothing was submitted") {
		t.Errorf("when it is complete it says %s", out)
	}
	if out := says(t, "cancel", dir); !strings.HasPrefix(out, "No job is alive") {
		t.Errorf("lag cancel says %s", out)
	}
}

// TestSlurmRefuses: what sbatch refuses is said in its words, and nothing is left
// behind that looks like a submission.
func TestSlurmRefuses(t *testing.T) {
	needSlurm(t)
	dir := filepath.Join(t.TempDir(), "study")
	arguments := append(studyArguments(t, dir, backend.Go), "-on", "slurm", "-workers", "2")
	for _, test := range []struct{ flag, value, want string }{
		{"-partition", "mian", `invalid partition specified: mian; Batch job submission failed: Invalid partition name specified (did you mean "main"?); there are main`},
		{"-memory", "900T", "Requested node configuration is not available"},
		{"-gpus", "1", "Invalid generic resource"},
		{"-sbatch", "--no-such-option=1", "unrecognized option"},
	} {
		cmd, out := lagCommand(t, append(slices.Clone(arguments), test.flag, test.value)...)
		if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "sbatch: ") || !strings.Contains(out.String(), test.want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s %s: %v, %s", test.flag, test.value, err, out)
		}
		if jobs, err := cluster.Look(t.Context(), dir); err != nil || len(jobs) > 0 {
			t.Errorf("%s %s: %v, %v", test.flag, test.value, jobs, err)
		}
	}
}

// TestSlurmFollowed runs a study under Slurm from a program, which follows it and
// gets its result.
func TestSlurmFollowed(t *testing.T) {
	needSlurm(t)
	t.Setenv(asMain, "1") // this program is the command of the workers
	root := t.TempDir()
	text := says(t, append(studyArguments(t, filepath.Join(root, "none"), backend.Go), "-print")...)
	var config lag.StudyConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	var last progress.Event
	on := cluster.NewSlurm()
	on.Memory = "500M"
	s, err := lag.Open(config, lag.Options{Dir: filepath.Join(root, "study"), Backend: backend.Go, On: on, Workers: 2, Observe: func(e progress.Event) { last = e }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exec.Command("scancel", "--me").Run() })
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w := last.Whole; r.Verdict == "" || w.Runs == 0 || w.Done != w.Runs {
		t.Errorf("the verdict is %q after %+v", r.Verdict, w)
	}
}
