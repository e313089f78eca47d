package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// fuzzStore replaces one file of a valid store by contents, then opens,
// verifies and reads the store: first unchanged, and then with a description
// whose checksums fit, so that the checks after the checksums run.
func fuzzStore(f *testing.F, ext string) {
	for _, vocab := range []int{10, 70_000} {
		contents, err := os.ReadFile(write(f, vocab, 4, 0, 5) + ext)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(contents)
		f.Add(contents[:len(contents)/2])
		f.Add([]byte{})
	}
	valid := write(f, 10, 4, 0, 5)
	f.Fuzz(func(t *testing.T, contents []byte) {
		prefix := filepath.Join(t.TempDir(), "store")
		files := make(map[string][]byte)
		for _, e := range []string{extTokens, extIndex, extMeta} {
			var err error
			if files[e], err = os.ReadFile(valid + e); err != nil {
				t.Fatal(err)
			}
		}
		files[ext] = contents
		use(t, prefix, files)
		if seal(files) {
			use(t, prefix, files)
		}
	})
}

// use opens, verifies and reads a store as programs do.
func use(t *testing.T, prefix string, files map[string][]byte) {
	for ext, contents := range files {
		if err := os.WriteFile(prefix+ext, contents, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(prefix)
	if err != nil {
		return
	}
	defer s.Close()
	verr := s.Verify(context.Background(), nil, nil)
	all := make([]int32, s.Len())
	if err := s.Read(all, 0); err != nil {
		t.Errorf("reading all: %v", err)
	}
	n := 0
	for i := range s.Documents() {
		lo, hi := s.Document(i)
		if lo < 0 || hi < lo || hi > s.Len() {
			if verr == nil {
				t.Errorf("document %d of a store that is right goes from token %d to %d", i, lo, hi)
			}
			continue
		}
		if err := s.Read(make([]int32, hi-lo), lo); err != nil {
			t.Errorf("document %d: %v", i, err)
		}
		n += int(hi - lo)
	}
	if verr == nil && int64(n) != s.Len() {
		t.Errorf("the documents hold %d of %d tokens", n, s.Len())
	}
	for _, at := range []int64{-1, 1, s.Len() - 1, s.Len(), s.Len() + 1} {
		err := s.Read(make([]int32, 2), at)
		if inside := at >= 0 && at+2 <= s.Len(); inside != (err == nil) {
			t.Errorf("two tokens at %d of %d: %v", at, s.Len(), err)
		}
	}
}

// seal adapts the sizes and checksums of the description to the files, and
// reports whether it could.
func seal(files map[string][]byte) bool {
	var m Meta
	if json.Unmarshal(files[extMeta], &m) != nil || m.VocabSize < 1 {
		return false
	}
	m.DType = dtype(m.VocabSize)
	tokens, index := files[extTokens], files[extIndex]
	m.Tokens = int64(len(tokens)) / m.width()
	m.Documents = len(index)/8 - 1
	for _, f := range []struct {
		contents    []byte
		sum, sample *string
	}{{tokens, &m.TokensSHA256, &m.TokensSample}, {index, &m.IndexSHA256, &m.IndexSample}} {
		sum := sha256.Sum256(f.contents)
		*f.sum = hex.EncodeToString(sum[:])
		*f.sample = *f.sum // these files are small
	}
	m.SHA256 = m.checksum()
	var err error
	files[extMeta], err = json.Marshal(m)
	return err == nil
}

func FuzzTokens(f *testing.F)      { fuzzStore(f, extTokens) }
func FuzzIndex(f *testing.F)       { fuzzStore(f, extIndex) }
func FuzzDescription(f *testing.F) { fuzzStore(f, extMeta) }
