package tokenizer

import (
	"fmt"
	"strings"
	"testing"
)

// withSection returns a unigram tokenizer.json with one of its sections.
func withSection(name, section string) string {
	return fmt.Sprintf(`{%q: %s, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["▁", -2]]}}`, name, section)
}

// steps returns a sequence of n equal components.
func steps(kind string, n int, component string) string {
	return fmt.Sprintf(`{"type": "Sequence", %q: [%s]}`, kind, strings.TrimSuffix(strings.Repeat(component+",", n), ","))
}

// TestBounds refuses files that would make of a short text one of any length, or take
// memory or time that does not depend on the text, and names what asks for it.
func TestBounds(t *testing.T) {
	const (
		double    = `{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}`
		half      = `{"type": "Replace", "pattern": {"String": "aa"}, "content": "a"}`
		doubleAny = `{"type": "Replace", "pattern": {"Regex": "a{2,}"}, "content": "aaaa"}`
		form      = `{"type": "NFKD"}`
	)
	words := string(wordpieces(t, "a").contents())
	for _, c := range []struct{ name, data, want string }{
		{"doubled", withSection("normalizer", steps("normalizers", 34, double)), "step 11, Replace, could make a text 2048 times as long"},
		{"doubled at last", withSection("normalizer", steps("normalizers", 9, double)), ""},
		{"halved", withSection("normalizer", steps("normalizers", 34, half)), ""},
		{"a run doubled", withSection("normalizer", steps("normalizers", 34, doubleAny)), "step 11, Replace"},
		{"nested", withSection("normalizer", strings.Repeat(`{"type": "Sequence", "normalizers": [`+double+",", 34)+double+strings.Repeat("]}", 34)), "limit is 1024"},
		{"normal forms", withSection("normalizer", steps("normalizers", 34, form)), ""},
		{"forms and growth", withSection("normalizer", steps("normalizers", 3, double+","+form)), "step 6, NFKD"},
		{"forms and lower case", withSection("normalizer", steps("normalizers", 9, `{"type": "Lowercase"},`+form)), ""},
		{"nothing replaced", withSection("normalizer", `{"type": "Replace", "pattern": {"Regex": "a{0,2}"}, "content": "b"}`), "not supported"},
		{"before", withSection("normalizer", `{"type": "Prepend", "prepend": "`+strings.Repeat("x", 2000)+`"}`), "2000 bytes before a text"},
		{"decoded", withSection("decoder", steps("decoders", 34, double)), "step 11, Replace, could make a text"},
		{"components", withSection("normalizer", steps("normalizers", 2000, `{"type": "Strip"}`)), "more than 1024 components"},
		{"around", withPost(words, `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"[SEP]"}}],"special_tokens":{"[SEP]":{"ids":[3`+
			strings.Repeat(",3", 2000)+`]}}}`), "2001 tokens around a text"},
		{"long token", strings.Replace(words, `{"id":4,"content":"[MASK]"`, `{"id":6,"content":"`+strings.Repeat("x", 2000)+`"`, 1), "2000 bytes"},
		{"long words", strings.Replace(words, `"max_input_chars_per_word":100`, `"max_input_chars_per_word":100000`, 1), "100000: give 0 to 1000"},
		{"huge id", strings.Replace(words, `{"id":4,"content":"[MASK]"`, `{"id":2147483647,"content":"[NEW]"`, 1), "2147483647"},
		{"wider id", strings.Replace(words, `{"id":4,"content":"[MASK]"`, `{"id":4294967296,"content":"[NEW]"`, 1), "4294967296"},
	} {
		tok, err := Parse([]byte(c.data))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == "":
			tok.Encode(nil, "aaaa a")
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		checkPrefix(t, err)
	}
}

// TestManySpaces finds tokens that take the whitespace after them in much of it.
func TestManySpaces(t *testing.T) {
	m, err := newMatchers([]addedToken{{ID: 1, Content: " ", RStrip: true}}, func(s string) string { return s })
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range m[0].matches(strings.Repeat(" ", 200_000), false) {
		n++
	}
	if n != 200_000 {
		t.Errorf("%d matches", n)
	}
}

// TestLongest finds the longest of added tokens that begin alike.
func TestLongest(t *testing.T) {
	var added []addedToken
	for i, content := range []string{"a", "ab", "abc", "abd", "abcde", "b", "é", "ê", "bcd"} {
		added = append(added, addedToken{ID: int32(i), Content: content})
	}
	m, err := newMatchers(added, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"abcdf": "abc", "abcde": "abcde", "abce": "abc", "abx": "ab", "ax": "a", "b": "b", "bc": "b", "bcdx": "bcd", "ébc": "é", "\xc3": "", "c": "", "abd": "abd",
	} {
		size, at := m[0].longest(text)
		if text[:size] != want || size > 0 && m[0].tokens[at].Content != want {
			t.Errorf("%q: %q, want %q", text, text[:size], want)
		}
	}
}
