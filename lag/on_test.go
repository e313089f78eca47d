package lag_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// nearby is an engine whose workers are goroutines of the test.
type nearby struct {
	cluster.Resources
}

func init() {
	cluster.Register(cluster.Kind{Name: "nearby", New: func() cluster.Engine { return &nearby{cluster.Resources{Cores: 1}} }})
}

// neighbourhood is what the engine knows.
var neighbourhood struct {
	sync.Mutex
	jobs    []cluster.Job
	started int
	work    func(ctx context.Context, w cluster.Work, last bool) error // of a job
	running sync.WaitGroup
}

// neighbours prepares the engine for a test.
func neighbours(t *testing.T, work func(ctx context.Context, w cluster.Work, last bool) error) {
	neighbourhood.jobs, neighbourhood.work, neighbourhood.started = nil, work, 0
	t.Cleanup(neighbourhood.running.Wait)
}

func (n *nearby) Describe(cluster.Work, cluster.Submission) (string, error) { return "", nil }

func (n *nearby) Submit(_ context.Context, w cluster.Work, s cluster.Submission, accepted func(cluster.Submission) error) error {
	v := &neighbourhood
	v.Lock()
	defer v.Unlock()
	v.started++
	s.Jobs, s.Last = []cluster.Array{{ID: fmt.Sprint(v.started), Workers: s.Workers}}, fmt.Sprint(v.started, "_last")
	begin := func(id string, last bool) int {
		v.jobs = append(v.jobs, cluster.Job{ID: id, Works: !last, Last: last, State: cluster.Running, Batch: s.Name, Log: "job" + id + ".log"})
		return len(v.jobs) - 1
	}
	var workers sync.WaitGroup
	for i := range s.Workers {
		place := begin(fmt.Sprintf("%d_%d", v.started, i), false)
		workers.Go(func() { n.end(place, w, v.work(context.Background(), w, false)) })
	}
	place := begin(s.Last, true)
	v.running.Go(func() {
		workers.Wait()
		n.end(place, w, v.work(context.Background(), w, true))
	})
	return accepted(s)
}

// end records how a job ended.
func (n *nearby) end(place int, w cluster.Work, err error) {
	v := &neighbourhood
	v.Lock()
	defer v.Unlock()
	j := &v.jobs[place]
	if j.State = cluster.Done; err != nil {
		j.State, j.Words, j.Reason = cluster.Failed, "FAILED", "exit code 1"
		_ = os.WriteFile(filepath.Join(w.Dir, j.Log), []byte("starting\n"+err.Error()+"\n"), 0o644)
	}
}

func (n *nearby) Status(_ context.Context, list []cluster.Submission) (jobs []cluster.Job, err error) {
	neighbourhood.Lock()
	defer neighbourhood.Unlock()
	for _, j := range neighbourhood.jobs {
		for _, s := range list {
			if j.Batch == s.Name {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, nil
}

func (n *nearby) Cancel(context.Context, []cluster.Submission, []cluster.Job) error { return nil }

func here() *nearby { return &nearby{cluster.Resources{Cores: 1}} }

// studyOn does the work of a study as the command lag does.
func studyOn(config lag.StudyConfig) func(context.Context, cluster.Work, bool) error {
	return func(ctx context.Context, w cluster.Work, last bool) error {
		s, err := lag.Open(config, lag.Options{Dir: w.Dir, DataDir: w.Data, Backend: w.Backend})
		if err != nil {
			return err
		}
		defer s.Close()
		if last {
			_, err = s.Run(ctx)
		} else {
			_, err = s.Join(ctx)
		}
		return err
	}
}

// seen is what an observer was told.
type seen struct {
	points   map[string]bool // run, seed and step
	whole    progress.Whole  // at last
	unigram  float64
	training int // events of training steps
	steps    map[string]int64
}

func (s *seen) observe(t *testing.T) progress.Observer {
	s.points, s.steps = make(map[string]bool), make(map[string]int64)
	return func(e progress.Event) {
		if e.Whole.Done < s.whole.Done || e.Whole.Share < s.whole.Share || e.Whole.Runs == 0 || e.Whole.Done > e.Whole.Runs {
			t.Errorf("after %+v comes %+v", s.whole, e.Whole)
		}
		s.whole = e.Whole
		if e.Phase == progress.PhasePrepare {
			return
		}
		s.unigram = e.Unigram
		key := fmt.Sprint(e.Phase, " ", e.Run, " ", e.Seed, " ", e.Index, " ", e.Count, " ", e.Place, " ", e.From)
		if e.Point != nil {
			s.points[fmt.Sprint(key, " ", e.Point.Step, " ", e.Point.Loss)] = true
			return
		}
		if s.training++; e.Done != s.steps[key]+1 {
			t.Errorf("%s: step %d follows on %d", key, e.Done, s.steps[key])
		}
		s.steps[key] = e.Done
	}
}

// TestStudyOn has an engine train a study. The result and the losses that the
// observer gets are those of this process. The same again submits nothing.
func TestStudyOn(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Controls = result.Controls()
	alone, dir := filepath.Join(root, "alone"), filepath.Join(root, "on")
	local := make(map[string]bool)
	if _, err := run(t, config, alone, backend.Go, func(e progress.Event) {
		if e.Point != nil {
			local[fmt.Sprint(e.Phase, " ", e.Run, " ", e.Seed, " ", e.Index, " ", e.Count, " ", e.Place, " ", e.From, " ", e.Point.Step, " ", e.Point.Loss)] = true
		}
	}); err != nil {
		t.Fatal(err)
	}
	neighbours(t, studyOn(config))
	var events seen
	on := func() *result.Study {
		t.Helper()
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, On: here(), Workers: 2, Observe: events.observe(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := on()
	if diff := cmp.Diff(resultBytes(t, alone, "result.json"), resultBytes(t, dir, "result.json")); diff != "" || r.Verdict == "" {
		t.Errorf("the result differs: %s", diff)
	}
	planned, err := config.PlannedRuns()
	if err != nil {
		t.Fatal(err)
	}
	if w := events.whole; w.Done != len(planned) || w.Runs != len(planned) || w.Share < 0.999 || events.unigram <= 0 {
		t.Errorf("at the end it is %+v of %d runs, with a unigram entropy of %g", w, len(planned), events.unigram)
	}
	if diff := cmp.Diff(local, events.points); diff != "" {
		t.Errorf("the losses differ from those of this process: %s", diff)
	}
	if on(); neighbourhood.started != 1 {
		t.Errorf("%d submissions, want 1", neighbourhood.started)
	}

	other := config
	other.Growth.Schedule.Peak *= 2
	s, err := lag.Open(other, lag.Options{Dir: dir, Backend: backend.Go, On: here()})
	if err != nil {
		t.Fatal(err)
	}
	jobs := neighbourhood.jobs
	neighbourhood.jobs = append(slices.Clone(jobs), cluster.Job{ID: "9", Works: true, State: cluster.Running, Batch: jobs[0].Batch})
	want := fmt.Sprintf("holds another configuration (growth.schedule.peak: %v there, %v here)", config.Growth.Schedule.Peak, other.Growth.Schedule.Peak)
	if _, err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "are alive; cancel them first") {
		t.Errorf("another configuration: %v", err)
	}
	// When its jobs have ended, the directory can be another's, as without an engine.
	neighbourhood.jobs = jobs
	neighbourhood.work = func(context.Context, cluster.Work, bool) error { return nil }
	if started, err := other.Submit(t.Context(), lag.Options{Dir: dir, Backend: backend.Go, On: here()}); err != nil || started.Submitted != 1 {
		t.Errorf("%+v, %v", started, err)
	}
	var there lag.StudyConfig
	if _, err := result.ReadConfig(dir, result.StudyConfig, &there); err != nil || there.Growth.Schedule.Peak != other.Growth.Schedule.Peak {
		t.Errorf("the directory has a peak of %g, %v", there.Growth.Schedule.Peak, err)
	}
	if _, err := (lag.Stacking{}).Submit(t.Context(), lag.Options{Dir: dir}); err == nil {
		t.Error("a stacking without an engine is submitted")
	}
	stacking, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stacking.Submit(t.Context(), lag.Options{Dir: dir, Backend: backend.Go, On: here()}); err == nil || !strings.Contains(err.Error(), "holds a study, so no stacking can be there") {
		t.Errorf("a stacking in the directory of a study: %v", err)
	}
	if _, err := lag.Stack(t.Context(), stacking, lag.Options{Dir: dir, Backend: backend.Go}); err == nil || !strings.Contains(err.Error(), "holds a study, so no stacking can be there") {
		t.Errorf("a stacking in the directory of a study: %v", err)
	}
}

// TestStudyOnStopped stops the waiting. The workers go on, and the same again
// follows them and submits nothing.
func TestStudyOnStopped(t *testing.T) {
	config, dir := smoke(t), filepath.Join(t.TempDir(), "on")
	trains := studyOn(config)
	held := make(chan struct{})
	neighbours(t, func(ctx context.Context, w cluster.Work, last bool) error {
		<-held
		return trains(ctx, w, last)
	})
	ctx, cancel := context.WithCancel(t.Context())
	o := lag.Options{Dir: dir, Backend: backend.Go, On: here(), Workers: 2, Observe: func(progress.Event) { cancel() }}
	s, err := lag.Open(config, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Run(ctx)
	if !interrupt.Only(err) || neighbourhood.started != 1 {
		t.Errorf("%v, after %d submissions", err, neighbourhood.started)
	}
	for _, j := range neighbourhood.jobs {
		if j.State != cluster.Running {
			t.Errorf("%+v", j)
		}
	}
	close(held)
	if r, err := s.Run(t.Context()); err != nil || r.Verdict == "" || neighbourhood.started != 1 {
		t.Errorf("%v, after %d submissions", err, neighbourhood.started)
	}
}

// TestStudyOnFails: of work that nobody does any more, the error names the jobs that
// failed, why, and their logs. The same again submits what is missing.
func TestStudyOnFails(t *testing.T) {
	config, dir := smoke(t), filepath.Join(t.TempDir(), "on")
	var fails error = errors.New("lag: no room left")
	trains := studyOn(config)
	neighbours(t, func(ctx context.Context, w cluster.Work, last bool) error {
		if fails != nil {
			return fails
		}
		return trains(ctx, w, last)
	})
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, On: here()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Run(t.Context())
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{"1_0 (failed, exit code 1), see " + filepath.Join(dir, "job1_0.log") + ": lag: no room left", "the same again submits what is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	fails = nil
	if _, err := s.Run(t.Context()); err != nil || neighbourhood.started != 2 {
		t.Errorf("%v, after %d submissions", err, neighbourhood.started)
	}
	if _, err := lag.Open(config, lag.Options{On: &nearby{}}); err == nil || !strings.Contains(err.Error(), "cores: 0") {
		t.Errorf("an engine without cores: %v", err)
	}
	if _, err := lag.Train(t.Context(), smallTraining(t, "bert"), lag.Options{Dir: dir, On: here()}); err == nil {
		t.Error("an engine trains a single model")
	}
}

// TestStackOn is TestStudyOn for a stacking, whose runs depend on what its rules
// pick.
func TestStackOn(t *testing.T) {
	c := stacking(t)
	root := t.TempDir()
	alone, dir := filepath.Join(root, "alone"), filepath.Join(root, "on")
	if _, err := stackIn(alone, c, nil); err != nil {
		t.Fatal(err)
	}
	neighbours(t, func(ctx context.Context, w cluster.Work, last bool) error {
		o := lag.Options{Dir: w.Dir, DataDir: w.Data, Backend: w.Backend}
		if last {
			_, err := lag.Stack(ctx, c, o)
			return err
		}
		_, err := lag.JoinStacking(ctx, c, o)
		return err
	})
	var events seen
	if _, err := lag.Stack(t.Context(), c, lag.Options{Dir: dir, Backend: backend.Go, On: here(), Workers: 2, Observe: events.observe(t)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resultBytes(t, alone, result.StackingResult), resultBytes(t, dir, result.StackingResult)); diff != "" {
		t.Errorf("the result differs: %s", diff)
	}
	runs, err := c.CountRuns()
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, dir := range runsOf(t, dir) {
		if train.IsComplete(dir) {
			ended++
		}
	}
	if w := events.whole; w.Runs != runs || w.Done != ended || events.training == 0 {
		t.Errorf("at the end it is %+v, with %d of %d runs ended", w, ended, runs)
	}
}
