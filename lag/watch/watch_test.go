package watch

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
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	_ "github.com/landscape-aware/growing/lag/internal/testbackend" // logs only errors, does not wait for the disk
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// shared is a directory with a complete study, which tests copy.
var shared string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	var err error
	if shared, err = os.MkdirTemp("", "lag-watch-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(shared)
	return m.Run()
}

// done is the directory of a complete study with two seeds, decay branches and
// controls.
var done = sync.OnceValues(func() (dir string, err error) {
	var text strings.Builder
	for i := range 300 {
		for j := range 50 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	corpus := filepath.Join(shared, "corpus.txt")
	config, err := lag.Preset("smoke")
	if err := errors.Join(err, os.WriteFile(corpus, []byte(text.String()), 0o666)); err != nil {
		return "", err
	}
	config.Data.Corpus.Source, config.BatchSize = corpus, 4
	config.SetVocabSize(48)
	config.Growth.Seeds = []int64{1, 2}
	config.Growth.Controls = append(result.Controls(), result.ControlScratch.WithPeak(0.002)) // as many steps as another
	dir = filepath.Join(shared, "study")
	s, err := lag.Open(config, lag.Options{Dir: dir, DataDir: filepath.Join(shared, runs.DataDir), Backend: backend.Go})
	if err != nil {
		return "", err
	}
	_, err = s.Run(context.Background())
	return dir, errors.Join(err, s.Close())
})

func doneStudy(t *testing.T) string {
	t.Helper()
	dir, err := done()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// clock is a watcher's clock, which stands still until it is moved.
type clock struct{ time.Time }

func (c *clock) watch(dir string) *Watcher {
	c.Time = time.Now()
	w := New(dir)
	w.now = func() time.Time { return c.Time }
	return w
}

// look refreshes a watcher until everything is read, and returns its whole state.
func look(t *testing.T, w *Watcher) State {
	t.Helper()
	for {
		check(t, w.Refresh(t.Context()))
		if !w.reading() {
			return w.State(0)
		}
	}
}

// TestComplete: a complete study has done every run of its plan.
func TestComplete(t *testing.T) {
	dir := doneStudy(t)
	r, _, err := lag.LoadStudy(dir)
	check(t, err)
	s := look(t, New(dir))
	if s.Status != Complete || s.Done != s.Planned || s.Share != 1 || len(s.Runs) != s.Planned {
		t.Errorf("%s, %d of %d runs done, %d there, %.2f of the computation", s.Status, s.Done, s.Planned, len(s.Runs), s.Share)
	}
	if s.Verdict != r.Verdict || !slices.Equal(s.Warnings, r.Warnings) || s.Unigram == nil || *s.Unigram != r.Source.UnigramEntropy {
		t.Errorf("the verdict is %q, the warnings %q, the unigram entropy %v", s.Verdict, s.Warnings, s.Unigram)
	}
	count := map[string]int{}
	for _, one := range s.Runs {
		if count[one.Phase]++; one.Status != "complete" || one.Steps != one.Of || one.Loss == nil {
			t.Errorf("%s %s is %s, at %d of %d steps, loss %v", one.Phase, one.Label, one.Status, one.Steps, one.Of, one.Loss)
		}
	}
	pool := r.PoolSize()
	branches := 0
	for _, signal := range r.Signals {
		if signal.Name == result.SignalDecayedLoss {
			branches++
		}
	}
	if want := map[string]int{"pretrain": 1, "probe": 2 * pool, "branch": 2 * pool * branches, "control": 2 * (len(result.Controls()) + 1)}; branches == 0 || fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("%v runs, want %v", count, want)
	}

	// Places and correlations agree with what the analysis found.
	if len(s.Ranks) != pool || s.Ranks[0].Final == nil {
		t.Fatalf("%d ranks of %d strategies", len(s.Ranks), pool)
	}
	for i, one := range s.Ranks {
		if one.Ended != 2 || one.AtEnd == nil || one.Among != pool || i > 0 && *one.Final < *s.Ranks[i-1].Final {
			t.Errorf("place %d is %+v", i+1, one)
		}
		var sum float64
		for _, o := range r.Strategies {
			if o.Name == one.Strategy {
				sum += float64(o.Final) / 2
			}
		}
		if diff := sum - *one.Final; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s ends at %g, want %g", one.Strategy, *one.Final, sum)
		}
	}
	for _, rho := range s.Rho {
		i := slices.IndexFunc(r.Correlation, func(c result.Correlation) bool { return c.Step == rho.Step })
		if i < 0 || float64(r.Correlation[i].Spearman)-rho.Rho > 1e-9 || rho.Rho-float64(r.Correlation[i].Spearman) > 1e-9 {
			t.Errorf("rho at step %d is %g, the analysis says %+v", rho.Step, rho.Rho, r.Correlation)
		}
	}
	if len(s.Rho) != len(r.Correlation)-1 {
		t.Errorf("%d correlations, want one for each step but the last of %d", len(s.Rho), len(r.Correlation))
	}
}

// runsOf returns the directories of the runs of a kind in the study that is done.
func runsOf(t *testing.T, s State, phase progress.Phase) (names []string) {
	t.Helper()
	for _, r := range s.Runs {
		if r.Phase == string(phase) {
			names = append(names, r.Name)
		}
	}
	return names
}

// TestGrowing watches a study from before it begins to its end: files appear, a
// line is written in two parts, a process is at work, another is killed.
func TestGrowing(t *testing.T) {
	from := doneStudy(t)
	all := look(t, New(from))
	dir := filepath.Join(t.TempDir(), "study")
	var c clock
	w := c.watch(dir)
	if s := look(t, w); s.Status != Waiting || s.Kind != "" || len(s.Warnings) > 0 {
		t.Errorf("without a directory: %+v", s)
	}
	copyFile := func(name string, part float64) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(from, name))
		path := filepath.Join(dir, name)
		check(t, err, os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, text[:int(part*float64(len(text)))], 0o666))
	}
	copyFile(result.StudyConfig, 0.5)
	if s := look(t, w); s.Status != Waiting || len(s.Warnings) != 1 {
		t.Errorf("a configuration that is half written: %s, %q", s.Status, s.Warnings)
	}
	copyFile(result.StudyConfig, 1)
	c.Time = c.Add(time.Hour) // long after anything was at work
	if s := look(t, w); s.Status != Stopped || s.Planned != all.Planned || s.Done != 0 || s.Name != "smoke" {
		t.Errorf("a study that has not begun: %s, %d of %d", s.Status, s.Done, s.Planned)
	}

	// The source is at work.
	source := runsOf(t, all, progress.PhasePretrain)[0]
	copyFile(filepath.Join(source, train.ConfigFile), 1)
	lock, ok, err := dirlock.Try(t.Context(), filepath.Join(dir, source))
	if check(t, err); !ok {
		t.Fatal("the run is locked")
	}
	c.Time = c.Add(relist)
	s := look(t, w)
	if s.Status != Running || len(s.Work) != 1 || s.Work[0].Started || s.Left != nil {
		t.Fatalf("the source compiles: %s, %+v", s.Status, s.Work)
	}
	copyFile(filepath.Join(source, train.MetricsFile), 0.6)
	s = look(t, w)
	one := s.Work[0]
	if one.PID != os.Getpid() || one.Phase != "pretrain" || one.Step == 0 || one.Step >= one.Of || one.Speed <= 0 || one.Left == nil || one.Loss == nil || s.Left == nil {
		t.Errorf("the source is at work: %+v, left %v", one, s.Left)
	}
	if !(s.Share > 0 && s.Share < 0.5) || s.Runs[0].Status != "at work" || len(s.Runs[0].Train) == 0 {
		t.Errorf("%.3f of the computation is done; the run is %+v", s.Share, s.Runs[0])
	}
	version := s.Version
	if later := w.State(version); later.Whole || len(later.Runs) != 0 || later.Version != version {
		t.Errorf("nothing changed, but %+v is sent", later.Runs)
	}
	copyFile(filepath.Join(source, train.MetricsFile), 1)
	copyFile(filepath.Join(source, train.OutcomeFile), 1)
	check(t, lock.Unlock(), w.Refresh(t.Context()))
	if later := w.State(version); later.Whole || len(later.Runs) != 1 || later.Done != 1 || later.Runs[0].Status != "complete" || len(later.Work) != 0 || later.Status != Running {
		t.Errorf("the source is done: %+v", later)
	}

	// Candidates: one done, one left in the middle by a process that was killed.
	for i, name := range runsOf(t, all, progress.PhaseProbe)[:2] {
		copyFile(filepath.Join(name, train.ConfigFile), 1)
		copyFile(filepath.Join(name, train.MetricsFile), []float64{1, 0.7}[i])
		if i == 0 {
			copyFile(filepath.Join(name, train.OutcomeFile), 1)
		}
	}
	c.Time = c.Add(time.Minute)
	s = look(t, w)
	if s.Status != Stopped || s.Done != 2 || len(s.Runs) != 3 || s.Runs[2].Status != "partial" || len(s.Warnings) != 1 {
		t.Errorf("after a kill: %s, %d done, %q, %+v", s.Status, s.Done, s.Warnings, s.Runs)
	}
	begun := 0
	for _, r := range s.Ranks {
		begun += r.Runs
	}
	if begun != 2 || s.Ranks[0].Final == nil || s.Ranks[1].Now == nil || s.Ranks[1].Among != 2 || s.Left == nil {
		t.Errorf("the ranks are %+v", s.Ranks[:3])
	}

	// The end.
	check(t, os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(from)))
	c.Time = c.Add(relist)
	if s = look(t, w); s.Status != Complete || s.Done != all.Done || s.Verdict != all.Verdict {
		t.Errorf("at the end: %s, %d done", s.Status, s.Done)
	}
}

// TestDamaged: damaged files are named, and the rest is shown.
func TestDamaged(t *testing.T) {
	from := doneStudy(t)
	all := look(t, New(from))
	probes := runsOf(t, all, progress.PhaseProbe)
	dir := filepath.Join(t.TempDir(), "study")
	check(t, os.CopyFS(dir, os.DirFS(from)))
	var c clock
	w := c.watch(dir)
	look(t, w)
	change := func(name string, edit func([]byte) []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		check(t, err, os.WriteFile(path, edit(text), 0o666))
	}
	flip := func(text []byte) []byte { text[len(text)/2] ^= 4; return text }

	// A run that has ended is not read again at once.
	change(filepath.Join(probes[0], train.OutcomeFile), flip)
	if s := look(t, w); s.Done != all.Done {
		t.Error("a run that has ended was read again")
	}
	c.Time = c.Add(2 * recheck)
	s := look(t, w)
	if s.Done != all.Done-1 || len(s.Warnings) <= len(all.Warnings) || !strings.Contains(strings.Join(s.Warnings, "\n"), filepath.Join(probes[0], train.OutcomeFile)) {
		t.Errorf("a damaged outcome: %d of %d done, %q", s.Done, all.Done, s.Warnings)
	}
	// A line in the middle of a log.
	check(t, os.Remove(filepath.Join(dir, probes[1], train.OutcomeFile)))
	change(filepath.Join(probes[1], train.MetricsFile), flip)
	change(result.StudyResult, flip)
	c.Time = c.Add(2 * recheck)
	look(t, w)
	c.Time = c.Add(2 * settling)
	s = look(t, w)
	text := strings.Join(s.Warnings, "\n")
	for _, want := range []string{filepath.Join(probes[1], train.MetricsFile), "line ", filepath.Join(dir, result.StudyResult)} {
		if !strings.Contains(text, want) {
			t.Errorf("the warnings do not name %s: %q", want, text)
		}
	}
	for _, r := range s.Runs {
		if r.Name == probes[1] && (r.Status != "damaged" || len(r.Curve) == 0) {
			t.Errorf("the run with a damaged line is %+v", r)
		}
	}
	// Runs of another configuration, files that are no runs, and configurations of
	// runs that cannot be read.
	change(filepath.Join(probes[2], train.ConfigFile), func(text []byte) []byte {
		return []byte(strings.Replace(string(text), `"batch_size": 4`, `"batch_size": 5`, 1))
	})
	w = c.watch(dir)
	if s = look(t, w); len(s.Notes) == 0 || !strings.Contains(strings.Join(s.Notes, "\n"), "another configuration") {
		t.Errorf("the notes are %q", s.Notes)
	}
	check(t, os.WriteFile(filepath.Join(dir, probes[3], train.ConfigFile), []byte("{"), 0o666))
	w = c.watch(dir)
	if s = look(t, w); len(s.Runs) != len(all.Runs) {
		t.Errorf("%d runs, want %d", len(s.Runs), len(all.Runs))
	}
	// A run that is removed.
	check(t, os.RemoveAll(filepath.Join(dir, probes[4])))
	c.Time = c.Add(relist)
	before := s.Version
	check(t, w.Refresh(t.Context()))
	if s = w.State(before); !s.Whole || len(s.Runs) != len(all.Runs)-1 {
		t.Errorf("after a removal %d runs are sent, whole: %v", len(s.Runs), s.Whole)
	}
}

// TestSelected: a study in which a rule picked live needs no result.
func TestSelected(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	check(t, os.CopyFS(dir, os.DirFS(doneStudy(t))), os.Remove(filepath.Join(dir, result.StudyResult)), os.Mkdir(filepath.Join(dir, result.SelectedDir), 0o777))
	for i, want := range []Status{Stopped, Stopped, Complete} { // two seeds
		var c clock
		w := c.watch(dir)
		c.Time = c.Add(time.Hour)
		if s := look(t, w); s.Status != want || i > 0 && (s.Left != nil || !strings.Contains(strings.Join(s.Notes, ""), fmt.Sprintf("with %d of 2 seeds", i))) {
			t.Errorf("after %d picks: %s, %q", i, s.Status, s.Notes)
		}
		check(t, os.WriteFile(filepath.Join(dir, result.SelectedDir, fmt.Sprintf("lag-5-seed-%d.json", i)), []byte("{}"), 0o666))
	}
}

// TestElsewhere: a process of another machine works as long as it gives signs of
// life.
func TestElsewhere(t *testing.T) {
	from := doneStudy(t)
	all := look(t, New(from))
	dir := filepath.Join(t.TempDir(), "study")
	check(t, os.CopyFS(dir, os.DirFS(from)), os.Remove(filepath.Join(dir, result.StudyResult)))
	run := filepath.Join(dir, runsOf(t, all, progress.PhaseProbe)[0])
	check(t, os.Remove(filepath.Join(run, train.OutcomeFile)))
	owner := func(beat int) {
		t.Helper()
		check(t, os.WriteFile(filepath.Join(run, dirlock.Name), fmt.Appendf(nil, `{"host":"node-7","place":"elsewhere","pid":42,"nonce":"n","beat":%d}`, beat), 0o666))
	}
	owner(1)
	var c clock
	w := c.watch(dir)
	if s := look(t, w); len(s.Work) != 1 || s.Work[0].Host != "node-7" || s.Work[0].PID != 42 {
		t.Fatalf("at work are %+v", s.Work)
	}
	c.Time = c.Add(dirlock.Stale / 2)
	owner(2)
	look(t, w)
	c.Time = c.Add(dirlock.Stale * 3 / 4)
	if s := look(t, w); len(s.Work) != 1 {
		t.Error("a process that gave a sign of life does not count")
	}
	c.Time = c.Add(dirlock.Stale)
	if s := look(t, w); len(s.Work) != 0 || s.Status != Stopped {
		t.Errorf("%+v counts without a sign of life", s.Work)
	}
}
