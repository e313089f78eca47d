package filetype

import (
	"bytes"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for head, want := range map[string]Type{
		"":                       {},
		"\x1f":                   {},
		"{\"text\": \"a\"}":      {},
		"\x1f\x8b\x08\x00":       Gzip,
		"\n <!DOCTYPE HTML>\n<h": html,
		"<html lang=en>":         html,
		"<p>text":                {},
		"PK\x03\x04\x14":         zip,
		"\x80\x02}q\x00":         pickle,
		"\x80\x01":               {},
		"\xff\xfea\x00":          UTF16,
		"PAR1\x15":               Parquet,
		"version 2 of the text":  {},
		"version https://git-lfs.github.com/spec/v1\noid sha256:0\n": Pointer,
	} {
		if got := At(bytes.NewReader([]byte(head))); got != want {
			t.Errorf("%q is %+v, want %+v", head, got, want)
		}
		if err := want.Err(); (err == nil) != (want == Type{}) || err != nil && (!strings.HasPrefix(err.Error(), "it is ") || strings.Count(err.Error(), "it is") > 1) {
			t.Errorf("%q: %v", head, err)
		}
	}
}
