package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/log"
	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/sealed"
)

// logged returns what is logged from now on.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	log.SetOutput(&b)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return &b
}

// reportAll has checks of small datasets reported too.
func reportAll(t *testing.T) {
	t.Helper()
	before := announced
	announced = 0
	t.Cleanup(func() { announced = before })
}

// TestMadeAgain checks what is said of a dataset that is made again.
func TestMadeAgain(t *testing.T) {
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	for i, c := range []struct {
		name    string
		damage  func() error
		another bool // whether the fingerprint is another one than recorded
	}{
		{"truncated tokens", func() error { return os.Truncate(filepath.Join(d.Dir, "train.bin"), 10) }, false},
		{"another fingerprint", func() error {
			var r map[string]any
			err := sealed.Read(filepath.Join(d.Dir, fileDataset), &r)
			r["fingerprint"] = strings.Repeat("0", 64)
			return errors.Join(err, sealed.Write(filepath.Join(d.Dir, fileDataset), r))
		}, true},
		{"no description", func() error { return os.Remove(filepath.Join(d.Dir, fileDataset)) }, false},
	} {
		if err := c.damage(); err != nil {
			t.Fatal(err)
		}
		said := logged(t)
		if again := prepare(t, cfg, dir); again.Dir != d.Dir || again.Fingerprint != d.Fingerprint {
			t.Errorf("%s: %s with the fingerprint %s", c.name, again.Dir, again.Fingerprint)
		}
		aside := d.Dir + sealed.DamagedExt
		if i > 0 {
			aside = fmt.Sprintf("%s.%d%s", d.Dir, i+1, sealed.DamagedExt)
		}
		if !strings.Contains(said.String(), "made again") || !strings.Contains(said.String(), aside) || strings.Contains(said.String(), "another fingerprint") != c.another {
			t.Errorf("%s: the log says %s", c.name, said)
		}
		if _, err := os.Stat(aside); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCannotMakeAgain damages a dataset and its corpus.
func TestCannotMakeAgain(t *testing.T) {
	logged(t)
	text, err := os.ReadFile(corpusFile(t, 100))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "corpus.txt.gz")
	if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d := prepare(t, config(path), dir)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(b []byte) []byte { b[len(b)/2] ^= 0xFF; return b })
	if err := errors.Join(os.Chtimes(path, info.ModTime(), info.ModTime()), os.Truncate(filepath.Join(d.Dir, "train.bin"), 10)); err != nil {
		t.Fatal(err)
	}
	before := tree(t, d.Dir)
	_, err = Prepare(t.Context(), config(path), dir, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "data: the dataset in "+d.Dir+" is damaged") || !strings.Contains(err.Error(), "cannot be made again") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if diff := cmp.Diff(before, tree(t, d.Dir)); diff != "" {
		t.Error(diff)
	}
	// An error that says nothing about the contents is no damage.
	if p := new(preparation); p.toMake(damaged(d.Dir, fs.ErrPermission)) || p.damage != nil {
		t.Error("a dataset that may not be read would be set aside")
	}
}

// leftover makes a dataset look as if its preparation was killed before the
// rename, and returns the directory in which it then is.
func leftover(t *testing.T, d *Dataset) partial {
	t.Helper()
	p := partial(filepath.Join(filepath.Dir(d.Dir), partialPrefix+filepath.Base(d.Dir)))
	if err := os.Rename(d.Dir, string(p)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReadOnce checks that the contents of a dataset are read to check them where
// they are not known, and only once.
func TestReadOnce(t *testing.T) {
	ownCache(t)
	reportAll(t)
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	var d *Dataset
	for _, c := range []struct {
		name string
		want int64 // times that everything is read
	}{{"written", 0}, {"left unnamed", 1}, {"opened", 1}} {
		if c.name == "left unnamed" {
			leftover(t, d)
		}
		var read, last int64
		again, err := Prepare(t.Context(), cfg, dir, func(stage string, done, _ int64) {
			if stage != StageVerify {
				return
			}
			if done < last {
				last = 0
			}
			read, last = read+done-last, done
		})
		if err != nil {
			t.Fatal(err)
		}
		if d = again; read != c.want*(d.Train.Size()+d.Validation.Size()) {
			t.Errorf("%s: %d bytes were read to check %d", c.name, read, d.Train.Size()+d.Validation.Size())
		}
		d.Close()
	}
}

// TestCanceledComplete cancels the check of a dataset that only lacks its name.
func TestCanceledComplete(t *testing.T) {
	ownCache(t)
	reportAll(t)
	path := corpusFile(t, 100)
	trained := prepare(t, config(path), t.TempDir())
	cfg := config(path)
	cfg.TokenizerFile, cfg.VocabSize = filepath.Join(trained.Dir, trained.Tokenizer.FileName()), 0
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	want := tree(t, d.Dir)
	p := leftover(t, d)
	reason := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := Prepare(ctx, cfg, dir, func(stage string, _, _ int64) {
		if stage == StageVerify {
			cancel(reason)
		}
	})
	if !errors.Is(err, reason) {
		t.Errorf("canceled while checking: %v", err)
	}
	if diff := cmp.Diff(want, tree(t, string(p))); diff != "" {
		t.Errorf("what was left: %s", diff)
	}
}

// TestLaterVersion checks that a file to which a later version of this program
// added a field is not damaged.
func TestLaterVersion(t *testing.T) {
	cfg := config(corpusFile(t, 100))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	corpora, err := filepath.Glob(filepath.Join(dir, dirCorpora, "*.json"))
	if err != nil || len(corpora) != 1 {
		t.Fatal(corpora, err)
	}
	for path, within := range map[string]string{filepath.Join(d.Dir, fileDataset): "info", corpora[0]: ""} {
		var fields map[string]json.RawMessage
		if err := sealed.Read(path, &fields); err != nil {
			t.Fatal(err)
		}
		if part := fields[within]; within != "" {
			fields[within] = append([]byte(`{"new": "",`), part[1:]...)
		} else {
			fields["new"] = []byte("1")
		}
		if err := sealed.Write(path, fields); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Prepare(t.Context(), cfg, dir, func(stage string, _, _ int64) { t.Errorf("%s again", stage) })
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// TestOtherEncoding prepares a text that is not UTF-8. Its letters are lost, which
// must be said.
func TestOtherEncoding(t *testing.T) {
	path := corpusFile(t, 100)
	said := logged(t)
	prepare(t, config(path), t.TempDir())
	if strings.Contains(said.String(), "UTF-8") {
		t.Errorf("of a text in UTF-8 the log says %s", said)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte("ö"), []byte{0xF6}), 0o666); err != nil {
		t.Fatal(err)
	}
	prepare(t, config(path), t.TempDir())
	if !strings.Contains(said.String(), "not UTF-8") || !strings.Contains(said.String(), "documents=100 of=100") {
		t.Errorf("the log says %s", said)
	}
}
