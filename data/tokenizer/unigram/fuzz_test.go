package unigram

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// checkEncoding checks what holds for every model and text.
func checkEncoding(t *testing.T, m *Model, text string) {
	e := m.NewEncoder()
	ids := e.Encode(nil, text)
	for _, id := range ids {
		if id < 0 || int(id) >= m.Size() {
			t.Fatalf("id %d of %d", id, m.Size())
		}
	}
	if again := e.Encode([]int32{7}, text); again[0] != 7 || !slices.Equal(again[1:], ids) {
		t.Fatalf("the second time the ids are %v, not %v", again, ids)
	}
	if m.file == nil {
		if want := whole(m, text); !slices.Equal(ids, want) {
			t.Fatalf("the ids are %v, of the whole text %v", ids, want)
		}
	}
	m.Decode(tokens(m, ids))
}

// FuzzParseModel checks that no file makes ParseModel, Encode or Decode panic,
// and that a file that was read is written as one that reads the same.
func FuzzParseModel(f *testing.F) {
	for _, name := range []string{"plain", "bytes", "loose", "across", "suffix"} {
		data, err := os.ReadFile("testdata/" + name + ".model")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "a b  c ☃ \xff é")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		m, err := ParseModel(data)
		if err != nil {
			return
		}
		written := m.Marshal()
		again, err := ParseModel(written)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !bytes.Equal(written, again.Marshal()) {
			t.Fatal("what was written changes when it is read")
		}
		checkEncoding(t, m, text)
	})
}

// FuzzEncode checks that cutting a text into words and caching them changes
// nothing, and that the pieces of a text stand for it.
func FuzzEncode(f *testing.F) {
	all := []*Model{}
	for _, name := range []string{"plain", "bytes", "loose", "across", "suffix"} {
		all = append(all, readModel(f, "testdata/"+name+".model"))
	}
	for _, text := range []string{"", " a  b ", "the theatre of a of▁a <sep>", "a\x00b\xff", "е\u0301 ☃☃ ☃", "\u00ad \u00ad▁ ▁"} {
		f.Add(text, uint16(1))
	}
	f.Add(strings.Repeat("of the ", 20), uint16(3000))
	f.Fuzz(func(t *testing.T, text string, repeat uint16) {
		if n := int(repeat) % 4096; n > 1 && n*len(text) < 1<<14 {
			text = strings.Repeat(text, n)
		}
		for _, m := range all {
			checkEncoding(t, m, text)
		}
	})
}
