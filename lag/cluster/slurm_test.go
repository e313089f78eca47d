package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commands puts scripts on the path as the only commands of an engine. What they
// are called with is in the file that it returns.
func commands(t *testing.T, scripts map[string]string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	for name, script := range scripts {
		text := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>'%s'\n%s\n", name, calls, script)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	for _, name := range []string{"sbatch", "sacct", "squeue", "scancel", "scontrol", "sinfo", "kubectl"} {
		if scripts[name] == "" { // one of this machine must not answer
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho not in this test >&2; exit 1\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return calls
}

func called(t *testing.T, calls string) []string {
	t.Helper()
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// words describes jobs briefly.
func words(jobs []Job) (list []string) {
	for _, j := range jobs {
		text := fmt.Sprintf("%s %s %s", j.ID, j.State, j.Words)
		for _, more := range []string{j.Reason, j.Node} {
			if more != "" {
				text += " " + more
			}
		}
		if !j.Began.IsZero() {
			text += " " + j.Began.Format("15:04")
		}
		if j.Last {
			text += " last"
		}
		list = append(list, text)
	}
	return list
}

// submitted is a submission of three workers and the job after them, and one of
// two.
var submitted = []Submission{
	{Name: "lag-quick-a", Workers: 3, Jobs: []Array{{"12", 3}}, Last: "13"},
	{Name: "lag-quick-b", Workers: 11, Jobs: []Array{{"20", 11}}, Last: "21"},
}

// TestSlurmStatus checks what is made of the words of sacct and squeue: these are
// what a Slurm 22.05 printed.
func TestSlurmStatus(t *testing.T) {
	calls := commands(t, map[string]string{
		"sacct": `cat <<END
12_0|lag-quick-a|COMPLETED|0:0|2026-11-30T09:06:42|n1
12_1|lag-quick-a|CANCELLED by 1000|0:15|2026-11-30T09:06:42|n1
12_2|lag-quick-a|FAILED|75:0|2026-11-30T09:06:42|n2
13|other|COMPLETED|0:0|2025-11-30T09:06:42|n2
20_0|lag-quick-b|RUNNING|0:0|2026-11-30T09:10:00|n[1-2]
20_1|lag-quick-b|REQUEUED|0:0|2026-11-30T09:10:00|n1
20_2|lag-quick-b|REQUEUED|0:0|2026-11-30T09:10:00|n1
20_3|lag-quick-b|NODE_FAIL|0:0|2026-11-30T09:10:00|n1
20_[4-5,10%3]|lag-quick-b|PENDING|0:0|Unknown|None assigned
20_6|lag-quick-b|OUT_OF_MEMORY|0:125|2026-11-30T09:10:00|n1
20_7|lag-quick-b|SOMETHING_NEW|0:0|2026-11-30T09:10:00|n1
21|lag-quick-b|PREEMPTED|0:0|2026-11-30T09:10:00|n1
END`,
		"squeue": `cat <<END
13|lag-quick-a|PENDING|Dependency|N/A|
20_0|lag-quick-b|COMPLETING|None|2026-11-30T09:10:00|n1
20_1|lag-quick-b|PENDING|BeginTime|2026-11-30T09:30:00|
20_4|lag-quick-b|PENDING|Resources|2026-11-30T09:30:00|
20_5|lag-quick-b|PENDING|Priority|N/A|
20_8|lag-quick-b|RUNNING|None|2026-11-30T09:11:00|n2
21|lag-quick-b|PENDING|BeginTime|N/A|
END`,
	})
	jobs, err := NewSlurm().Status(t.Context(), submitted)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"12_0 done COMPLETED 09:06",
		"12_1 cancelled CANCELLED by 1000 09:06",
		"12_2 failed FAILED exit code 75 09:06",
		"20_0 running COMPLETING n1 09:10",
		"20_1 pending PENDING BeginTime",
		"20_2 cancelled REQUEUED", // waited for another turn, and is in the queue no more
		"20_3 failed NODE_FAIL 09:10",
		"20_4 pending PENDING Resources",
		"20_5 pending PENDING Priority",
		"20_6 failed OUT_OF_MEMORY exit code 0:125 09:10",
		"20_7 unknown SOMETHING_NEW 09:10",
		"20_8 running RUNNING n2 09:11", // the accounting does not know it yet
		"20_9 unknown ",
		"20_10 unknown PENDING not in the queue", // it cannot wait where Slurm knows nothing of it
		"13 pending PENDING Dependency last",     // the 13 of the accounting is another job, of last year
		"21 pending PENDING BeginTime last",      // preempted, and queued again
	}
	if diff := cmp.Diff(want, words(jobs)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, want := called(t, calls), []string{
		"sacct -XPn -j 12,13,20,21 --format=JobID,JobName,State,ExitCode,Start,NodeList",
		"squeue -h -r -t all -o %i|%j|%T|%r|%S|%N -j 13,20,21",
	}; !cmp.Equal(got, want) {
		t.Errorf("commands: %q, want %q", got, want)
	}
	if log := jobs[0].Log; log != filepath.Join(Dir, "logs", "12_0.log") {
		t.Errorf("the log is %s", log)
	}
}

// TestSlurmWithoutAccounting: squeue knows, as long as it remembers.
func TestSlurmWithoutAccounting(t *testing.T) {
	commands(t, map[string]string{
		"sacct":  `echo "Slurm accounting storage is disabled" >&2; exit 1`,
		"squeue": `printf '12_0|lag-quick-a|COMPLETED|None|2026-11-30T09:10:00|n1\n12_2|lag-quick-a|RUNNING|None|2026-11-30T09:10:00|n1\n'`,
	})
	jobs, err := NewSlurm().Status(t.Context(), submitted[:1])
	want := []string{"12_0 done COMPLETED 09:10", "12_1 unknown ", "12_2 running RUNNING n1 09:10", "13 unknown  last"}
	if err != nil || !cmp.Equal(words(jobs), want) {
		t.Errorf("%q, %v", words(jobs), err)
	}
	commands(t, map[string]string{
		"sacct":  `echo "sacct: error: Slurm accounting storage is disabled" >&2; exit 1`,
		"squeue": `echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1`,
	})
	if jobs, err := NewSlurm().Status(t.Context(), submitted[:1]); err != nil || len(jobs) != 4 || jobs[0].State != Unknown {
		t.Errorf("%q, %v", words(jobs), err)
	}
	silent := `echo "sacct: error: slurm_persist_conn_open: Connection refused" >&2; exit 1`
	commands(t, map[string]string{"sacct": silent, "squeue": "echo '12_2|lag-quick-a|RUNNING|None|2026-11-30T09:10:00|n1'"})
	if jobs, err := NewSlurm().Status(t.Context(), submitted[:1]); err != nil || len(jobs) != 4 || jobs[2].State != Running || jobs[0].State != Unknown {
		t.Errorf("without an answer of the accounting: %q, %v", words(jobs), err)
	}
	commands(t, map[string]string{"sacct": silent})
	if _, err := NewSlurm().Status(t.Context(), submitted[:1]); err == nil || !strings.Contains(err.Error(), "sacct: slurm_persist_conn_open: Connection refused") {
		t.Errorf("%v", err)
	}
}

// TestSlurmKilledWhileSubmitting: jobs that were submitted and not recorded are
// found by their name.
func TestSlurmKilledWhileSubmitting(t *testing.T) {
	calls := commands(t, map[string]string{
		"sacct":  "true",
		"squeue": `printf '30_0|lag-quick-c|RUNNING|None|2026-11-30T09:10:00|n1\n30_1|lag-quick-c|PENDING|Resources|N/A|\n'`,
	})
	jobs, err := NewSlurm().Status(t.Context(), []Submission{{Name: "lag-quick-c", Workers: 2}})
	want := []string{"30_0 running RUNNING n1 09:10", "30_1 pending PENDING Resources"}
	if err != nil || !cmp.Equal(words(jobs), want) {
		t.Errorf("%q, %v, want %q", words(jobs), err, want)
	}
	if first := called(t, calls)[0]; !strings.HasSuffix(first, "-n lag-quick-c") {
		t.Errorf("the first command is %s", first)
	}
}

// TestSlurmWithoutAnswer: a busy controller may have taken a job of which sbatch
// does not know. It is found by its name, and not submitted again.
func TestSlurmWithoutAnswer(t *testing.T) {
	w := quick()
	w.Dir = t.TempDir()
	scripts := map[string]string{
		"sbatch": "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
		"sacct":  "true",
		"squeue": fmt.Sprintf(`[ "$7" != -n ] || echo "$8" >%[1]s/name; name=$(cat %[1]s/name); printf "30_0|$name|RUNNING|None|2026-11-30T09:10:00|n1\n31|$name|PENDING|Dependency|N/A|\n"`, t.TempDir()),
	}
	commands(t, scripts)
	if _, err := Start(t.Context(), NewSlurm(), w, 1, Progress{}); err == nil || !strings.Contains(err.Error(), "operation (it may have been submitted all the same)") {
		t.Errorf("%v", err)
	}
	if s, err := Start(t.Context(), NewSlurm(), w, 1, Progress{}); err != nil || s.Alive != 1 || s.Submitted != 0 {
		t.Errorf("again: %+v, %v", s, err)
	}
	scripts["sbatch"] = "echo 'sbatch: error: Batch job submission failed: Invalid account' >&2; exit 1"
	commands(t, scripts)
	w.Dir = t.TempDir()
	if _, err := Start(t.Context(), NewSlurm(), w, 1, Progress{}); err == nil || strings.Contains(err.Error(), "all the same") {
		t.Errorf("%v", err)
	}
	if jobs, err := Look(t.Context(), w.Dir); err != nil || len(jobs) > 0 {
		t.Errorf("after it was refused: %q, %v", words(jobs), err)
	}
}

// TestSlurmSubmit checks that arrays are as long as the cluster allows, and that
// what was accepted is known before the next is submitted.
func TestSlurmSubmit(t *testing.T) {
	dir := t.TempDir()
	calls := commands(t, map[string]string{
		"scontrol": `printf 'MailProg = /bin/mail\nMaxArraySize            = 4\n'`,
		"sbatch":   fmt.Sprintf(`n=$(cat %[1]s/n 2>/dev/null || echo 40); echo $((n + 1)) >%[1]s/n; cat >%[1]s/$n.sh; echo "$n;cluster"`, dir),
	})
	w := quick()
	w.Dir = filepath.Join(dir, "runs", "quick")
	sub, err := newSubmission(w, NewSlurm(), 10, "x", time.Unix(1e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	sub.After = []string{"7"}
	var seen []string
	err = NewSlurm().Submit(t.Context(), w, sub, func(now Submission) error {
		seen = append(seen, fmt.Sprint(now.Jobs, now.Last))
		return nil
	})
	want := []string{"[{40 4}]", "[{40 4} {41 4}]", "[{40 4} {41 4} {42 2}]", "[{40 4} {41 4} {42 2}]43"}
	if err != nil || !cmp.Equal(seen, want) {
		t.Errorf("%q, %v, want %q; %q", seen, err, want, called(t, calls))
	}
	for name, want := range map[string]string{"41.sh": "#SBATCH --array=0-3\n", "42.sh": "#SBATCH --array=0-1\n", "43.sh": "#SBATCH --dependency=afterany:7:40:41:42\n"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s: %v", name, want, err)
		}
	}
	// Variables such as SBATCH_PARTITION count more than what the script says.
	last := called(t, calls)[4]
	if want := "sbatch --parsable --job-name=lag-quick-x --dependency=afterany:7:40:41:42 --nodes=1"; !strings.HasPrefix(last, want) {
		t.Errorf("the arguments are %s, want %s", last, want)
	}
	if _, err := os.Stat(w.logs()); err != nil {
		t.Errorf("Slurm makes no directories for logs: %v", err)
	}
}

// TestSlurmRefusals checks that sbatch's own words are in errors, in one line.
func TestSlurmRefusals(t *testing.T) {
	w := quick()
	w.Dir = t.TempDir()
	submit := func(s *Slurm) error {
		sub, err := newSubmission(w, s, 1, "x", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s.Submit(t.Context(), w, sub, func(Submission) error { return nil })
	}
	s := NewSlurm()
	s.Partition = "mian"
	refuse := `printf 'sbatch: error: invalid partition specified: mian\nsbatch: error: Batch job submission failed: Invalid partition name specified\n' >&2; exit 1`
	commands(t, map[string]string{"sbatch": refuse, "sinfo": `printf 'main\nurgent\nmain\n'`})
	want := `sbatch: invalid partition specified: mian; Batch job submission failed: Invalid partition name specified (did you mean "main"?); there are main, urgent`
	if err := submit(s); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	commands(t, map[string]string{"sbatch": "echo maybe"})
	if err := submit(s); err == nil || !strings.Contains(err.Error(), `sbatch answered "maybe\n"`) {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := submit(s); err == nil || !strings.Contains(err.Error(), "sbatch: there is no such command on the path: this machine is no login node") {
		t.Errorf("%v", err)
	}
}

// TestSlurmEnvironment: what people set for themselves changes neither which jobs
// are found nor how times are written, and jobs do not get the name of the job in
// which they are submitted.
func TestSlurmEnvironment(t *testing.T) {
	for _, name := range []string{"SQUEUE_PARTITION", "SACCT_FEDERATION", "SLURM_TIME_FORMAT", "SLURM_ARRAY_JOB_ID"} {
		t.Setenv(name, "low")
	}
	t.Setenv("SLURM_CONF", "/etc/slurm.conf")
	commands(t, map[string]string{"sacct": "env >&2; exit 1", "squeue": "env >&2; exit 1"})
	_, err := NewSlurm().Status(t.Context(), submitted[:1])
	if err == nil || strings.Contains(err.Error(), "=low") || !strings.Contains(err.Error(), "SLURM_CONF=/etc/slurm.conf") || !strings.Contains(err.Error(), "SLURM_BITSTR_LEN=0") {
		t.Errorf("the environment is %v", err)
	}
}

// TestSlurmCancel: what comes after the workers is cancelled first, arrays as a
// whole, and what is gone is no error.
func TestSlurmCancel(t *testing.T) {
	calls := commands(t, map[string]string{"scancel": `[ "$1" != 13 ] || { echo "scancel: error: Kill job error on job id 13: Invalid job id specified" >&2; exit 1; }`})
	err := NewSlurm().Cancel(t.Context(), submitted, []Job{{ID: "12_0", Works: true}, {ID: "12_2", Works: true}, {ID: "20_1", Works: true}, {ID: "13", Last: true}})
	if want := []string{"scancel 13", "scancel 12 20"}; err != nil || !cmp.Equal(called(t, calls), want) {
		t.Errorf("%q, %v", called(t, calls), err)
	}
	commands(t, map[string]string{"scancel": "echo 'scancel: error: Access denied' >&2; exit 1"})
	if err := NewSlurm().Cancel(t.Context(), submitted, []Job{{ID: "12_0", Works: true}}); err == nil || err.Error() != "scancel: Access denied" {
		t.Errorf("%v", err)
	}
}

// TestSlurmWithoutProgram: nothing is submitted that no node could run.
func TestSlurmWithoutProgram(t *testing.T) {
	commands(t, map[string]string{"sbatch": "echo 1"})
	w := quick()
	w.Dir, w.Program = t.TempDir(), ""
	sub, err := newSubmission(w, NewSlurm(), 1, "x", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	err = NewSlurm().Submit(t.Context(), w, sub, func(Submission) error { return errors.New("accepted") })
	if err == nil || !strings.Contains(err.Error(), "the command lag is not on the path") {
		t.Errorf("%v", err)
	}
}
