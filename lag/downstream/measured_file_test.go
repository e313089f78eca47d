// These tests are about the file that keeps what was measured.

package downstream_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/downstream"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

// TestInterrupted stops after some models. What was measured is kept.
func TestInterrupted(t *testing.T) {
	f := copied(t)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := downstream.Measure(ctx, f, downstream.Options{Examples: 40, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseMeasure && e.Index == 2 && e.Done == e.Total {
			cancel(stop)
		}
	}})
	if !errors.Is(err, stop) {
		t.Fatalf("%v, want %v", err, stop)
	}
	d, err := result.LoadDownstream(f.Dir)
	if err != nil || len(d.Scores) != 3 {
		t.Fatalf("%v, %v", d, err)
	}
	if m := measure(t, f, downstream.Options{Examples: 40}); m.New != 6 || len(m.Scores) != 9 || !reflect.DeepEqual(m.Scores[:3], d.Scores) {
		t.Errorf("%d new, %d scores", m.New, len(m.Scores))
	}
}

// TestTwoProcesses measures another task while one is measured. Both are kept.
func TestTwoProcesses(t *testing.T) {
	f, other := copied(t), false
	m := measure(t, f, downstream.Options{Examples: 40, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseMeasure && e.Index == 2 && !other {
			other = true
			if m := measure(t, open(t, f.Dir), downstream.Options{Examples: 40, GLUE: glueFiles(t)}); len(m.Scores) != 27 {
				t.Errorf("the other process has %d scores", len(m.Scores))
			}
		}
	}})
	if d, err := result.LoadDownstream(f.Dir); err != nil || len(d.Scores) != 27 || asJSON(t, d) != asJSON(t, m.Downstream) {
		t.Errorf("of 3 tasks and 9 models there are %v, %v", d, err)
	}
}

// TestReplaced measures with other settings when the state of a model is gone. Its score
// cannot be made again, so it stays in a copy of the file, also if two texts have one
// name; and who asks for GLUE does not lose what was measured of the validation text.
func TestReplaced(t *testing.T) {
	f := copied(t)
	path := filepath.Join(f.Dir, result.DownstreamResult)
	o := downstream.Options{Examples: 60, Batches: 2, Corpora: []string{writeFile(t, filepath.Join(t.TempDir(), "test.txt"), text(60, 11))}}
	measure(t, f, o)
	if err := os.RemoveAll(filepath.Join(f.Models[0].Dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	m := measure(t, f, downstream.Options{Examples: 40, GLUE: glueFiles(t)})
	if s, ok := m.Score("follow", f.Models[0].Strategy, f.Models[0].Seed); !ok || m.Tasks[0].Train != 60 {
		t.Errorf("after GLUE there are %d examples, and the score %+v of the model that is gone", m.Tasks[0].Train, s)
	}
	if _, err := os.Stat(path + ".old"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing was replaced, but there is a copy, %v", err)
	}
	o.Corpora[0] = writeFile(t, filepath.Join(t.TempDir(), "test.txt"), text(60, 5))
	m = measure(t, f, o)
	if _, ok := m.Score("loss on test", f.Models[0].Strategy, f.Models[0].Seed); ok {
		t.Error("a score of another text is taken for that of this one")
	}
	measure(t, f, downstream.Options{Examples: 40})
	for name, n := range map[string]int{path + ".old": 4, path + ".old2": 1} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		writeFile(t, filepath.Join(root, result.DownstreamResult), string(text))
		d, err := result.LoadDownstream(root)
		if err != nil {
			t.Fatal(err)
		}
		of := 0
		for _, s := range d.Scores {
			if s.Run == f.Models[0].Address {
				of++
			}
		}
		if of != n {
			t.Errorf("%s has %d scores of the model that is gone, want %d", name, of, n)
		}
	}
}

// TestDamagedMeasurements damages the file in many ways, as TestCorruption of package lag
// does to those of a study. Readers notice, the same command measures again to the byte,
// and what was damaged is kept.
func TestDamagedMeasurements(t *testing.T) {
	f := copied(t)
	path := filepath.Join(f.Dir, result.DownstreamResult)
	measure(t, f, downstream.Options{Examples: 40})
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(f.Dir, result.StudyResult))
	if err != nil {
		t.Fatal(err)
	}
	digit := bytes.LastIndexAny(want, "123456789")
	for i, c := range []struct {
		name string
		text []byte
	}{
		{"truncated", want[:len(want)/2]},
		{"truncated after a line", want[:bytes.LastIndexByte(want[:len(want)-2], '\n')+1]},
		{"empty", nil},
		{"doubled", slices.Concat(want, want)},
		{"a digit changed", slices.Concat(want[:digit], []byte("0"), want[digit+1:])},
		{"a block of zeros", slices.Concat(want[:100], make([]byte, 512), want[612:])},
		{"replaced by another", other},
	} {
		writeFile(t, path, string(c.text))
		if _, err := result.DownstreamOf(f.Dir, f.Result); !sealed.IsDamaged(err) {
			t.Errorf("%s: a reader says %v", c.name, err)
		}
		m := measure(t, f, downstream.Options{Examples: 40})
		if got, err := os.ReadFile(path); m.New != 9 || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d measurements, or another file, %v", c.name, m.New, err)
		}
		if list, err := filepath.Glob(path + ".*"); err != nil || len(list) != i+1 {
			t.Errorf("%s: the damaged files are %v, %v", c.name, list, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	measure(t, f, downstream.Options{Examples: 40})
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("removed: another file, %v", err)
	}
}

// TestFewDocuments measures a study whose validation text has too few documents to ask
// which passages follow: that is an error only if nothing else is asked.
func TestFewDocuments(t *testing.T) {
	root := t.TempDir()
	c := small(t, root)
	c.Data.Corpus.Source, c.Data.ValidationFraction = writeFile(t, filepath.Join(root, "few.txt"), text(12, 1)), 0.3
	c.Growth.Strategies, c.Growth.Seeds = []string{"stack"}, []int64{1}
	f := open(t, run(t, root, c))
	if _, err := downstream.Measure(t.Context(), f, downstream.Options{}); err == nil || !strings.Contains(err.Error(), "a probe needs 8") {
		t.Errorf("nothing else is asked: %v", err)
	}
	if m := measure(t, f, downstream.Options{GLUE: glueFiles(t)}); len(m.Tasks) != 2 || len(m.Scores) != 4 {
		t.Errorf("tasks %v, %d scores", m.Tasks, len(m.Scores))
	}
}

// TestChangedStudy keeps what was measured of the same runs when the study has another
// configuration now, such as one with more seeds, and nothing of others.
func TestChangedStudy(t *testing.T) {
	f := copied(t)
	first := measure(t, f, downstream.Options{Examples: 40})
	first.ConfigHash = "another"
	first.Scores[1].Run = "fffffffff0000000"
	if err := first.Save(f.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := downstream.Measure(t.Context(), f, downstream.Options{DataDir: t.TempDir()}); err == nil {
		t.Error("the data of the study are found in an empty directory")
	}
	if d, err := result.LoadDownstream(f.Dir); err != nil || len(d.Scores) != 8 {
		t.Errorf("after an error there are %v, %v", d, err)
	}
	again := measure(t, f, downstream.Options{Examples: 40})
	if again.New != 1 || !again.IsOf(f.Result) || len(again.Scores) != 9 || again.Scores[2].Score != first.Scores[2].Score {
		t.Errorf("%d measurements are new, %+v", again.New, again.Downstream)
	}
	if list, err := filepath.Glob(filepath.Join(f.Dir, result.DownstreamResult+".*")); err != nil || len(list) != 1 {
		t.Errorf("what was measured of another run is in %v, %v", list, err)
	}
	first.Scores[1].Run = f.Models[0].Address
	if err := first.Save(f.Dir); err != nil {
		t.Fatal(err)
	}
	if m := measure(t, f, downstream.Options{Examples: 40}); m.New != 0 || !m.IsOf(f.Result) {
		t.Errorf("of the same runs %d are measured again", m.New)
	}
	if d, err := result.DownstreamOf(f.Dir, f.Result); err != nil || d == nil {
		t.Errorf("the file is still that of another configuration, %v", err)
	}
}

func TestRefused(t *testing.T) {
	f := copied(t)
	empty := writeFile(t, filepath.Join(t.TempDir(), "empty.txt"), "")
	short := writeFile(t, filepath.Join(t.TempDir(), "short.txt"), text(3, 1))
	shorter := writeFile(t, filepath.Join(t.TempDir(), "shorter.txt"), "ab")
	for _, c := range []struct {
		o    downstream.Options
		want string
	}{
		{downstream.Options{Examples: 3}, "3 examples"},
		{downstream.Options{Batches: -1}, "-1 batches"},
		{downstream.Options{Corpora: []string{"none.txt"}}, "none.txt"},
		{downstream.Options{Corpora: []string{empty}}, "empty"},
		{downstream.Options{Corpora: []string{empty, empty}}, "given twice"},
		{downstream.Options{Corpora: []string{short}, Batches: 100}, "give a longer text, or use fewer batches (Batches)"},
		{downstream.Options{Corpora: []string{shorter}}, "1 batch of 4 sequences of 24 needs"},
		{downstream.Options{GLUE: t.TempDir()}, "CoLA"},
		{downstream.Options{DataDir: t.TempDir()}, "no data set"},
	} {
		if _, err := downstream.Measure(t.Context(), f, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
	if _, err := lag.OpenFinished(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no study: %v", err)
	}
	if err := os.RemoveAll(f.Source.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := lag.OpenFinished(f.Dir); err == nil || !strings.Contains(err.Error(), "no run of the study's source") {
		t.Errorf("without the source: %v", err)
	}
}

// TestRemove removes tasks. The file as it was is kept, and what is left is as it was.
func TestRemove(t *testing.T) {
	f := copied(t)
	path := filepath.Join(f.Dir, result.DownstreamResult)
	if _, err := downstream.Remove(t.Context(), f.Dir, []string{"follow"}); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
		t.Errorf("before measuring: %v", err)
	}
	all := measure(t, f, downstream.Options{Examples: 40, GLUE: glueFiles(t)})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := downstream.Remove(t.Context(), f.Dir, []string{"follow", "SST-3"}); err == nil || !strings.Contains(err.Error(), `no task "SST-3" was measured`) {
		t.Errorf("an unknown task: %v", err)
	}
	before, err := downstream.Remove(t.Context(), f.Dir, []string{"follow"})
	if err != nil {
		t.Fatal(err)
	}
	if copied, err := os.ReadFile(before); err != nil || !bytes.Equal(copied, text) {
		t.Errorf("the copy %s is not the file as it was, %v", before, err)
	}
	left, err := result.LoadDownstream(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	want := *all.Downstream
	want.Tasks = slices.DeleteFunc(slices.Clone(all.Tasks), func(one result.DownstreamTask) bool { return one.Name == "follow" })
	want.Scores = slices.DeleteFunc(slices.Clone(all.Scores), func(s result.DownstreamScore) bool { return s.Task == "follow" })
	if asJSON(t, left) != asJSON(t, want) || len(want.Tasks) != len(all.Tasks)-1 {
		t.Errorf("left are %s, want %s", asJSON(t, left), asJSON(t, want))
	}
	if _, err = downstream.Remove(t.Context(), f.Dir, []string{want.Tasks[0].Name, want.Tasks[1].Name}); err != nil {
		t.Error(err)
	}
	if _, err = downstream.Remove(t.Context(), f.Dir, []string{"follow"}); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
		t.Errorf("after all was removed: %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err = downstream.Remove(t.Context(), f.Dir, []string{"follow"}); !sealed.IsDamaged(err) {
		t.Errorf("of a damaged file: %v", err)
	}
}

// TestRemoveWhileMeasuring removes a task while another is measured. It stays removed.
func TestRemoveWhileMeasuring(t *testing.T) {
	f, removed := copied(t), false
	measure(t, f, downstream.Options{Examples: 40, GLUE: glueFiles(t)})
	corpus := writeFile(t, filepath.Join(t.TempDir(), "news.txt"), text(60, 11))
	m := measure(t, open(t, f.Dir), downstream.Options{Examples: 40, Batches: 2, Corpora: []string{corpus}, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseMeasure && e.Index == 2 && !removed {
			removed = true
			if _, err := downstream.Remove(t.Context(), f.Dir, []string{"SST-2", "loss on news"}); err != nil {
				t.Error(err)
			}
		}
	}})
	d, err := result.LoadDownstream(f.Dir)
	if err != nil || asJSON(t, d) != asJSON(t, m.Downstream) {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, s := range d.Scores {
		count[s.Task]++
	}
	if count["SST-2"] != 0 || count["follow"] != 9 || count["loss on news"] != 9 {
		t.Errorf("there are %v scores; SST-2 was removed, and the loss on the text is being measured", count)
	}
}
