package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write writes a store of documents with the given lengths. Tokens count up
// modulo the vocabulary, except the last of each document, which is 1.
func write(t testing.TB, vocab int, lengths ...int) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "train")
	w, err := Create(prefix, Meta{Vocabulary: "v", VocabSize: vocab, Split: "train", Source: "test", License: "none", EndToken: 1})
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, n := range lengths {
		doc := make([]int32, n)
		for i := range doc {
			doc[i] = int32(next % vocab)
			next++
		}
		if n > 0 {
			doc[n-1] = 1
		}
		if err := w.AppendText(doc, 10*n); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return prefix
}

func open(t testing.TB, prefix string) *Store {
	t.Helper()
	s, err := Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		vocab int
		dtype string
		size  int64
	}{{5, "uint16", 2}, {65536, "uint16", 2}, {65537, "uint32", 4}} {
		prefix := write(t, c.vocab, 3, 0, 70000, 1)
		s := open(t, prefix)
		if m := s.Meta(); m.DType != c.dtype || m.Split != "train" || m.Source != "test" || m.License != "none" || m.Vocabulary != "v" || m.EndToken != 1 || m.TextBytes != 700040 {
			t.Errorf("%+v", m)
		}
		if s.Len() != 70004 || s.Documents() != 4 {
			t.Errorf("%d tokens, %d documents", s.Len(), s.Documents())
		}
		if info, err := os.Stat(prefix + ".bin"); err != nil || info.Size() != c.size*70004 {
			t.Errorf("%v %v", info, err)
		}
		if lo, hi := s.Document(1); lo != 3 || hi != 3 {
			t.Errorf("document 1 is %d to %d", lo, hi)
		}
		if lo, hi := s.Document(2); lo != 3 || hi != 70003 {
			t.Errorf("document 2 is %d to %d", lo, hi)
		}
		got := make([]int32, 69000)
		if err := s.Read(got, 999); err != nil {
			t.Fatal(err)
		}
		for i, id := range got {
			if want := int32((999 + i) % c.vocab); id != want {
				t.Fatalf("token %d is %d, want %d", 999+i, id, want)
			}
		}
		if err := s.Verify(t.Context(), nil, nil); err != nil {
			t.Error(err)
		}
		for i, n := range []int{3, 0, 70000, 1} {
			lo, hi := s.Document(i)
			doc := make([]int32, hi-lo)
			if err := s.Read(doc, lo); err != nil || len(doc) != n || n > 0 && doc[n-1] != 1 {
				t.Errorf("document %d has %d tokens, %v", i, len(doc), err)
			}
		}
		for _, i := range []int{-1, 4} {
			if lo, hi := s.Document(i); lo != 0 || hi != 0 {
				t.Errorf("document %d goes from token %d to %d", i, lo, hi)
			}
		}
		for _, at := range []int64{-1, 70003, 1 << 60} {
			if err := s.Read(make([]int32, 2), at); err == nil {
				t.Errorf("two tokens were read at %d", at)
			}
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(prefix), "*"))
		if err != nil || len(files) != 3 {
			t.Errorf("files %v, %v", files, err)
		}
	}
}

func TestIncomplete(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "train")
	w, err := Create(prefix, Meta{VocabSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]int32{1, 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(prefix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store that is being written: %v", err)
	}
	if err := w.Append([]int32{10}); err == nil {
		t.Error("a token outside the vocabulary was accepted")
	}
	w.Abort()
	if files, _ := os.ReadDir(filepath.Dir(prefix)); len(files) != 0 {
		t.Errorf("files were left: %v", files)
	}
	if err := w.Commit(); err == nil {
		t.Error("a store that was given up was completed")
	}
}

func TestReplace(t *testing.T) {
	prefix := write(t, 10, 5)
	w, err := Create(prefix, Meta{VocabSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]int32{7}); err != nil {
		t.Fatal(err)
	}
	if s := open(t, prefix); s.Len() != 5 {
		t.Errorf("the old store has %d tokens while the new one is written", s.Len())
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if s := open(t, prefix); s.Len() != 1 {
		t.Errorf("the new store has %d tokens", s.Len())
	}
}

// TestDamaged damages a store in all ways that Open or Verify must detect.
func TestDamaged(t *testing.T) {
	edit := func(ext string, f func([]byte) []byte) func(string) error {
		return func(prefix string) error {
			data, err := os.ReadFile(prefix + ext)
			if err != nil {
				return err
			}
			return os.WriteFile(prefix+ext, f(data), 0o666)
		}
	}
	cut := func(b []byte) []byte { return b[:len(b)-1] }
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b = slices.Clone(b); b[at] ^= 1; return b }
	}
	swap := func(from, to string) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(strings.Replace(string(b), from, to, 1)) }
	}
	other := write(t, 10, 4, 5)
	take := func(ext string) func(string) error {
		return func(prefix string) error {
			data, err := os.ReadFile(other + ext)
			if err != nil {
				return err
			}
			return os.WriteFile(prefix+ext, data, 0o666)
		}
	}
	for _, c := range []struct {
		name   string
		damage func(prefix string) error
		opens  bool
	}{
		{"another's tokens", take(".bin"), false},
		{"another's index", take(".idx"), false},
		{"no tokens", func(p string) error { return os.Remove(p + ".bin") }, false},
		{"no index", func(p string) error { return os.Remove(p + ".idx") }, false},
		{"truncated tokens", edit(".bin", cut), false},
		{"truncated index", edit(".idx", cut), false},
		{"truncated description", edit(".json", cut), true}, // only the last line end
		{"half a description", edit(".json", func(b []byte) []byte { return b[:len(b)/2] }), false},
		{"empty description", edit(".json", func([]byte) []byte { return nil }), false},
		{"index that begins later", edit(".idx", flip(0)), false},
		{"index that ends elsewhere", edit(".idx", flip(16)), false},
		{"another type", edit(".json", swap("uint16", "uint32")), false},
		{"fewer tokens", edit(".json", swap(`"tokens": 9`, `"tokens": 8`)), false},
		{"negative tokens", edit(".json", swap(`"tokens": 9`, `"tokens": -9`)), false},
		{"more documents", edit(".json", swap(`"documents": 2`, `"documents": 3`)), false},
		{"another source", edit(".json", swap("test", "text")), false},
		{"another vocabulary", edit(".json", swap(`"v"`, `"w"`)), false},
		{"another end token", edit(".json", swap(`"end_token": 1`, `"end_token": 2`)), false},
		{"changed token", edit(".bin", flip(4)), false},
		{"changed index", edit(".idx", flip(8)), false},
	} {
		prefix := write(t, 10, 3, 6)
		if err := c.damage(prefix); err != nil {
			t.Fatal(err)
		}
		s, err := Open(prefix)
		if !c.opens {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: opening gives %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := s.Verify(t.Context(), nil, nil); !errors.Is(err, ErrDamaged) && c.name != "truncated description" {
			t.Errorf("%s: verifying gives %v", c.name, err)
		}
		s.Close()
	}
}

// TestDamagedInside damages a part of a large store that Open does not read.
func TestDamagedInside(t *testing.T) {
	n := make([]int, 100_000)
	for i := range n {
		n[i] = 5
	}
	for _, ext := range []string{".bin", ".idx"} {
		prefix := write(t, 1000, n...)
		f, err := os.OpenFile(prefix+ext, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{7}, 5000); err != nil { // after the first block
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		s := open(t, prefix)
		if err := s.Verify(t.Context(), nil, nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", ext, err)
		}
	}
	// The same size, but other text.
	prefix, other := write(t, 1000, n...), write(t, 999, n...)
	if err := os.Rename(other+".bin", prefix+".bin"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(prefix); !errors.Is(err, ErrDamaged) {
		t.Errorf("another's tokens: %v", err)
	}
}

func TestVerifyCanceled(t *testing.T) {
	s := open(t, write(t, 10, 5))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Verify(ctx, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var done, total int64
	if err := s.Verify(t.Context(), nil, func(d, n int64) { done, total = d, n }); err != nil || done != total || total != 26 {
		t.Errorf("%d of %d bytes, %v", done, total, err)
	}
}

// TestNoEnd checks that a document without an end token is an error.
func TestNoEnd(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "train")
	w, err := Create(prefix, Meta{VocabSize: 10, EndToken: 3, Source: "in\xffvalid"})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range [][]int32{{1, 3}, {}, {2, 4}} {
		if err := w.Append(doc); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, prefix).Verify(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "document 2") {
		t.Error(err)
	}
	for _, end := range []int32{-1, 10} {
		if _, err := Create(prefix, Meta{VocabSize: 10, EndToken: end}); err == nil {
			t.Errorf("end token %d of 10 was accepted", end)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name          string
		vocab, window int
	}{{"uint16/126", 1024, 126}, {"uint16/510", 1024, 510}, {"uint16/65536", 1024, 1 << 16}, {"uint32/510", 1 << 17, 510}} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b, write(b, c.vocab, 1<<22))
			dst := make([]int32, c.window)
			at := int64(0)
			n := 0
			for b.Loop() {
				if err := s.Read(dst, at); err != nil {
					b.Fatal(err)
				}
				at = (at*6364136223846793005 + 1442695040888963407) & (1<<21 - 1)
				n += len(dst)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
		})
	}
}
