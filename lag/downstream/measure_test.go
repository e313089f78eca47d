package downstream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/downstream"
	"github.com/landscape-aware/growing/lag/engine"
	_ "github.com/landscape-aware/growing/lag/internal/testbackend" // logs only errors, does not wait for the disk
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// text returns paragraphs of made-up words. Each paragraph repeats a few words of its
// own.
func text(paragraphs, seed int) string {
	var out strings.Builder
	for i := range paragraphs {
		for j := range 60 {
			k := (i*7 + j*j%5 + seed) % 26
			out.WriteString(strings.Repeat(string(rune('a'+k)), 1+(i+j)%3) + string(rune('a'+(i+seed)%26)) + " ")
		}
		out.WriteString("\n\n")
	}
	return out.String()
}

func writeFile(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// small returns the configuration of a study that takes a second.
func small(t testing.TB, root string) lag.StudyConfig {
	t.Helper()
	c, err := lag.Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	c.Data.Corpus.Source = writeFile(t, filepath.Join(root, "corpus.txt"), text(400, 1))
	c.Data.ValidationFraction = 0.2
	c.SetVocabSize(64)
	c.SetSequenceLength(24)
	c.BatchSize, c.Pretrain.Schedule.Steps, c.Pretrain.EvaluateEvery = 4, 10, 5
	c.Growth.Strategies, c.Growth.Seeds, c.Keep = []string{"stack", "stack-zero", "random-bottom", "random-top"}, []int64{1, 2}, lag.KeepAll
	if err := c.SetModel("hidden", "8"); err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t testing.TB, root string, c lag.StudyConfig) string {
	t.Helper()
	dir := filepath.Join(root, "study")
	s, err := lag.Open(c, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// study is a finished study, made once; tests copy it.
var study = sync.OnceValue(func() string {
	root, err := os.MkdirTemp("", "downstream-*")
	if err != nil {
		panic(err)
	}
	return root
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(study())
	os.Exit(code)
}

func copied(t *testing.T) *lag.Finished {
	t.Helper()
	root := study()
	if _, err := os.Stat(filepath.Join(root, "study")); err != nil {
		run(t, root, small(t, root))
	}
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	return open(t, filepath.Join(to, "study"))
}

func open(t *testing.T, dir string) *lag.Finished {
	t.Helper()
	f, err := lag.OpenFinished(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func measure(t *testing.T, f *lag.Finished, o downstream.Options) *downstream.Measured {
	t.Helper()
	m, err := downstream.Measure(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// asJSON returns a value as text: undefined numbers are not equal otherwise.
func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// glueFiles writes a task whose label is a letter in the text, and one of pairs.
func glueFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sst, rte := "sentence\tlabel\n", "index\tsentence1\tsentence2\tlabel\n"
	for i := range 60 {
		word := strings.Repeat([]string{"ab ", "yz "}[i%2], 5) + string(rune('a'+i%26))
		sst += fmt.Sprintf("%s\t%d\n", word, i%2)
		rte += fmt.Sprintf("%d\t%s\t%s\t%s\n", i, word, "ab ab", []string{"entailment", "not_entailment"}[i%2])
	}
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		writeFile(t, filepath.Join(dir, "SST-2", name), sst)
		writeFile(t, filepath.Join(dir, "RTE", name), rte)
	}
	return dir
}

// TestMeasure measures all tasks of a study on the pure-Go backend, twice: the second
// time nothing is computed.
func TestMeasure(t *testing.T) {
	f := copied(t)
	other := writeFile(t, filepath.Join(t.TempDir(), "other.txt"), text(60, 11))
	var events []progress.Event
	o := downstream.Options{Corpora: []string{other}, GLUE: glueFiles(t), Examples: 60, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseMeasure {
			events = append(events, e)
		}
	}}
	m := measure(t, f, o)
	var names []string
	for _, task := range m.Tasks {
		names = append(names, task.Name)
	}
	if want := []string{"follow", "loss on other", "tokens of other", "follow in other", "RTE", "SST-2"}; !slices.Equal(names, want) {
		t.Fatalf("tasks %v, want %v", names, want)
	}
	models := 1 + len(f.Models)
	if len(m.Absent) > 0 || len(m.Scores) != models*len(names) || len(f.Models) != 8 {
		t.Fatalf("%d scores of %d models, absent %v", len(m.Scores), models, m.Absent)
	}
	if last := events[len(events)-1]; last.Done != last.Total || last.Count != models || last.Index != models-1 {
		t.Errorf("the last event is %+v", last)
	}
	differ := make(map[string]bool)
	for _, s := range m.Scores {
		if math.IsNaN(float64(s.Score)) || !(s.Lo <= s.Score && s.Score <= s.Hi) {
			t.Errorf("%+v", s)
		}
		if first, _ := m.Score(s.Task, "", 0); first.Score != s.Score {
			differ[s.Task] = true
		}
	}
	if !differ["loss on other"] {
		t.Error("all models have one loss on the other text")
	}
	for _, task := range m.Tasks {
		if task.Measure == result.MeasureAccuracy && !(task.Baseline >= 0.5) {
			t.Errorf("%s has the baseline %g", task.Name, float64(task.Baseline))
		}
	}
	// The letters of the words can be read from any mean of embeddings.
	for _, task := range []string{"SST-2", "RTE"} {
		if s, _ := m.Score(task, "stack", 1); s.Score < 0.9 {
			t.Errorf("%s, whose label is in the text, has %g", task, float64(s.Score))
		}
	}

	again := measure(t, f, o)
	if again.New != 0 || asJSON(t, again.Downstream) != asJSON(t, m.Downstream) {
		t.Errorf("%d measurements were made again", again.New)
	}
	// Other examples replace a task's scores; tasks that are not asked for stay.
	o.Corpora, o.GLUE, o.Seed = nil, "", 5
	third := measure(t, f, o)
	if third.New != models || len(third.Scores) != len(m.Scores) || third.Tasks[0].Key == m.Tasks[0].Key || asJSON(t, third.Tasks[1:]) != asJSON(t, m.Tasks[1:]) {
		t.Errorf("%d measurements, %d scores", third.New, len(third.Scores))
	}
}

// TestValidationLoss checks that the loss on a text is the one that the study computes:
// on the study's own validation batches, the final loss.
func TestValidationLoss(t *testing.T) {
	f := copied(t)
	list, err := downstream.ValidationLosses(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range f.Result.Strategies {
		if want := float64(o.Final); math.Abs(list[i]-want) > 1e-5*want {
			t.Errorf("%s with seed %d: loss %g, the study says %g", o.Name, o.Seed, list[i], want)
		}
	}
}

// TestOtherSource opens a study beside whose source there is one of other data, which was
// changed later and did not end.
func TestOtherSource(t *testing.T) {
	f := copied(t)
	spec, err := engine.ReadSpec(f.Source.Dir)
	if err != nil {
		t.Fatal(err)
	}
	spec.Data = strings.Repeat("0", len(spec.Data))
	address, err := spec.Address()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(f.Dir, address, train.ConfigFile), asJSON(t, spec))
	if got := open(t, f.Dir); got.Source != f.Source || !slices.Equal(got.Models, f.Models) {
		t.Errorf("the source is %s, want %s", got.Source.Address, f.Source.Address)
	}
}

// TestAbsent measures a study without some states, and with a damaged one.
func TestAbsent(t *testing.T) {
	f := copied(t)
	if err := os.RemoveAll(filepath.Join(f.Models[0].Dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	states, err := filepath.Glob(filepath.Join(f.Models[5].Dir, "checkpoint", "*.safetensors"))
	if err != nil || len(states) == 0 {
		t.Fatal(states, err)
	}
	for _, path := range states {
		if err := os.Truncate(path, 100); err != nil {
			t.Fatal(err)
		}
	}
	m := measure(t, f, downstream.Options{Examples: 40})
	if len(m.Absent) != 2 || m.Absent[0].Model != f.Models[0] || m.Absent[1].Model != f.Models[5] || len(m.Scores) != 7 {
		t.Errorf("absent %v, %d scores", m.Absent, len(m.Scores))
	}
	for _, a := range m.Absent {
		if !strings.Contains(a.Why.Error(), a.Model.Dir) {
			t.Errorf("%s: %v", a.Model.Name(), a.Why)
		}
	}
}

// TestNotFinite measures a study of which a model computes what is not finite. It is left
// out of the tasks where it does, and stops nothing else.
func TestNotFinite(t *testing.T) {
	f := copied(t)
	bad, err := trained.Load(f.Models[2].Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range bad.Params {
		p.Data[0] = float32(math.NaN())
	}
	f.Models[2].Dir = t.TempDir()
	if err := bad.Save(f.Models[2].Dir); err != nil {
		t.Fatal(err)
	}
	other := writeFile(t, filepath.Join(t.TempDir(), "other.txt"), text(60, 11))
	m := measure(t, f, downstream.Options{Examples: 40, Batches: 2, Corpora: []string{other}})
	if len(m.Scores) != 4*8 {
		t.Errorf("%d scores of 8 models in 4 tasks", len(m.Scores))
	}
	var tasks []string
	for _, a := range m.Absent {
		if tasks = append(tasks, a.Task); a.Model != f.Models[2] || !strings.Contains(a.Why.Error(), "not finite") {
			t.Errorf("absent %+v", a)
		}
	}
	if !slices.Equal(tasks, []string{"follow", "loss on other", "follow in other"}) {
		t.Errorf("absent in %q", tasks)
	}
}

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
