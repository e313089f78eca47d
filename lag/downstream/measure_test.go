package downstream_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

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
