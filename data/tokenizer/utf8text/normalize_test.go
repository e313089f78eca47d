package utf8text_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// TestNormalize compares every character with testdata/normal.py.
func TestNormalize(t *testing.T) {
	// sha256sum of the output of testdata/normal.py.
	const want = "d68bbfcdbec3d14fcaae435adaac438f1c8702d72a1c319d7c92279404f75651"
	hash := sha256.New()
	codes := func(text string) string {
		var all []string
		for _, r := range text {
			all = append(all, fmt.Sprintf("%x", r))
		}
		return strings.Join(all, " ")
	}
	for _, f := range []struct {
		name string
		form norm.Form
	}{{"NFC", norm.NFC}, {"NFD", norm.NFD}, {"NFKC", norm.NFKC}, {"NFKD", norm.NFKD}} {
		for c := rune(0x80); c <= utf8.MaxRune; c++ {
			if c == 0xD800 {
				c = 0xE000 // no others are assigned
			} else if c == 0x34000 {
				c = 0xE0000
			} else if c == 0xE0200 {
				break
			}
			text := "e\u0345" + string(c) + "\u0301" + string(c) + "\u0323"
			if normal := utf8text.Normalize(f.form, text); normal != text {
				fmt.Fprintf(hash, "%s %x %s\n", f.name, c, codes(normal))
			}
		}
		for _, marks := range []string{"\u0301\u0323\u031b\u0345", "\u0323\u031b\u0345", "\u031b\u0345", "\u0345", "\u0f73", "\uff9e\u0f81", "\u0898\u0301"} {
			for n := range 70 {
				text := "o" + strings.Repeat(marks, n) + "\u0344\u3099"
				fmt.Fprintf(hash, "%s %s\n", f.name, codes(utf8text.Normalize(f.form, text)))
			}
		}
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s: compare with testdata/normal.py", got, want)
	}
}

// TestClasses compares every character with testdata/classes.py.
func TestClasses(t *testing.T) {
	// sha256sum of the output of testdata/classes.py.
	const want = "8127b79a3aa7aef8e12aa47f5da562133688daf0c487df8c3e0fd64778bc0f26"
	hash := sha256.New()
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if !utf8.ValidRune(c) {
			continue
		}
		if utf8text.StripAccents("a"+string(c)+"b") == "ab" {
			fmt.Fprintf(hash, "accent %x\n", c)
		}
		if utf8text.IsPunctuation(c) {
			fmt.Fprintf(hash, "punctuation %x\n", c)
		}
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s: compare with testdata/classes.py", got, want)
	}
}

func ExampleNormalize() {
	fmt.Println(utf8text.Normalize(norm.NFKC, "ﬁne e\u0301"))
	fmt.Println(utf8text.StripAccents(utf8text.Normalize(norm.NFD, "naïve café")))
	// Output:
	// fine é
	// naive cafe
}
