package data

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// ownCache gives a test a user's cache of its own.
func ownCache(t testing.TB) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
}

// edit changes the contents of a file.
func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(text), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOpenChecksContents changes bytes that lie between the samples that the
// quick check of a store reads, and values that no store holds.
func TestOpenChecksContents(t *testing.T) {
	ownCache(t)
	cfg := config(corpusFile(t, 10000))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	if d.Train.Size() < 64*4096*3/2 {
		t.Fatalf("the store has %d bytes, too few for a part that is not sampled", d.Train.Size())
	}
	flip := func(b []byte) []byte { b[5000] ^= 1; return b } // after the first block
	unsum := func(b []byte) []byte { return []byte(withoutSum(t, b)) }
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a token", "train.bin", flip, "train.bin"},
		{"an offset", "train.idx", func(b []byte) []byte { b[len(b)/3] ^= 1; return b }, "train.idx"},
		{"the unigram entropy", fileDataset, number("unigram_entropy"), "changed after it was written"},
		{"the origin", fileDataset, func(b []byte) []byte { return bytes.Replace(b, []byte(`"origin": "/`), []byte(`"origin": "`), 1) }, "changed after it was written"},
		{"the unigram entropy of a first version", fileDataset, func(b []byte) []byte { return number("unigram_entropy")(unsum(b)) }, "the unigram entropy is"},
		{"the validation entropy of a first version", fileDataset, func(b []byte) []byte { return number("validation_entropy")(unsum(b)) }, "the validation entropy is"},
		{"the documents of a first version", fileDataset, func(b []byte) []byte { return number("documents")(unsum(b)) }, "documents, the stores hold"},
	} {
		path := filepath.Join(d.Dir, c.file)
		right, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edit(t, path, c.change)
		if _, err := Open(d.Dir); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "remove the directory") {
			t.Errorf("%s: opening gives %v", c.name, err)
		}
		if _, err := Verify(t.Context(), d.Dir, nil); err == nil {
			t.Errorf("%s: verifying finds nothing", c.name)
		}
		if err := os.WriteFile(path, right, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// Opening writes nothing beside the stores, which may be read-only.
	before := tree(t, d.Dir)
	again, err := Open(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if diff := cmp.Diff(before, tree(t, d.Dir)); diff != "" {
		t.Error(diff)
	}
	// What the first version wrote is read, and has the same fingerprint.
	edit(t, filepath.Join(d.Dir, fileDataset), unsum)
	for range 2 {
		old, err := Open(d.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if old.Fingerprint != d.Fingerprint || old.UnigramEntropy != d.UnigramEntropy {
			t.Errorf("fingerprint %s, not %s", old.Fingerprint, d.Fingerprint)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutSum returns a dataset.json as the first versions wrote it.
func withoutSum(t testing.TB, text []byte) string {
	t.Helper()
	contents, err := sealed.Open(text)
	if err != nil || len(contents) == len(text) {
		t.Fatalf("%s has no checksum: %v", text, err)
	}
	return string(contents)
}

// number changes the last digit of a field.
func number(field string) func([]byte) []byte {
	return func(text []byte) []byte {
		at := bytes.Index(text, []byte(`"`+field+`": `))
		end := at + bytes.IndexAny(text[at:], ",\n") - 1
		for text[end] < '0' || text[end] > '9' {
			end--
		}
		// One of the first digits, so that the value really is another.
		if i := bytes.IndexByte(text[at:end], '.'); i > 0 {
			end = at + i + 2
		}
		text[end] = '0' + (text[end]-'0'+1)%10
		return text
	}
}

// TestSwapped exchanges the directories of the datasets of two corpora.
func TestSwapped(t *testing.T) {
	cfg := config(corpusFile(t, 100))
	other := config(corpusFile(t, 101))
	dir := t.TempDir()
	a, b := prepare(t, cfg, dir), prepare(t, other, dir)
	aside := filepath.Join(dir, "aside")
	if err := errors.Join(os.Rename(a.Dir, aside), os.Rename(b.Dir, a.Dir), os.Rename(aside, b.Dir)); err != nil {
		t.Fatal(err)
	}
	if again := prepare(t, cfg, dir); again.Dir != a.Dir || again.Fingerprint != a.Fingerprint || again.Documents != 100 {
		t.Errorf("%s with %d documents and the fingerprint %s, not %s", again.Dir, again.Documents, again.Fingerprint, a.Fingerprint)
	}
	if aside, err := OpenUnchecked(a.Dir + sealed.DamagedExt); err != nil || aside.Fingerprint != b.Fingerprint {
		t.Errorf("the other dataset was not set aside: %v", err)
	}
}

// TestDamagedCorpora changes what is remembered of a corpus: it is read again,
// and the dataset is found.
func TestDamagedCorpora(t *testing.T) {
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	files, err := filepath.Glob(filepath.Join(dir, dirCorpora, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	right, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.Replace(right, []byte(`"content": "`), []byte(`"content": "0`), 1)
	old := first[:bytes.LastIndexByte(first, ',')] // the checksum is the last field
	for name, text := range map[string][]byte{
		"content":            first,
		"documents":          number("documents")(bytes.Clone(right)),
		"no checksum, wrong": append(bytes.Clone(old), "\n}\n"...),
		"empty":              nil,
	} {
		if err := os.WriteFile(files[0], text, 0o666); err != nil {
			t.Fatal(err)
		}
		if again := prepare(t, cfg, dir); again.Dir != d.Dir || again.Documents != d.Documents {
			t.Errorf("%s: %s with %d documents", name, again.Dir, again.Documents)
		}
		if now, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(now, right) {
			t.Errorf("%s: it was not written again: %s %v", name, now, err)
		}
	}
	// What the first version wrote is believed where there is the dataset.
	old = append(bytes.Clone(right[:bytes.LastIndexByte(right, ',')]), "\n}\n"...)
	if err := os.WriteFile(files[0], old, 0o666); err != nil {
		t.Fatal(err)
	}
	again, err := Prepare(t.Context(), cfg, dir, func(stage string, _, _ int64) { t.Errorf("%s with a file of the first version", stage) })
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// TestReplacedWhileOpen replaces a store's file after it was mapped.
func TestReplacedWhileOpen(t *testing.T) {
	ownCache(t)
	d := prepare(t, config(corpusFile(t, 100)), t.TempDir())
	prefix := filepath.Join(t.TempDir(), "large")
	w, err := tokenstore.Create(prefix, tokenstore.Meta{VocabSize: 10, EndToken: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(make([]int32, 1<<20)), w.Append([]int32{1}), w.Commit()); err != nil {
		t.Fatal(err)
	}
	s, err := tokenstore.Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d.Train.Close()
	d.Train = s
	if err := d.check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(prefix + ".bin")
	if err := errors.Join(err, os.Rename(prefix+".bin", prefix+".old"), os.WriteFile(prefix+".bin", text, 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := d.check(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("a file that was replaced after it was mapped: %v", err)
	}
}
