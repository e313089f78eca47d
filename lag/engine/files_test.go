package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// TestFiles writes the files of a run's tokenizer whose special tokens have their meaning
// by settings, and reads the tokenizer from them.
func TestFiles(t *testing.T) {
	write := func(files map[string][]byte) string {
		t.Helper()
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	dir := write(map[string][]byte{
		"vocab.txt": []byte("[P]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"), "tokenizer_config.json": []byte(`{"pad_token": "[P]"}`),
	})
	want, err := tokenizer.Load(filepath.Join(dir, "vocab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{dataset: &data.Dataset{Tokenizer: want}}
	files, err := s.files(&Run{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokenizer.Load(filepath.Join(write(files), want.FileName()))
	if err != nil || got.Fingerprint() != want.Fingerprint() || got.Special() != want.Special() {
		t.Errorf("a run has the special tokens %+v, the data %+v (%v)", got.Special(), want.Special(), err)
	}
}
