package data

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// corpusFile writes a text of n documents.
func corpusFile(t testing.TB, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Document %d grows %d times as large.\nIt speaks of [SEP] too, and of Schrödinger.\n\n", i, i*i)
	}
	path := filepath.Join(t.TempDir(), "corpus.txt")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func config(path string) Config {
	return Config{Corpus: corpus.Spec{Source: path}, VocabSize: 150, ValidationFraction: 0.2}
}

func prepare(t testing.TB, cfg Config, dir string) *Dataset {
	t.Helper()
	d, err := Prepare(context.Background(), cfg, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// tree returns the contents of all visible files below a directory.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = string(data)
	}
	return files
}

func TestPrepare(t *testing.T) {
	cfg := config(corpusFile(t, 400))
	dir := filepath.Join(t.TempDir(), "made", "as needed")
	d := prepare(t, cfg, dir)
	if d.Documents != 400 || d.Train.Documents()+d.Validation.Documents() != 400 || d.Validation.Documents() < 50 {
		t.Errorf("%d documents: %d for training, %d for validation", d.Documents, d.Train.Documents(), d.Validation.Documents())
	}
	if err := d.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	// Each document ends with [SEP], and "[SEP]" in the text is ordinary text.
	sep := d.Tokenizer.Special().Sep
	for _, s := range []*tokenstore.Store{d.Train, d.Validation} {
		seps := 0
		buf := make([]int32, s.Len())
		if err := s.Read(buf, 0); err != nil {
			t.Fatal(err)
		}
		for _, id := range buf {
			if id == sep {
				seps++
			}
		}
		if seps != s.Documents() {
			t.Errorf("%d [SEP] in %d documents", seps, s.Documents())
		}
		for i := range s.Documents() {
			if _, hi := s.Document(i); buf[hi-1] != sep {
				t.Fatalf("document %d ends with %s", i, d.Tokenizer.Token(buf[hi-1]))
			}
		}
	}
	if !(d.UnigramEntropy >= d.ValidationEntropy && d.ValidationEntropy > 1 && d.UnigramEntropy < math.Log(150)) {
		t.Errorf("entropies %v and %v", d.UnigramEntropy, d.ValidationEntropy)
	}
	s, err := objective.NewMLMSampler(objective.DefaultMLM(32), d.Train, d.Vocabulary(), 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Batch(0); err != nil {
		t.Error(err)
	}

	// The second time the dataset is only opened.
	again, err := Prepare(context.Background(), cfg, dir, func(stage string, _, _ int64) { t.Errorf("%s the second time", stage) })
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Fingerprint != d.Fingerprint || again.Dir != d.Dir {
		t.Errorf("%s in %s, then %s in %s", d.Fingerprint, d.Dir, again.Fingerprint, again.Dir)
	}
	// In another directory it has the same bytes.
	other := prepare(t, cfg, t.TempDir())
	if diff := cmp.Diff(tree(t, d.Dir), tree(t, other.Dir)); diff != "" {
		t.Error(diff)
	}
}

func TestAddress(t *testing.T) {
	path := corpusFile(t, 100)
	dir := t.TempDir()
	cfg := config(path)
	base := prepare(t, cfg, dir)

	// The same text in another file has the same bytes, but another name.
	moved := filepath.Join(t.TempDir(), "moved.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(moved, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if d := prepare(t, config(moved), dir); d.Fingerprint != base.Fingerprint || d.Info.Name != moved || d.Train.Meta().Source != moved {
		t.Errorf("moved text has the fingerprint %s, not %s, and the name %s", d.Fingerprint, base.Fingerprint, d.Info.Name)
	}
	// The same applies to another licence.
	licensed := cfg
	licensed.Corpus.License = "CC0-1.0"
	if d := prepare(t, licensed, dir); d.Fingerprint != base.Fingerprint || d.Info.License != "CC0-1.0" || d.Train.Meta().License != "CC0-1.0" {
		t.Errorf("with a licence it has the fingerprint %s, not %s, and the licence %s", d.Fingerprint, base.Fingerprint, d.Info.License)
	}
	for name, change := range map[string]func(*Config){
		"seed":     func(c *Config) { c.SplitSeed = 1 },
		"fraction": func(c *Config) { c.ValidationFraction = 0.3 },
		"size":     func(c *Config) { c.VocabSize = 140 },
	} {
		other := cfg
		change(&other)
		if d := prepare(t, other, dir); d.Dir == base.Dir || d.Fingerprint == base.Fingerprint {
			t.Errorf("another %s is the same dataset", name)
		}
	}
	// A changed corpus is read again.
	if err := os.WriteFile(path, append(text, "One more document with other words.\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	if d := prepare(t, cfg, dir); d.Fingerprint == base.Fingerprint || d.Documents != 101 {
		t.Errorf("the changed corpus has %d documents", d.Documents)
	}
}

// TestInterrupted cancels at every stage. It checks that no incomplete dataset
// can be read and that the next run gives the same bytes.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	cfg := config(corpusFile(t, 6000))
	want := tree(t, prepare(t, cfg, t.TempDir()).Dir)
	for _, stage := range []string{StageRead, StageTrain, StageEncode} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		reached := false
		_, err := Prepare(ctx, cfg, dir, func(s string, _, _ int64) {
			if s == stage {
				reached = true
				cancel()
			}
		})
		cancel()
		if !reached || err == nil && stage != StageEncode || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("canceled at %q (reached %t): %v", stage, reached, err)
		}
		if err != nil {
			if left, _ := filepath.Glob(filepath.Join(dir, "*", fileDataset)); len(left) > 0 {
				t.Errorf("canceled at %q: %v was left", stage, left)
			}
		}
		if diff := cmp.Diff(want, tree(t, prepare(t, cfg, dir).Dir)); diff != "" {
			t.Errorf("after %q: %s", stage, diff)
		}
	}
}

// TestLeftover checks that leftovers of a killed process do no harm.
func TestLeftover(t *testing.T) {
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	want := tree(t, d.Dir)
	partial := filepath.Join(dir, ".partial-"+filepath.Base(d.Dir))
	tmp := filepath.Join(dir, dirCorpora, "0123.json.89abcdef"+atomicfile.Ext)
	if err := os.WriteFile(tmp, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(d.Dir, partial); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(partial, fileDataset)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tree(t, prepare(t, cfg, dir).Dir)); diff != "" {
		t.Error(diff)
	}
	for _, left := range []string{partial, tmp} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is still there", left)
		}
	}
}

// TestWorkers checks that the bytes do not depend on the number of processors. It
// is not parallel: it changes variables of the whole process, while tests that
// are parallel wait.
func TestWorkers(t *testing.T) {
	before, chunk := runtime.GOMAXPROCS(0), encodeChunk
	defer func() { runtime.GOMAXPROCS(before); encodeChunk = chunk }()
	encodeChunk = 1 << 12
	path := corpusFile(t, 2000)
	for _, kind := range []tokenizer.Kind{tokenizer.WordPiece, tokenizer.BPE, tokenizer.Unigram} {
		var want map[string]string
		for _, n := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(n)
			got := tree(t, prepare(t, childConfig(path, kind), t.TempDir()).Dir)
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d processors: %s", kind, n, diff)
			}
		}
	}
}

func TestTogether(t *testing.T) {
	cfg := config(corpusFile(t, 1000))
	dir := t.TempDir()
	var wg sync.WaitGroup
	made := make(chan string, 4)
	for range 4 {
		wg.Go(func() {
			encoded := false
			d, err := Prepare(context.Background(), cfg, dir, func(s string, _, _ int64) { encoded = encoded || s == StageEncode })
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			if encoded {
				made <- d.Fingerprint
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("%d of 4 made the dataset, want 1", len(made))
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	want := tree(t, d.Dir)
	small := cfg
	small.VocabSize = 140
	other := prepare(t, small, dir)
	for _, c := range []struct {
		name   string
		damage func() error
	}{
		{"no description", func() error { return os.Remove(filepath.Join(d.Dir, fileDataset)) }},
		{"truncated tokens", func() error { return os.Truncate(filepath.Join(d.Dir, "train.bin"), 10) }},
		{"no vocabulary", func() error { return os.Remove(filepath.Join(d.Dir, d.Tokenizer.FileName())) }},
		{"another vocabulary", func() error {
			data, err := os.ReadFile(filepath.Join(other.Dir, other.Tokenizer.FileName()))
			return errors.Join(err, os.WriteFile(filepath.Join(d.Dir, d.Tokenizer.FileName()), data, 0o666))
		}},
		{"another's store", func() error {
			for _, ext := range []string{".bin", ".idx", ".json"} {
				data, err := os.ReadFile(filepath.Join(d.Dir, "validation"+ext))
				if err := errors.Join(err, os.WriteFile(filepath.Join(d.Dir, "train"+ext), data, 0o666)); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		if err := c.damage(); err != nil {
			t.Fatal(err)
		}
		_, err := Open(d.Dir)
		if err == nil || !strings.HasPrefix(err.Error(), "data: the dataset in "+d.Dir) || !strings.Contains(err.Error(), "remove the directory") {
			t.Errorf("%s: %v", c.name, err)
		}
		// Preparing makes it again, and keeps the damaged one.
		damaged := tree(t, d.Dir)
		if diff := cmp.Diff(want, tree(t, prepare(t, cfg, dir).Dir)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if diff := cmp.Diff(damaged, tree(t, d.Dir+sealed.DamagedExt)); diff != "" {
			t.Errorf("%s: set aside: %s", c.name, diff)
		}
		if err := os.RemoveAll(d.Dir + sealed.DamagedExt); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrors(t *testing.T) {
	good := config(corpusFile(t, 100))
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no corpus":       {func(c *Config) { c.Corpus.Source = "" }, "no corpus is given"},
		"missing corpus":  {func(c *Config) { c.Corpus.Source = "none.txt" }, "there is no file none.txt"},
		"empty corpus":    {func(c *Config) { c.Corpus.Source = corpusFile(t, 0) }, "the corpus is empty"},
		"one document":    {func(c *Config) { c.Corpus.Source = corpusFile(t, 1) }, "no document for validation"},
		"no fraction":     {func(c *Config) { c.ValidationFraction = 0 }, "validation fraction"},
		"NaN":             {func(c *Config) { c.ValidationFraction = math.NaN() }, "validation fraction"},
		"tiny vocabulary": {func(c *Config) { c.VocabSize = 5 }, "too small"},
		"two mistakes":    {func(c *Config) { c.ValidationFraction, c.VocabSize = 0, 5 }, "validation fraction"},
		"alphabet":        {func(c *Config) { c.VocabSize = 40 }, "raise the vocabulary size"},
	} {
		cfg := good
		c.change(&cfg)
		if _, err := Prepare(context.Background(), cfg, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q in one line", name, err, c.want)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(context.Background(), good, file, nil); err == nil || !strings.Contains(err.Error(), "writable") {
		t.Errorf("a directory that is a file: %v", err)
	}
}

// TestEntropies checks a case by hand: training counts 3, 1, 0 of V = 3 tokens
// and validation counts 2, 1, 1, after a special token that does not count.
func TestEntropies(t *testing.T) {
	cross, own := entropies([]int64{9, 3, 1, 0}, []int64{9, 2, 1, 1}, func(id int32) bool { return id == 0 })
	want := -(2*math.Log(4.0/7) + math.Log(2.0/7) + math.Log(1.0/7)) / 4
	if math.Abs(cross-want) > 1e-12 {
		t.Errorf("cross-entropy %v, want %v", cross, want)
	}
	if want := 1.5 * math.Ln2; math.Abs(own-want) > 1e-12 {
		t.Errorf("entropy %v, want %v", own, want)
	}
}

func BenchmarkPrepareGo(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		start := time.Now()
		d, err := Prepare(context.Background(), DefaultConfig(), dir, nil)
		if err != nil {
			b.Skip(err)
		}
		cold := time.Since(start)
		d.Close()
		start = time.Now()
		if d, err = Prepare(context.Background(), DefaultConfig(), dir, nil); err != nil {
			b.Fatal(err)
		}
		d.Close()
		b.ReportMetric(cold.Seconds(), "s/cold")
		b.ReportMetric(time.Since(start).Seconds(), "s/warm")
	}
}
