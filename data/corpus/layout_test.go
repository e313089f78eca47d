package corpus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHubEvil checks that a server cannot write outside the cache.
func TestHubEvil(t *testing.T) {
	for _, name := range []string{"../../../evil.jsonl", "/evil.jsonl", "a/../../b.jsonl", ".."} {
		newHubServer(t, map[string][]byte{name: []byte("{}")})
		if _, err := Open(t.Context(), Spec{Source: HubPrefix + testDataset}); err == nil || !strings.Contains(err.Error(), "lists a file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeignCache reads a cache that Hugging Face's own programs filled. It
// has no lists of files, and some files are incomplete.
func TestForeignCache(t *testing.T) {
	h := newHubServer(t, nil)
	h.Close()
	t.Setenv("HF_HUB_OFFLINE", "1")
	cache := t.TempDir()
	t.Setenv("HF_HUB_CACHE", cache)
	repo := filepath.Join(cache, "datasets--owner--name")
	commit := strings.Repeat("0123456789", 4)
	write := func(name string, contents []byte) {
		t.Helper()
		path := filepath.Join(repo, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, contents, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	write("refs/main", []byte(commit))
	for i, name := range sortedNames(testFiles(t)) {
		write(fmt.Sprintf("blobs/%d", i), testFiles(t)[name])
		link := filepath.Join(repo, "snapshots", commit, name)
		target, err := filepath.Rel(filepath.Dir(link), filepath.Join(repo, "blobs", strconv.Itoa(i)))
		if err = errors.Join(err, os.MkdirAll(filepath.Dir(link), 0o777), os.Symlink(target, link)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" || s.Info().License != "cc-by-4.0" {
		t.Errorf("%+v %s", s.Info(), d)
	}
	if err := os.Remove(filepath.Join(repo, "snapshots", commit, "en", "train-00001-of-00002.parquet")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), testSpec); err == nil || !strings.Contains(err.Error(), "there is no en/train-00001-of-00002.parquet") {
		t.Errorf("an incomplete cache: %v", err)
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, contents := range testFiles(t) {
		path := filepath.Join(dir, "copy", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, contents, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, source := range []string{"hf:./copy", "hf:" + filepath.Join(dir, "copy")} {
		s, err := Open(t.Context(), Spec{Source: source, Config: "en", License: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(testText, read(t, s)); d != "" || s.Info().License != "cc-by-4.0" {
			t.Errorf("%+v %s", s.Info(), d)
		}
	}
	s, err := Open(t.Context(), Spec{Source: "hf:./copy/de", License: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"etwas Text"}, read(t, s)); d != "" || s.Info().License != "mine" {
		t.Errorf("%+v %s", s.Info(), d)
	}
	for source, want := range map[string]string{"hf:./none": "there is no directory ./none", "hf:./copy": "several configs", "hf:./copy/README.md": "is a file"} {
		if _, err := Open(t.Context(), Spec{Source: source}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

func TestHubRevision(t *testing.T) {
	newHubServer(t, testFiles(t))
	spec := testSpec
	spec.Revision, spec.Split = "refs/convert/parquet", "test"
	s, err := Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a test"}, read(t, s)); d != "" {
		t.Error(d)
	}
	spec.Revision = "none"
	if _, err := Open(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "no dataset owner/name with a revision none") {
		t.Error(err)
	}
}
