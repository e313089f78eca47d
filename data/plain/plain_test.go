package plain

import "testing"

func TestNames(t *testing.T) {
	for name, want := range map[string][2]bool{ // a name, the name of a directory
		"quick":           {true, true},
		"my study 2":      {true, true},
		"größer-例":        {true, true},
		"-n":              {true, true},
		"50%[a]":          {true, true},
		"":                {},
		" a":              {},
		"a\n":             {},
		"a\x1b[31mred":    {},
		"a\u202etxt":      {},
		"a\xffb":          {},
		"a\u00a0b":        {},
		"..":              {true, false},
		".hidden":         {true, false},
		"a/b":             {true, false},
		"../a":            {true, false},
		"a/":              {true, false},
		"in-place 3 (at)": {true, true},
	} {
		if got := [2]bool{CheckName(name) == nil, CheckDirName(name) == nil}; got != want {
			t.Errorf("%q: %v, want %v; %v", name, got, want, CheckDirName(name))
		}
	}
}

func TestMessage(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\r\nc\u00a0größer": "a\tb\r\nc\u00a0größer",
		"a\x1b[31mred":          `a\x1b[31mred`,
		"a\u202etxt":            `a\u202etxt`,
		"a\xffb\ufffd":          "a\\xffb\ufffd",
		"a\x00\u0085":           `a\x00\u0085`,
		"":                      "",
	} {
		if got := Message(text); got != want || !IsMessage(got) || IsMessage(text) != (text == want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
