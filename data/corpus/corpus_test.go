package corpus

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// read returns all documents' texts.
func read(t testing.TB, s Source) []string {
	t.Helper()
	var out []string
	for d, err := range s.Documents(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d.Text)
	}
	return out
}

// open returns the source for a path or name.
func open(t testing.TB, source string) Source {
	t.Helper()
	s, err := Open(t.Context(), Spec{Source: source})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gz":
		z := gzip.NewWriter(f)
		_, err = z.Write([]byte(text))
		err = errors.Join(err, z.Close())
	case ".zst":
		var z *zstd.Encoder
		if z, err = zstd.NewWriter(f); err == nil {
			_, err = z.Write([]byte(text))
			err = errors.Join(err, z.Close())
		}
	default:
		_, err = f.WriteString(text)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "b.txt", "\n\none\ntwo\r\n \t\r\nthree\n\n\n")
	put(t, dir, "a.gz", "four\n\nfive")
	put(t, dir, "c.zst", "six \xff")
	s := open(t, filepath.Join(dir, "*"))
	want := []string{"four", "five", "one\ntwo", "three", "six \uFFFD"}
	if d := cmp.Diff(want, read(t, s)); d != "" {
		t.Error(d)
	}
	s = open(t, filepath.Join(dir, "c.zst")+","+filepath.Join(dir, "a.gz"))
	if d := cmp.Diff([]string{"six \uFFFD", "four", "five"}, read(t, s)); d != "" {
		t.Error(d)
	}
}

// TestEncodings reads files that are text and files that only look like text.
func TestEncodings(t *testing.T) {
	for _, name := range []string{"A.TXT", "a.txt.gz", "a.txt.zst", "A.txt.GZ", "A.ZST"} {
		path := put(t, t.TempDir(), name, "\uFEFFone\n\n\uFEFFtwo")
		if d := cmp.Diff([]string{"one", "\uFEFFtwo"}, read(t, open(t, path))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for text, want := range map[string]string{
			"\xFF\xFEo\x00n\x00e\x00": "UTF-16", "\xFE\xFF\x00o\x00n\x00e": "UTF-16", "o\x00n\x00e\x00": "binary", "\x7fELF\x00": "binary",
		} {
			path := put(t, t.TempDir(), name, text)
			if err := failure(t, open(t, path)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, %q: %v, want %q", name, text, err, want)
			}
		}
	}
	if d := cmp.Diff([]string{"one"}, read(t, open(t, put(t, t.TempDir(), "A.JSONL.GZ", "\uFEFF{\"text\":\"one\"}")))); d != "" {
		t.Error(d)
	}
	if err := failure(t, open(t, put(t, t.TempDir(), "a.jsonl", "\xFF\xFE{\x00}\x00"))); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("JSON lines: %v", err)
	}
}

// TestCutShort reads compressed files that are empty or end too early.
func TestCutShort(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "line %d of a text\n\n", i*i)
	}
	for _, ext := range []string{".gz", ".zst"} {
		path := put(t, t.TempDir(), "a"+ext, text.String())
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(whole) - 1, len(whole) / 2, 3, 0} {
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			err := failure(t, open(t, path))
			if n == 0 && errors.Is(err, ErrEmpty) {
				continue
			}
			if err == nil || !strings.Contains(err.Error(), "truncated or damaged") || !strings.Contains(err.Error(), path) {
				t.Errorf("%d of %d bytes of %s: %v", n, len(whole), ext, err)
			}
		}
	}
}

// TestTwice checks that a link to a file is read like a file, and that naming a
// file twice is an error, also through a link.
func TestTwice(t *testing.T) {
	dir, links := t.TempDir(), t.TempDir()
	path := put(t, dir, "a.txt", "one")
	put(t, dir, "b.txt", "two")
	link := filepath.Join(links, "link.txt")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	s := open(t, filepath.Join(links, "*"))
	if d := cmp.Diff([]string{"one"}, read(t, s)); d != "" {
		t.Error(d)
	}
	before, err := s.Stamp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{path + "," + path, filepath.Join(dir, "*") + "," + path, path + "," + link} {
		if _, err := Open(t.Context(), Spec{Source: source}); err == nil || !strings.Contains(err.Error(), "named twice, also as "+path) {
			t.Errorf("%s: %v", source, err)
		}
	}
	put(t, dir, "a.txt", "another")
	if after, err := s.Stamp(t.Context()); err != nil || after == before {
		t.Errorf("the stamp of a link does not change with the file: %v", err)
	}
	if d := cmp.Diff([]string{"another"}, read(t, open(t, link))); d != "" {
		t.Error(d)
	}
}

// endless is an endless text without newlines. It cancels the context after a while.
type endless struct {
	cancel func()
	blocks int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.blocks++; e.blocks == 5 {
		e.cancel()
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestEndlessLine(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := readText(ctx, &endless{cancel: cancel}, func(string) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLongText checks that text without boundaries is cut without loss.
func TestLongText(t *testing.T) {
	for name, text := range map[string]string{
		"lines":     strings.Repeat("a line of some words\n", 200_000),
		"one line":  strings.Repeat("some words ", 1_000_000),
		"one word":  strings.Repeat("wörd", 3_000_000),
		"two pages": strings.Repeat("a line\n", 10) + "\n" + strings.Repeat("a line\n", 10),
	} {
		s := open(t, put(t, t.TempDir(), "t.txt", text))
		docs := read(t, s)
		for i, d := range docs {
			if len(d) > hardLimit+1<<17 || !utf8.ValidString(d) || strings.ContainsRune(d, utf8.RuneError) {
				t.Errorf("%s: document %d has %d bytes, or is cut within a character", name, i, len(d))
			}
		}
		separator := ""
		if name != "one word" {
			separator = " "
		}
		if got, want := strings.Fields(strings.Join(docs, separator)), strings.Fields(text); !slices.Equal(got, want) {
			t.Errorf("%s: %d words of %d documents, want %d", name, len(got), len(docs), len(want))
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for spec, want := range map[string]string{
		"":                                  "no corpus is given",
		filepath.Join(dir, "none.txt"):      "there is no file",
		filepath.Join(dir, "*.txt"):         "there is no file",
		dir:                                 "is not a file",
		put(t, dir, "x.pdf", "PDF"):         "cannot be read",
		put(t, dir, "x.parquet.gz", "PAR1"): "decompress it",
		"[":                                 "not a valid pattern",
	} {
		if _, err := Open(t.Context(), Spec{Source: spec}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
	for name, text := range map[string]string{"empty": "", "blank": " \n\n \t\n"} {
		s := open(t, put(t, dir, name, text))
		for d, err := range s.Documents(context.Background()) {
			if !errors.Is(err, ErrEmpty) {
				t.Errorf("%s: %+v, %v", name, d, err)
			}
		}
	}
	broken := filepath.Join(dir, "broken.gz")
	if err := os.WriteFile(broken, []byte("this is not gzip"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(t, broken)
	for _, err := range s.Documents(context.Background()) {
		if err == nil || !strings.Contains(err.Error(), "broken.gz") {
			t.Errorf("broken: %v", err)
		}
	}
	if _, err := GoProse(dir); err == nil || !strings.Contains(err.Error(), "set GOROOT") {
		t.Errorf("no Go: %v", err)
	}
}

func TestStamp(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "a.txt", "one")
	stamp := func() string {
		s := open(t, path)
		stamp, err := s.Stamp(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return stamp
	}
	before := stamp()
	if stamp() != before {
		t.Error("the stamp changes though the file does not")
	}
	put(t, dir, "a.txt", "another")
	if stamp() == before {
		t.Error("the stamp does not change with the file")
	}
}

// goTree is a small Go installation.
func goTree(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"VERSION": "go1.99\ntime 2026",
		"src/b/b.go": `// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style licence.

//go:build linux

// Package b does something that is told here.
//
//	code := in(a, comment)
//
// A second paragraph goes
// over two lines.
package b

const x = 1 // a comment behind code stands alone
// and this one begins a new group of words.

/* A block comment counts as well. */
func f() {
	// too short
	// x[i] = y[i] + z(3); w := {1, 2, 3}
}
`,
		"src/c/c_test.go":     "package c\n\n// A second paragraph goes over two lines.\n\n// Words that only this file has.\n",
		"src/d/d.go":          "// Code generated by a program. DO NOT EDIT.\n\npackage d\n\n// Nobody wrote these words by hand.\n",
		"src/e/testdata/e.go": "package e\n\n// These words are test data only.\n",
		"src/f/wrong.go":      "packag f // This file is wrong, but has words.\n",
		"src/" + opticks:      "frame\n*** START OF THIS ***\n\nLight is made of rays that bend,\nas we shall see.\n\n*** END OF THIS ***\nframe of words at the end\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestGoProse(t *testing.T) {
	s, err := GoProse(goTree(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Package b does something that is told here.\n\nA second paragraph goes over two lines.\n\na comment behind code stands alone\n\nand this one begins a new group of words.\n\nA block comment counts as well.",
		"Words that only this file has.",
		"This file is wrong, but has words.",
		"Light is made of rays that bend, as we shall see.",
	}
	for range 3 {
		if d := cmp.Diff(want, read(t, s)); d != "" {
			t.Fatal(d)
		}
	}
	if i := s.Info(); !strings.Contains(i.Origin, "go1.99") || i.Name != "go" || i.License == "" {
		t.Errorf("%+v", i)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for d, err := range s.Documents(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %+v, %v", d, err)
		}
	}
	for range s.Documents(context.Background()) {
		break // the workers must end; the race detector and the end of the test check this
	}
}

func TestSplit(t *testing.T) {
	s := Split{Fraction: 0.1, Seed: 1}
	n := 0
	for i := range int64(10_000) {
		if s.Validation(i) {
			n++
		}
	}
	if n < 900 || n > 1100 { // 3.3 standard deviations of 30 at p = 0.1
		t.Errorf("%d of 10,000 documents are for validation, want about 1,000", n)
	}
	// The rule is part of the data's address and must never change.
	var first []int64
	for i := range int64(60) {
		if s.Validation(i) {
			first = append(first, i)
		}
	}
	if d := cmp.Diff([]int64{2, 4, 12, 18, 21, 22, 29, 40, 56}, first); d != "" {
		t.Error(d)
	}
	for _, f := range []float64{0, 1, -1, 2} {
		if (Split{Fraction: f}).Validate() == nil {
			t.Errorf("fraction %v was accepted", f)
		}
	}
}

func BenchmarkGoProse(b *testing.B) {
	s, err := GoProse("")
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		n := 0
		for _, text := range read(b, s) {
			n += len(text)
		}
		b.ReportMetric(float64(n)/1e6, "MB")
	}
}
