package strictjson_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/filetype"
	"github.com/landscape-aware/growing/data/strictjson"
)

// goWords are words of Go's JSON package that say nothing to the author of a file.
var goWords = regexp.MustCompile(`json\.|Go (struct|value)|float64|float32|\bu?int(8|16|32|64)?\b|unmarshal|\bmap\[|RawMessage|strictjson_test`)

func TestUnmarshal(t *testing.T) {
	type inner struct {
		Small int8    `json:"small"`
		Rates []int   `json:"rates"`
		Rate  float64 `json:"rate"`
		Yes   bool    `json:"yes"`
	}
	type outer struct {
		Hidden int              `json:"hidden"`
		Count  uint             `json:"count"`
		Inner  inner            `json:"inner"`
		Map    map[string]inner `json:"map"`
	}
	for text, want := range map[string]string{
		`{"hidden": 64.5}`: `the field "hidden" is the number 64.5, but must be a whole number in digits`,
		`{"hidden": 1e3}`:  `the field "hidden" is the number 1e3, but must be a whole number in digits`,
		`{"count": -1}`:    `the field "count" is the number -1, which is out of range`,
		"{\n\"hidden\": 1,\n \"inner\": {\"small\": 300}}": `line 3, column 23: the field "inner.small" is the number 300, which is out of range`,
		`{"inner": {"rate": 1e400}}`:                       `the field "inner.rate" is the number 1e400, which is out of range`,
		`{"inner": {"rates": [1, "2"]}}`:                   `a value in the field "inner.rates" is a text, but must be a whole number in digits`,
		`{"inner": {"yes": "true"}}`:                       `the field "inner.yes" is a text, but must be true or false`,
		`{"map": {"a": [1]}}`:                              `is a list, but must be an object`,
		`[1]`:                                              "it is a list, but must be an object",
		"{\n  \"hidden\": 1,\n  \"é\": 2, hidden\n}":       `line 3, column 11: it is not JSON: invalid character 'h'`,
		`{"hidden": NaN}`:                                  `column 12: it is not JSON: invalid character 'N'`,
		"{\"hidden\": 1":                                   "unexpected end",
		" \n":                                              "it is empty",
		"version https://git-lfs.github.com/spec/v1\noid 1\n": "Git LFS pointer",
	} {
		var o outer
		err := strictjson.Unmarshal([]byte(text), &o)
		if err == nil || !strings.Contains(err.Error(), want) || goWords.MatchString(err.Error()) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if pointer := strings.HasPrefix(text, "version"); errors.Is(err, filetype.ErrPointer) != pointer {
			t.Errorf("%q: a pointer is %t", text, !pointer)
		}
	}
	var o outer
	if err := strictjson.Unmarshal([]byte(`{"hidden": 64.0, "count": 3.00, "inner": {"small": -7.0, "rates": [1.0, 2, 3.0], "rate": 2.0}, "map": {"a": {"small": 5.0}}}`), &o); err != nil {
		t.Fatal(err)
	}
	if o.Hidden != 64 || o.Count != 3 || o.Inner.Small != -7 || len(o.Inner.Rates) != 3 || o.Inner.Rates[2] != 3 || o.Inner.Rate != 2 || o.Map["a"].Small != 5 {
		t.Errorf("%+v", o)
	}
	var s Size
	if err := strictjson.Decode([]byte(`{"layers": 64.0, "rate": 1}`), &s); err != nil || s.Layers != 64 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := strictjson.Decode([]byte(`{"layers": 64.25}`), &s); err == nil || goWords.MatchString(err.Error()) {
		t.Error(err)
	}
}
