package tokenizer

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/filetype"
)

// goWords are words of Go's JSON package.
var goWords = regexp.MustCompile(`(^|[ (])json: |Go (value|struct)|RawMessage`)

// TestWrongType gives other files in the place of a tokenizer's.
func TestWrongType(t *testing.T) {
	dir := t.TempDir()
	for name, contents := range map[string]string{
		"Git LFS pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 12345\n",
		"an HTML page":    "<!doctype html>\n<title>Not found</title>\n",
	} {
		for _, file := range []string{"tokenizer.json", "vocab.txt", "spiece.model"} {
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), name) || errors.Is(err, filetype.ErrPointer) != strings.Contains(name, "LFS") {
				t.Errorf("%s as %s: %v", name, file, err)
			}
		}
	}
	for text, want := range map[string]string{
		`{"version": 1.0, "model": {}}`:                         `the field "version" is a number, but must be a text`,
		`{"added_tokens": [{"id": "x"}], "model": {}}`:          `the field "added_tokens.id" is a text`,
		`{"model": {"type": "WordPiece", "vocab": {"a": "b"}}}`: "",
		`{"model": {"type": "BPE", "vocab": [], "merges": 3}}`:  "",
		`{"model": {"type": "Unigram", "vocab": [["a"]]}}`:      "",
		`{"model": 3}`: "",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || goWords.MatchString(err.Error()) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
