package tokenstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a store of documents of the given lengths whose tokens count up
// modulo the vocabulary.
func write(t testing.TB, vocab int, lengths ...int) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "train")
	w, err := Create(prefix, Meta{Vocabulary: "v", VocabSize: vocab, Split: "train", Source: "test", License: "none"})
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
		if err := w.Append(doc); err != nil {
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
		if m := s.Meta(); m.DType != c.dtype || m.Split != "train" || m.Source != "test" || m.License != "none" || m.Vocabulary != "v" {
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
		if err := s.Verify(); err != nil {
			t.Error(err)
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

// TestDamaged damages a store in every way that is to be noticed, when opening
// or when verifying.
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
	for _, c := range []struct {
		name   string
		damage func(prefix string) error
		opens  bool
	}{
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
		{"changed token", edit(".bin", flip(4)), true},
		{"changed index", edit(".idx", flip(8)), true},
	} {
		prefix := write(t, 10, 4, 5)
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
		if err := s.Verify(); !errors.Is(err, ErrDamaged) && c.name != "truncated description" {
			t.Errorf("%s: verifying gives %v", c.name, err)
		}
		s.Close()
	}
}

func BenchmarkRead(b *testing.B) {
	s := open(b, write(b, 1024, 1<<20))
	dst := make([]int32, 126)
	b.SetBytes(int64(len(dst)) * 2)
	at := int64(0)
	for b.Loop() {
		if err := s.Read(dst, at); err != nil {
			b.Fatal(err)
		}
		at = (at*6364136223846793005 + 1442695040888963407) & (1<<19 - 1)
	}
}
