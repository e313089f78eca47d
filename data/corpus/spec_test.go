package corpus

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpecJSON(t *testing.T) {
	for text, want := range map[string]Spec{
		`"go"`: {Source: "go"},
		`{"source":"a.jsonl","field":"body","clean":{"normalization":"NFC"}}`: {Source: "a.jsonl", Field: "body", Clean: Cleaning{Normalization: "NFC"}},
		`{"source":"hf:a/b","config":"en","split":"test","revision":"v1"}`:    {Source: "hf:a/b", Config: "en", Split: "test", Revision: "v1"},
	} {
		var got Spec
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if back, err := json.Marshal(got); err != nil || string(back) != text {
			t.Errorf("%s became %s, %v", text, back, err)
		}
	}
	for _, text := range []string{`3`, `{"sauce":"go"}`, `["go"]`, `{"clean":{"x":1}}`} {
		var s Spec
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("%s was read as %+v", text, s)
		}
	}
}

func TestSpecValidate(t *testing.T) {
	for _, s := range []Spec{
		{Source: "go"}, {Source: "a.txt,b.txt"}, {Source: "a.jsonl", Field: "text", License: "CC0"},
		{Source: "hf:imdb"}, {Source: "hf:a/b", Config: "c", Split: "test", Revision: "refs/convert/parquet"}, {Source: "hf:./a", Config: "c"},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for want, s := range map[string]Spec{
		"no corpus is given":                 {},
		"config":                             {Source: "a.txt", Config: "c"},
		"split":                              {Source: "go", Split: "test"},
		"revision":                           {Source: "hf:./a", Revision: "main"},
		"license":                            {Source: "go", License: "CC0"},
		"field":                              {Source: "go", Field: "text"},
		"is not the name of a dataset":       {Source: "hf:a/b/c"},
		`"hf:" is not the name of a dataset`: {Source: "hf:"},
		"is not a valid name":                {Source: "hf:a/b", Config: "../x"},
		"normalization form":                 {Source: "go", Clean: Cleaning{Normalization: "NFX"}},
		"must not be negative":               {Source: "go", Clean: Cleaning{MinCharacters: -1}},
	} {
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	if _, err := Open(t.Context(), Spec{Source: put(t, t.TempDir(), "a.txt", "text"), Field: "body"}); err == nil || !strings.Contains(err.Error(), "plain text") {
		t.Errorf("a field of plain text: %v", err)
	}
}

func TestCleaning(t *testing.T) {
	path := put(t, t.TempDir(), "a.txt", "ﬁne  text\n\nfine text\n\nno\n\ncafe\u0301 \t au\n lait")
	for _, c := range []struct {
		clean Cleaning
		want  []string
	}{
		{Cleaning{}, []string{"ﬁne  text", "fine text", "no", "cafe\u0301 \t au\n lait"}},
		{Cleaning{Normalization: "NFC"}, []string{"ﬁne  text", "fine text", "no", "café \t au\n lait"}},
		{Cleaning{Normalization: "NFKC", CollapseSpace: true, DropDuplicates: true}, []string{"fine text", "no", "café au\nlait"}},
		{Cleaning{MinCharacters: 9}, []string{"ﬁne  text", "fine text", "cafe\u0301 \t au\n lait"}},
	} {
		s, err := Open(t.Context(), Spec{Source: path, Clean: c.clean})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // each pass finds duplicates independently
			if d := cmp.Diff(c.want, read(t, s)); d != "" {
				t.Errorf("%+v: %s", c.clean, d)
			}
		}
		plain, err := open(t, path).Stamp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stamp, err := s.Stamp(t.Context()); err != nil || (stamp == plain) != (c.clean == Cleaning{}) {
			t.Errorf("%+v: the stamp is %q, %v", c.clean, stamp, err)
		}
	}
	s, err := Open(t.Context(), Spec{Source: path, Clean: Cleaning{MinCharacters: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Documents(t.Context()) {
		if err == nil || !strings.Contains(err.Error(), "cleaning removes all text") {
			t.Error(err)
		}
	}
}

func TestCollapse(t *testing.T) {
	for in, want := range map[string]string{"": "", " \n ": "", "a": "a", " a  b\u00a0c\t\n\n d ": "a b c\nd"} {
		if got := collapse(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
