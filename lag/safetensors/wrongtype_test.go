package safetensors

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongType opens other files in the place of weights.
func TestWrongType(t *testing.T) {
	header := func(text string) string {
		return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text
	}
	for contents, want := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 12345\n": "git lfs pull",
		"PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl":                          "a zip archive",
		"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.":                                    "a Python pickle",
		"<html><body>Not found</body></html>":                                         "an HTML page",
		header(`{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}`):     "is the number 1.5, but must be a whole number in digits",
		header(`{"__metadata__": {"a": 1}}`):                                          "is a number, but must be a text",
	} {
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "json: ") || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%.20q: %v, want %q", contents, err, want)
		}
	}
}
