package vocab

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		section string
		holes   bool
		want    string // part of the error, or the tokens by id
	}{
		{`{"a": 0, "b": 1}`, false, "[a b]"},
		{`{"b": 1, "a": 0.0}`, false, "[a b]"},
		{`{"a": 0, "b": 3, "c": 1}`, true, "[a c  b]"},
		{`{"a": 0, "b": 3, "c": 1}`, false, `token "b" has id 3, but there are 3 tokens, whose ids must be 0 to 2; no token has the id 2`},
		{`{"a": -1, "b": 1}`, false, "no token has the id 0"},
		{`{"a": 0, "b": 0}`, false, `tokens "a" and "b" share the id 0`},
		{`{"": 0}`, false, "the token with id 0 is empty"},
		{`{"a": 2147483648}`, true, `token "a" has id 2147483648`},
		{`{"a": 1000000}`, true, "only 1 tokens"},
		{`["a"]`, false, "must be an object"},
	} {
		v, err := Parse([]byte(c.section), c.holes)
		got := fmt.Sprint(v.Tokens())
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.section, got, c.want)
		}
		if err != nil {
			continue
		}
		again, err := Parse(v.Section(), c.holes)
		if err != nil || fmt.Sprint(again.Tokens()) != got {
			t.Errorf("%s: its section gives %q, %v", c.section, again.Tokens(), err)
		}
	}
}

func TestVocabulary(t *testing.T) {
	v := New([]string{"a", "", "b"})
	if id, ok := v.ID("b"); v.Size() != 3 || id != 2 || !ok || v.Token(1) != "" || v.Token(-1) != "" || v.Token(3) != "" {
		t.Errorf("size %d, b is %d (%v)", v.Size(), id, ok)
	}
	if _, ok := v.ID(""); ok || len(v.IDs()) != 2 {
		t.Errorf("a hole has a token: %v", v.IDs())
	}
}
