package cluster

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status implements [Engine]. It asks sacct for all jobs at once, and squeue for
// those that may not have ended: it knows why they wait, and what sacct does not
// know yet. Where there is no accounting, or it does not answer, it asks squeue for
// all.
func (s *Slurm) Status(ctx context.Context, list []Submission) ([]Job, error) {
	jobs, ids := expected(list)
	if !complete(list) {
		found, err := s.byName(ctx, list)
		if err != nil {
			return nil, err
		}
		for _, j := range found {
			if jobs[j.ID] == nil {
				jobs[j.ID] = &j
			}
		}
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	told, silent := sacct(ctx, ids) // its data base may be away while the queue is not
	takeOver(jobs, told)
	var open []string
	for id, j := range jobs {
		if whole := wholeID(id); !j.ended() && !slices.Contains(open, whole) {
			open = append(open, whole)
		}
	}
	if len(open) > 0 {
		slices.Sort(open)
		told, err := squeue(ctx, "-j", strings.Join(open, ","))
		if err != nil {
			return nil, cmp.Or(silent, err)
		}
		queued := takeOver(jobs, told)
		for id, j := range jobs {
			switch {
			case queued[id]:
			case j.Words == "REQUEUED": // cancelled while it waited for another turn, of which sacct has no record
				j.State = Cancelled
			case j.State.Alive(): // sacct was not told how it ended, as after a crash of the controller
				j.State, j.Reason, j.Node = Unknown, "not in the queue", ""
			}
		}
	}
	return sorted(jobs), nil
}

// ended reports whether nothing more can happen to the job.
func (j *Job) ended() bool {
	switch j.Words {
	case "PREEMPTED", "NODE_FAIL", "BOOT_FAIL": // perhaps it is queued again, which sacct says seconds later
		return false
	}
	return j.State != Unknown && !j.State.Alive()
}

// expected returns the jobs that were submitted, of which nothing is known, and
// the numbers by which Slurm knows them.
func expected(list []Submission) (jobs map[string]*Job, ids []string) {
	jobs = make(map[string]*Job)
	for _, sub := range list {
		for _, a := range sub.Jobs {
			ids = append(ids, a.ID)
			for i := range a.Workers {
				id := a.ID + "_" + strconv.Itoa(i)
				jobs[id] = &Job{ID: id, Works: true, State: Unknown, Batch: sub.Name, Log: filepath.Join(Dir, logsName, id+".log")}
			}
		}
		if sub.Last != "" {
			ids = append(ids, sub.Last)
			jobs[sub.Last] = &Job{ID: sub.Last, Last: true, State: Unknown, Batch: sub.Name, Log: filepath.Join(Dir, logsName, sub.Last+".log")}
		}
	}
	return jobs, ids
}

// complete reports whether everything that was submitted is recorded.
func complete(list []Submission) bool {
	return !slices.ContainsFunc(list, func(s Submission) bool { return s.Last == "" })
}

// byName returns the jobs that are in the queue under the names of submissions
// that are not recorded to their end, because the command was killed.
func (s *Slurm) byName(ctx context.Context, list []Submission) (found []Job, err error) {
	var names []string
	for _, sub := range list {
		if sub.Last == "" {
			names = append(names, sub.Name)
		}
	}
	told, err := squeue(ctx, "-n", strings.Join(names, ","))
	for _, t := range told {
		_, _, member := strings.Cut(t.id, "_")
		id := t.id
		found = append(found, Job{ID: id, Works: member, Last: !member, State: Unknown, Batch: t.name, Log: filepath.Join(Dir, logsName, id+".log")})
	}
	return found, err
}

// told is what Slurm says of a job.
type told struct {
	id, name, state, reason, node, exit string
	began                               time.Time
}

// takeOver takes over what Slurm says of jobs, and returns of which it said
// something. Numbers of jobs may come again after years, so names must agree.
func takeOver(jobs map[string]*Job, list []told) (of map[string]bool) {
	of = make(map[string]bool)
	for _, t := range list {
		j := jobs[t.id]
		if j == nil || t.name != j.Batch {
			continue
		}
		of[t.id] = true
		word, by, _ := strings.Cut(t.state, " ") // CANCELLED by 1000
		j.State, j.Words = stateOf(word), word
		j.Reason, j.Node, j.Began = "", "", t.began
		switch {
		case j.State == Pending:
			j.Reason, j.Began = t.reason, time.Time{}
		case j.State == Running:
			j.Node = t.node
		case j.State == Cancelled && by != "":
			j.Reason = by
		case j.State == Failed && t.exit != "" && t.exit != "0:0":
			j.Reason = "exit code " + strings.TrimSuffix(t.exit, ":0")
		}
	}
	return of
}

// stateOf returns what a state of Slurm means here.
func stateOf(word string) State {
	switch word {
	case "PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD":
		return Pending
	case "RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING":
		return Running
	case "COMPLETED":
		return Done
	case "CANCELLED":
		return Cancelled
	case "BOOT_FAIL", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT":
		return Failed
	}
	return Unknown
}

// sacct returns what the accounting says of jobs: nothing where there is none.
func sacct(ctx context.Context, ids []string) ([]told, error) {
	out, err := question(ctx, "sacct", "-XPn", "-j", strings.Join(ids, ","), "--format=JobID,JobName,State,ExitCode,Start,NodeList")
	if r, ok := errors.AsType[*refusal](err); ok && strings.Contains(r.said, "accounting storage is disabled") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseTold(out, func(f []string) (t told, ok bool) {
		if len(f) != 6 {
			return t, false
		}
		return told{id: f[0], name: f[1], state: f[2], exit: f[3], began: slurmTime(f[4]), node: f[5]}, true
	}), nil
}

// squeue returns what the queue says of the jobs that some arguments choose. Those
// that ended long ago are not in it.
func squeue(ctx context.Context, choice ...string) ([]told, error) {
	out, err := question(ctx, append([]string{"squeue", "-h", "-r", "-t", "all", "-o", "%i|%j|%T|%r|%S|%N"}, choice...)...)
	if r, ok := errors.AsType[*refusal](err); ok && strings.Contains(r.said, "Invalid job id") { // none of them is in it
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseTold(out, func(f []string) (t told, ok bool) {
		if len(f) != 6 {
			return t, false
		}
		return told{id: f[0], name: f[1], state: f[2], reason: f[3], began: slurmTime(f[4]), node: f[5]}, true
	}), nil
}

// parseTold reads lines of fields. A line of several members of an array becomes
// one of each.
func parseTold(out string, parse func(fields []string) (told, bool)) (list []told) {
	for line := range strings.Lines(out) {
		t, ok := parse(strings.Split(strings.TrimSpace(line), "|"))
		if !ok {
			continue
		}
		for _, id := range members(t.id) {
			t.id = id
			list = append(list, t)
		}
	}
	return list
}

var membersForm = regexp.MustCompile(`^(\d+)_\[([\d,:-]+)(?:%\d+)?\]$`)

// members returns the numbers of the jobs of an array that are written as
// 12_[0-2,5], or else the number itself.
func members(id string) (list []string) {
	m := membersForm.FindStringSubmatch(id)
	if m == nil {
		return []string{id}
	}
	for part := range strings.SplitSeq(m[2], ",") {
		part, step, _ := strings.Cut(part, ":")
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			continue
		}
		to, by := from, 1
		if isRange {
			if to, err = strconv.Atoi(last); err != nil {
				continue
			}
		}
		if n, err := strconv.Atoi(step); err == nil && n > 0 {
			by = n
		}
		for i := from; i <= to; i += by {
			list = append(list, m[1]+"_"+strconv.Itoa(i))
		}
	}
	return list
}

// slurmTime reads a time as Slurm writes it, in the local time zone; it is zero
// where there is none.
func slurmTime(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04:05", text, time.Local)
	if err != nil {
		return time.Time{}
	}
	return t
}
