package corpus

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
)

// goWords are words of Go that say nothing to the author of a file.
var goWords = regexp.MustCompile(`json\.|RawMessage|Go (struct|value)|float64|\bmap\[|unmarshal`)

// inUTF16 returns a text in UTF-16, little-endian.
func inUTF16(text string, mark bool) string {
	if mark {
		text = "\uFEFF" + text
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// longWindow returns a text compressed as by `zstd --long=N`: a frame whose
// header asks for a window of 2^logarithm bytes, with one raw block.
func longWindow(text string, logarithm int) string {
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, byte(logarithm-10) << 3}
	head := uint32(len(text))<<3 | 1 // a raw block, the last one
	return string(append(b, byte(head), byte(head>>8), byte(head>>16))) + text
}

// raw writes a file as it is, whatever its name says.
func raw(t testing.TB, name, contents string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrongType gives files of other types than their names say.
func TestWrongType(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 12345\n"
	const line = `{"text": "some text"}` + "\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(strings.Repeat(line, 50)))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zstandard := string(encoder.EncodeAll([]byte(strings.Repeat(line, 50)), nil))
	const html = "<!DOCTYPE html>\n<html><body>Not found</body></html>\n"
	const archive = "PK\x03\x04\x14\x00\x00\x00\x08\x00\x9c\xff"
	for _, c := range []struct{ name, contents, want string }{
		{"a.txt", pointer, "Git LFS pointer"},
		{"a.jsonl", pointer, "Git LFS pointer"},
		{"a.parquet", pointer, "Git LFS pointer"},
		{"a.jsonl.gz", pointer, "Git LFS pointer"},
		{"a.txt.zst", pointer, "git lfs pull"},
		{"a.json", "[\n " + line + "]\n", "a JSON array"},
		{"a.jsonl", "\uFEFF [" + line + "]\n", "jq -c '.[]'"},
		{"a.json", "{\n  \"text\": \"some text\"\n}\n", "a JSON object of several lines"},
		{"a.jsonl", inUTF16(line, true), "UTF-16"},
		{"a.jsonl", inUTF16(line, false), "UTF-16"},
		{"a.txt", inUTF16("some text", true), "iconv"},
		{"a.jsonl", zipped.String(), "compressed with gzip: give it a name that ends in .gz"},
		{"a.jsonl", zstandard, "compressed with zstd"},
		{"a.txt", zipped.String(), "compressed with gzip"},
		{"a.txt.gz", zstandard, "compressed with zstd"},
		{"a.txt.zst", zipped.String(), "compressed with gzip"},
		{"a.jsonl.gz", line, "not compressed with gzip"},
		{"a.jsonl.zst", line, "not compressed with zstd"},
		{"a.jsonl", archive, "a zip archive"},
		{"a.txt", archive, "a zip archive"},
		{"a.parquet", archive, "a zip archive"},
		{"a.jsonl", html, "an HTML page"},
		{"a.parquet", html, "an HTML page"},
		{"a.jsonl.gz", html, "an HTML page"},
		{"a.parquet", line, "not a whole Parquet file"},
		{"a.jsonl", "5\n", "not a JSON object (it is a number, but must be an object)"},
		{"a.jsonl", "\"text\"\n", "it is a text, but must be an object"},
		{"a.jsonl", line + "nonsense\n", "line 2: it is not a JSON object"},
		{"a.jsonl", `{"text": NaN5}`, "not a JSON object"},
		{"a.jsonl", `{"text": 64.0}`, "not a string"},
		{"a.txt.zst", longWindow("some text", 32), "a window of more than 2147483648 bytes"},
	} {
		err := failure(t, open(t, raw(t, c.name, c.contents)))
		if err == nil || !strings.Contains(err.Error(), c.want) || goWords.MatchString(err.Error()) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, %.30q: %v, want %q", c.name, c.contents, err, c.want)
		}
	}
	for _, c := range []struct {
		name, contents string
		want           []string
	}{
		{"a.jsonl", `{"score": NaN, "text": "NaN \" Infinity", "more": [-Infinity, Infinity, {"x": NaN}]}` + "\n" + line, []string{"NaN \" Infinity", "some text"}},
		{"a.jsonl", `{"text": NaN, "id": 1}` + "\n" + line, []string{"some text"}},
		{"a.txt.zst", longWindow("some text", 31), []string{"some text"}},
		{"a.txt", html, []string{strings.TrimSpace(html)}},
		{"a.txt", "%PDF-1.4 is how a PDF begins.", []string{"%PDF-1.4 is how a PDF begins."}},
		{"a.txt", "[1] is a reference.", []string{"[1] is a reference."}},
		{"a.txt", "BZhé " + strings.Repeat("é", 4000), []string{"BZhé " + strings.Repeat("é", 4000)}},
	} {
		if got := read(t, open(t, raw(t, c.name, c.contents))); !slices.Equal(got, c.want) {
			t.Errorf("%s, %.30q: %.60q", c.name, c.contents, got)
		}
	}
}

// TestCardKinds gives cards whose values are of the wrong kind.
func TestCardKinds(t *testing.T) {
	for card, want := range map[string]string{
		"license:\n  a: b\n":                           "line 2: a mapping is not possible there",
		"configs: many\n":                              "line 1: the text `many` is not possible there",
		"configs:\n- data_files:\n  - split: [a, b]\n": "line 3: a list is not possible there",
		"configs: [\n":                                 "line 1",
	} {
		_, err := parseCard([]byte("---\n" + card + "---\n"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "unmarshal") || strings.Contains(err.Error(), "corpus.") {
			t.Errorf("%q: %v, want %q", card, err, want)
		}
	}
}
