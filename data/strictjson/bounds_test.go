package strictjson_test

import (
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/strictjson"
)

// counted counts how often it is decoded.
type counted int

func (c *counted) UnmarshalJSON([]byte) error {
	*c++
	return nil
}

// TestManyWholeNumbers reads many numbers such as 64.0, the text twice at most.
func TestManyWholeNumbers(t *testing.T) {
	var v struct {
		Count  counted `json:"count"`
		Values []int   `json:"values"`
	}
	const n = 2000
	text := `{"count": 0, "values": [` + strings.TrimSuffix(strings.Repeat("-3.00,", n), ",") + `]}`
	if err := strictjson.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if v.Count != 2 || len(v.Values) != n || v.Values[0] != -3 || v.Values[n-1] != -3 {
		t.Errorf("%d numbers, decoded %d times", len(v.Values), v.Count)
	}
}

// TestPlacesAfterWholeNumbers names the place of an error after numbers such as 64.0,
// and changes nothing that looks like them.
func TestPlacesAfterWholeNumbers(t *testing.T) {
	var v struct {
		Whole int     `json:"whole"`
		Text  string  `json:"text"`
		Rate  float64 `json:"rate"`
		Large float64 `json:"large"`
	}
	if err := strictjson.Unmarshal([]byte(`{"text": "1.0 \" 2.0", "whole": 64.000, "rate": 1.05, "large": -2.0e3}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.Whole != 64 || v.Text != `1.0 " 2.0` || v.Rate != 1.05 || v.Large != -2000 {
		t.Errorf("%+v", v)
	}
	for text, want := range map[string]string{
		"{\n\"whole\": 64.000, \"text\": 5}":    `line 2, column 26: the field "text" is a number`,
		"{\n\"whole\": 64.000, \"whole\": 1.5}": `line 2, column 29: the field "whole" is the number 1.5`,
		`{"whole": 64.0, "whole": 1.0e3}`:       `the field "whole" is the number 1.0e3`,
	} {
		if err := strictjson.Unmarshal([]byte(text), &v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestReplaceNotFinite replaces Python's words where they are values, and nothing else.
func TestReplaceNotFinite(t *testing.T) {
	for text, want := range map[string]string{
		`[NaN, -Infinity,Infinity]`: `[<NaN>, <-Infinity>,<Infinity>]`,
		`NaN`:                       `<NaN>`,
		`"NaN \" Infinity" -1 N`:    `"NaN \" Infinity" -1 N`,
		`NaNs xNaN -NaN Infinity1`:  `NaNs xNaN -NaN Infinity1`,
		`"cut off \`:                `"cut off \`,
		`"cut off NaN`:              `"cut off NaN`,
		`{"NaN":NaN}`:               `{"NaN":<NaN>}`,
		``:                          ``,
	} {
		if got := strictjson.ReplaceNotFinite([]byte(text), func(word string) string { return "<" + word + ">" }); string(got) != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if got, want := strictjson.FromPython([]byte(text)), strings.NewReplacer("<NaN>", "null", "<Infinity>", "null", "<-Infinity>", "null").Replace(want); string(got) != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
