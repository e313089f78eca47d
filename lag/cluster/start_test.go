package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pretended is an engine that keeps jobs in memory.
type pretended struct {
	Resources
}

var pretence struct {
	jobs      map[string]*Job
	next      int
	refuse    int // submissions to accept before one is refused; 0 for all
	cancelled []string
}

func init() { Register(Kind{Name: "pretended", New: func() Engine { return newPretended() }}) }

func newPretended() *pretended { return &pretended{Resources{Cores: 1}} }

func (p *pretended) Describe(Work, Submission) (string, error) { return "", nil }

func (p *pretended) Submit(_ context.Context, _ Work, s Submission, accepted func(Submission) error) error {
	accept := func(change func(id string)) error {
		if pretence.refuse--; pretence.refuse == 0 {
			return errors.New("refused")
		}
		pretence.next++
		change(fmt.Sprint(pretence.next))
		return accepted(s)
	}
	if s.Workers > 0 {
		err := accept(func(id string) {
			s.Jobs = append(s.Jobs, Array{id, s.Workers})
			for i := range s.Workers {
				member := fmt.Sprintf("%s_%d", id, i)
				pretence.jobs[member] = &Job{ID: member, Works: true, State: Pending, Batch: s.Name}
			}
		})
		if err != nil {
			return err
		}
	}
	return accept(func(id string) {
		s.Last = id
		pretence.jobs[id] = &Job{ID: id, Last: true, State: Pending, Batch: s.Name}
	})
}

func (p *pretended) Status(_ context.Context, list []Submission) (jobs []Job, err error) {
	for _, j := range sorted(pretence.jobs) {
		for _, s := range list {
			if j.Batch == s.Name {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, nil
}

func (p *pretended) Cancel(_ context.Context, _ []Submission, jobs []Job) error {
	for _, j := range jobs {
		pretence.jobs[j.ID].State = Cancelled
		pretence.cancelled = append(pretence.cancelled, j.ID)
	}
	return nil
}

// set changes the state of jobs.
func set(t *testing.T, state State, ids ...string) {
	t.Helper()
	for _, id := range ids {
		j := pretence.jobs[id]
		if j == nil {
			t.Fatalf("there is no job %s", id)
		}
		j.State = state
	}
}

func start(t *testing.T, w Work, workers int, done Progress) Started {
	t.Helper()
	s, err := Start(t.Context(), newPretended(), w, workers, done)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T) Work {
	t.Helper()
	pretence.jobs, pretence.next, pretence.refuse, pretence.cancelled = make(map[string]*Job), 0, 0, nil
	w := quick()
	w.Dir = t.TempDir()
	return w
}

// TestStart goes through what happens to workers and submits the same again each
// time.
func TestStart(t *testing.T) {
	w := begin(t)
	expect := func(what string, got, want Started) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	expect("at first", start(t, w, 3, Progress{}), Started{0, 3, []string{"1"}, "2", false, false})
	if text, err := os.ReadFile(filepath.Join(w.Dir, Dir, configName)); err != nil || string(text) != string(w.Config) {
		t.Errorf("the workers' configuration: %s, %v", text, err)
	}
	expect("all alive", start(t, w, 3, Progress{}), Started{Alive: 3})
	expect("fewer wanted", start(t, w, 2, Progress{}), Started{Alive: 3})
	set(t, Running, "1_0", "1_1", "1_2")
	set(t, Cancelled, "1_1")
	expect("one cancelled", start(t, w, 3, Progress{}), Started{2, 1, []string{"3"}, "4", false, false})
	if got := strings.Join(pretence.cancelled, " "); got != "2" {
		t.Errorf("the job after the first workers must be replaced; cancelled: %q", got)
	}
	set(t, Failed, "1_0")
	set(t, Done, "1_2")
	expect("one done, one failed", start(t, w, 3, Progress{}), Started{1, 1, []string{"5"}, "6", false, false})
	set(t, Done, "3_0", "5_0")
	set(t, Running, "6")
	expect("the analysis runs", start(t, w, 3, Progress{}), Started{})
	set(t, Failed, "6")
	expect("the analysis failed, and nothing is left to train", start(t, w, 3, Progress{Trained: true}), Started{0, 0, nil, "7", false, false})
	set(t, Failed, "7")
	expect("it failed again, and more is to be trained", start(t, w, 3, Progress{}), Started{0, 3, []string{"8"}, "9", false, false})
	set(t, Done, "8_0", "8_1", "8_2", "9")
	expect("complete, as far as is seen here", start(t, w, 3, Progress{Unseen: true}), Started{Complete: true, Unseen: true})
	expect("complete", start(t, w, 3, Progress{Complete: true}), Started{Complete: true})

	jobs, err := Look(t.Context(), w.Dir)
	if err != nil || len(jobs) != 4 || !jobs[0].Works || !jobs[3].Last {
		t.Errorf("%q, %v", words(jobs), err)
	}
}

// TestStartRefusals: nothing is submitted that could not work together, and what
// was refused leaves the record as it was.
func TestStartRefusals(t *testing.T) {
	w := begin(t)
	if _, err := Start(t.Context(), newPretended(), w, 0, Progress{}); err == nil {
		t.Error("no workers are submitted")
	}
	pretence.refuse = 1
	if _, err := Start(t.Context(), newPretended(), w, 2, Progress{}); err == nil || err.Error() != "refused" {
		t.Errorf("%v", err)
	}
	if jobs, err := Look(t.Context(), w.Dir); err != nil || len(jobs) != 0 {
		t.Errorf("%q, %v", words(jobs), err)
	}
	if _, err := Cancel(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "nothing was submitted for") {
		t.Errorf("%v", err)
	}
	// Only the job after the workers is refused: it is submitted the next time.
	pretence.refuse = 2
	if s, err := Start(t.Context(), newPretended(), w, 2, Progress{}); err == nil || s.Submitted != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if s := start(t, w, 2, Progress{}); s.Alive != 2 || s.Submitted != 0 || s.Last == "" {
		t.Errorf("%+v", s)
	}
	other := w
	other.Hash = "another"
	if _, err := Start(t.Context(), newPretended(), other, 2, Progress{}); err == nil || !strings.Contains(err.Error(), "jobs of another configuration are alive") {
		t.Errorf("%v", err)
	}
	if _, err := Start(t.Context(), &pretended{Resources{Cores: 2}}, w, 4, Progress{}); err == nil || !strings.Contains(err.Error(), "cores: workers with 1 core are alive") {
		t.Errorf("%v", err)
	}
	cancelled, err := Cancel(t.Context(), w.Dir)
	if err != nil || len(cancelled) != 3 {
		t.Errorf("%q, %v", words(cancelled), err)
	}
	if r, err := readRecord(w.Dir); err != nil || len(r.Submissions) != 2 || !r.Submissions[0].Cancelled {
		t.Errorf("%+v, %v: it is not recorded that they were cancelled", r.Submissions, err)
	}
	if again, err := Cancel(t.Context(), w.Dir); err != nil || len(again) != 0 {
		t.Errorf("%q, %v", words(again), err)
	}
	set(t, Done, "2")                                                      // though it was cancelled, the analysis had come to its end
	if s := start(t, other, 2, Progress{Unseen: true}); s.Submitted != 2 { // what has ended is of another configuration
		t.Errorf("%+v", s)
	}
	path := filepath.Join(w.Dir, Dir, recordName)
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), newPretended(), w, 2, Progress{}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("with a damaged record: %v", err)
	}
}
