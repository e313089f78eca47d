package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/watch"
)

// TestStatusText checks what lag status prints of jobs, their runs and failures.
func TestStatusText(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join("cluster", "logs", "12_1.log")
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, log)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, log), []byte("first\nlag: no room \x1b[31mleft\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	left := 90.0
	s := state{
		State: watch.State{
			Name: "quick", Kind: "study", Dir: dir, Status: watch.Running, Done: 4, Planned: 13, Share: 0.25, Left: &left,
			Work: []watch.Work{
				{Phase: "probe", Label: "stack", Seed: 1, Host: "node7", PID: 4711, Job: "12_0", Step: 30, Of: 300, Speed: 2, Left: &left},
				{Phase: "probe", Label: "midas", Seed: 2, Host: "desk", PID: 42, Of: 300},
			},
			Runs:     []watch.Run{{Status: "partial", Counts: true}, {Status: "partial"}},
			Warnings: []string{"a warning"},
		},
		jobs: []cluster.Job{
			{ID: "12_0", Works: true, State: cluster.Running, Words: "RUNNING", Node: "node7", Began: time.Date(2020, 11, 30, 9, 6, 42, 0, time.Local)},
			{ID: "12_1", Works: true, State: cluster.Failed, Words: "FAILED", Reason: "exit code 1", Log: log},
			{ID: "12_2", Works: true, State: cluster.Pending, Words: "PENDING", Reason: "Resources"},
			{ID: "pod", Works: true, State: cluster.Failed, Words: "Failed", Reason: "OOMKilled", Command: "kubectl logs pod"},
			{ID: "9", Last: true, State: cluster.Cancelled, Words: "CANCELLED"}, // 13 took its place
			{ID: "13", Last: true, State: cluster.Pending, Words: "PENDING", Reason: "Dependency"},
		},
	}
	var out bytes.Buffer
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `quick (study): running, 4 of 13 runs done, 25% of the computation, about 2 min left
Runs: 4 done, 2 at work, 1 begun and left, 6 not begun.
Workers: 1 running, 1 pending, 2 failed; after them job 13: pending.

job           state                 node   since             run                  step       steps/s  left
12_0          running               node7  2020-11-30 09:06  probe stack, seed 1  30 of 300  2.00     1m30s
12_2          pending (Resources)
13, analysis  pending (Dependency)
process 42    running               desk                     probe midas, seed 2  0 of 300
Failed: 12_1 (failed, exit code 1), see ` + filepath.Join(dir, log) + `
  lag: no room ?[31mleft
Failed: pod (failed, OOMKilled), see kubectl logs pod
Warning: a warning
`
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.TrimRight(line, " \n"))
	}
	if text := strings.Join(got, "\n") + "\n"; strings.Contains(text, "\x1b") || shown(text) != shown(want) {
		t.Errorf("it prints\n%s\nwant\n%s", text, want)
	}

	unschedulable := "Unschedulable: 0/2 nodes are available: persistentvolumeclaim \"runs\" not found."
	for i := range s.jobs[:3] {
		s.jobs[i] = cluster.Job{ID: fmt.Sprintf("pod-%d", i), Works: true, State: cluster.Pending, Words: "Pending", Reason: unschedulable}
	}
	out.Reset()
	if err := s.print(&out); err != nil || !strings.Contains(out.String(), "\npod-2         pending (see below) ") || strings.Count(out.String(), "\n3 jobs: "+unschedulable+"\n") != 1 {
		t.Errorf("%v: a long reason, of three jobs:\n%s", err, &out)
	}

	s.Status = watch.Complete
	s.jobs[3] = cluster.Job{ID: "12_3", Works: true, State: cluster.Failed, Words: "TIMEOUT"}
	s.jobs = append(s.jobs, cluster.Job{ID: "14", Last: true, State: cluster.Failed, Words: "FAILED"})
	out.Reset()
	if err := s.print(&out); err != nil || strings.Contains(out.String(), "Failed: 12_3") || !strings.Contains(out.String(), "Failed: 14 ") {
		t.Errorf("%v: only what is missing counts when it is complete:\n%s", err, &out)
	}
	s.Status = watch.Running

	s.jobs, s.silent = nil, errors.New("sacct: Connection refused")
	out.Reset()
	if err := s.print(&out); err != nil || !strings.Contains(out.String(), "How the jobs are is not known: sacct: Connection refused.\n") || !strings.Contains(out.String(), "4 of 13 runs done") || !strings.Contains(out.String(), "\n12_0        running  node7") {
		t.Errorf("%v, %s", err, &out)
	}
}

// TestStatusEnd tells whether all is well when no job is alive.
func TestStatusEnd(t *testing.T) {
	for _, test := range []struct {
		status watch.Status
		jobs   []cluster.State
		well   bool
	}{
		{watch.Complete, []cluster.State{cluster.Cancelled, cluster.Done}, true},
		{watch.Stopped, []cluster.State{cluster.Done, cluster.Done}, false},
		{watch.Waiting, []cluster.State{cluster.Done, cluster.Done}, true}, // on a volume that is not mounted here
		{watch.Waiting, []cluster.State{cluster.Done, cluster.Failed}, false},
		{watch.Waiting, nil, false},
	} {
		s := state{State: watch.State{Status: test.status}}
		for i, state := range test.jobs {
			s.jobs = append(s.jobs, cluster.Job{State: state, Last: i == len(test.jobs)-1})
		}
		if err := s.end("runs/quick", true); (err == nil) != test.well {
			t.Errorf("%s, %s: %v", test.status, test.jobs, err)
		}
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	if today, before := clock(now, now), clock(now.AddDate(-1, 0, 0), now); today != "12:00:00" || before != "2025-11-30 12:00" {
		t.Errorf("times are %s and %s", today, before)
	}
}

// TestStatusWatchOfNothing: a directory without a study is an error, also where one
// would be followed.
func TestStatusWatchOfNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	for _, screen := range []bool{false, true} {
		if err := followWith(ctx, dir, screen); err == nil || !strings.Contains(err.Error(), dir+" contains no ") {
			t.Errorf("%v", err)
		}
	}
}

// shown leaves out the line with the control character, which is shown in a way
// that package preview chooses.
func shown(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "lag: no room") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
