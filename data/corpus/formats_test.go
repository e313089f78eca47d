package corpus

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// failure returns the error of reading a source.
func failure(t *testing.T, s Source) error {
	t.Helper()
	for _, err := range s.Documents(context.Background()) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestJSONLines(t *testing.T) {
	const text = "\uFEFF" + `{"text": "one\n\ntwo", "id": 1}` + "\n\n" + `{"id": 2, "text": null}` + "\r\n" + `{"text": " kept "}` + "\n" + `{"text": "\ud800 half"}` + "\n" + `{"text": "last"}`
	want := []string{"one\n\ntwo", " kept ", "\uFFFD half", "last"}
	for _, name := range []string{"a.jsonl", "a.ndjson", "a.json", "a.jsonl.gz", "a.jsonl.zst"} {
		s := open(t, put(t, t.TempDir(), name, text))
		if d := cmp.Diff(want, read(t, s)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	long := strings.Repeat("long ", 1<<20)
	if got := read(t, open(t, put(t, t.TempDir(), "long.jsonl", `{"text":"`+long+`"}`))); len(got) != 1 || got[0] != long {
		t.Errorf("a long line gives %d documents", len(got))
	}
	for line, want := range map[string]string{
		`{"body": "x", "id": 1}`: `line 2: there is no field "text"; there are "body", "id"`,
		`{"text": 3}`:            `line 2: the field "text" is not a string`,
		`["a"]`:                  "line 2: it is not a JSON object",
		`{"text": "x"`:           "line 2: it is not a JSON object",
	} {
		path := put(t, t.TempDir(), "a.jsonl", `{"text":"fine"}`+"\n"+line+"\n")
		if err := failure(t, open(t, path)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	s, err := Open(t.Context(), Spec{Source: put(t, t.TempDir(), "a.jsonl", `{"body":"x"}`), Field: "body"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"x"}, read(t, s)); d != "" {
		t.Error(d)
	}
	if err := failure(t, open(t, put(t, t.TempDir(), "a.jsonl", "\n"))); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty file: %v", err)
	}
}

type row struct {
	ID   int64   `parquet:"id"`
	Text *string `parquet:"text,optional,dict,zstd"`
	Body string  `parquet:"body"`
}

// putParquet writes texts to a Parquet file with small pages and two row
// groups. "-" means null.
func putParquet(t testing.TB, path string, texts ...string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[row](f, parquet.PageBufferSize(64), parquet.Compression(&zstd.Codec{}))
	for i, text := range texts {
		r := row{ID: int64(i), Text: &text, Body: "body of " + text}
		if text == "-" {
			r.Text = nil
		}
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
		if i == len(texts)/2 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParquet(t *testing.T) {
	var texts, want []string
	for i := range 500 {
		text := strings.Repeat("text ", i%7) + "end"
		if i%10 == 3 {
			text = "-"
		} else {
			want = append(want, text)
		}
		texts = append(texts, text)
	}
	path := putParquet(t, filepath.Join(t.TempDir(), "a.parquet"), texts...)
	s := open(t, path)
	if d := cmp.Diff(want, read(t, s)); d != "" {
		t.Error(d)
	}
	body, err := Open(t.Context(), Spec{Source: path, Field: "body"})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, body); len(got) != 500 || got[499] != "body of "+texts[499] {
		t.Errorf("%d documents of another column", len(got))
	}
	for range s.Documents(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Documents(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
	}
	for field, want := range map[string]string{"none": `there is no column "none"; there are "text", "body"`, "id": "not strings"} {
		s, err := Open(t.Context(), Spec{Source: path, Field: field})
		if err != nil {
			t.Fatal(err)
		}
		if err := failure(t, s); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", field, err, want)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, contents := range map[string][]byte{
		"truncated": whole[:len(whole)-20], "no parquet": []byte("this is a text, not Parquet"), "short": []byte("PAR1"),
		"damaged": append(append([]byte{}, whole[:len(whole)/2]...), append(make([]byte, 100), whole[len(whole)/2+100:]...)...),
	} {
		if err := os.WriteFile(path, contents, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := failure(t, open(t, path)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParquetTypes checks that only columns of strings are accepted.
func TestParquetTypes(t *testing.T) {
	type types struct {
		Text    string             `parquet:"text"`
		Bytes   []byte             `parquet:"bytes"`
		Picture []byte             `parquet:"picture"`
		JSON    string             `parquet:"json,json"`
		Enum    string             `parquet:"enum,enum"`
		Decimal int64              `parquet:"decimal,decimal(2:12)"`
		Fixed   [4]byte            `parquet:"fixed"`
		List    []string           `parquet:"list,list"`
		Repeats []string           `parquet:"repeats"`
		Struct  struct{ A string } `parquet:"struct"`
		Map     map[string]string  `parquet:"map"`
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	rows := []types{{Text: "a", Bytes: []byte("ä"), Picture: []byte("GIF"), List: []string{"x"}}, {Text: "\xff", Bytes: []byte("b"), Picture: []byte{0xFF, 0xD8}}}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string][]string{"text": {"a", "\uFFFD"}, "bytes": {"ä", "b"}} {
		s, err := Open(t.Context(), Spec{Source: path, Field: field})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, read(t, s)); d != "" {
			t.Errorf("%s: %s", field, d)
		}
	}
	const others = `, not strings; there are "text", "bytes", "picture": name`
	others2 := strings.Replace(others, `"text", "bytes", "picture"`, `"bytes", "picture", "text"`, 1)
	for field, want := range map[string]string{
		"picture": `row 2 of the column "picture" is not UTF-8`,
		"json":    "holds values of type JSON", "enum": "holds values of type ENUM", "decimal": "holds values of type DECIMAL",
		"fixed": "holds values of type FIXED_LEN_BYTE_ARRAY", "list": "holds a list", "repeats": "holds a list",
		"struct": "holds a struct", "map": "holds a map",
	} {
		s, err := Open(t.Context(), Spec{Source: path, Field: field})
		if err != nil {
			t.Fatal(err)
		}
		err = failure(t, s)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", field, err, want)
		} else if field != "picture" && !strings.Contains(err.Error(), others) && !strings.Contains(err.Error(), others2) {
			t.Errorf("%s: %v", field, err)
		}
	}
	// A decimal may be stored as bytes.
	schema := parquet.NewSchema("row", parquet.Group{"text": parquet.Decimal(2, 9, parquet.ByteArrayType)})
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewWriter(f, schema)
	_, err = w.WriteRows([]parquet.Row{{parquet.ByteArrayValue([]byte("12")).Level(0, 0, 0)}})
	if err := errors.Join(err, w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if err := failure(t, open(t, path)); err == nil || !strings.Contains(err.Error(), "DECIMAL") {
		t.Errorf("decimal bytes: %v", err)
	}
}

// TestParquetReference reads a file that pyarrow wrote (testdata/parquet.py).
func TestParquetReference(t *testing.T) {
	want := []string{"first", "Schrödinger's cat\n\nand its dog", "first", "日本語"}
	if d := cmp.Diff(want, read(t, open(t, "testdata/pyarrow.parquet"))); d != "" {
		t.Error(d)
	}
}

func FuzzParquet(f *testing.F) {
	whole, err := os.ReadFile("testdata/pyarrow.parquet")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, contents []byte) {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, contents, 0o666); err != nil {
			t.Fatal(err)
		}
		_, _ = readParquet(t.Context(), path, "text", func(string) bool { return true })
	})
}

func FuzzJSONLines(f *testing.F) {
	f.Add("{\"text\":\"a\"}\n\n{\"text\":null}\r\n{\"x\":1,\"text\":\"\\ud800\"}")
	f.Add("\uFEFF{}")
	f.Fuzz(func(t *testing.T, contents string) {
		_, _ = readJSONLines(t.Context(), strings.NewReader(contents), "text", func(text string) bool {
			if strings.TrimSpace(text) == "" || strings.ToValidUTF8(text, "") != text {
				t.Errorf("%q", text)
			}
			return true
		})
	})
}

func FuzzText(f *testing.F) {
	f.Add("a\n\nb\r\n \r\nc\xff")
	f.Fuzz(func(t *testing.T, contents string) {
		_, err := readText(t.Context(), strings.NewReader(contents), func(text string) bool {
			if text == "" || strings.ToValidUTF8(text, "") != text {
				t.Errorf("%q", text)
			}
			return true
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkJSONLines(b *testing.B) {
	line := `{"id":"https://example.org/1","url":"https://example.org","text":"` + strings.Repeat(`some words of text, \"quoted\" and\nbroken `, 40) + `","score":0.5}` + "\n"
	text := strings.Repeat(line, 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_, err := readJSONLines(b.Context(), strings.NewReader(text), "text", func(string) bool { return true })
		if err != nil {
			b.Fatal(err)
		}
	}
}
