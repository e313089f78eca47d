package bpe

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// ranges writes the ranges of characters of which in holds.
func ranges(w io.Writer, name string, in func(rune) bool) {
	fmt.Fprint(w, name)
	start := rune(-1)
	surrogate := func(r rune) bool { return 0xD800 <= r && r < 0xE000 }
	for r := rune(0); r <= utf8.MaxRune+1; r++ {
		is := r <= utf8.MaxRune && !surrogate(r) && in(r)
		if is && start < 0 {
			start = r
		}
		if !is && start >= 0 {
			fmt.Fprintf(w, " %x-%x", start, r-1)
			start = -1
		}
	}
	fmt.Fprintln(w)
}

// TestClasses compares every property of every character with testdata/classes.py.
func TestClasses(t *testing.T) {
	// sha256sum of the output of testdata/classes.py.
	const want = "c2603a8eff29b46bf4774e61d6b7c7dcbac6d673bfde17aefc033da082da560e"
	hash := sha256.New()
	for _, name := range strings.Fields("L Lu Ll Lt Lm Lo M Mn Mc N Nd Nl No P S Han Hiragana Katakana Hangul Latin Cyrillic Arabic Thai Greek Hebrew") {
		ranges(hash, name, property(name).contains)
	}
	for _, pattern := range []string{`\s`, `\d`, `.`, "(?i:s)", "(?i:k)"} {
		match, err := compilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		ranges(hash, pattern, func(r rune) bool { return len(found(match, string(r))) > 0 })
	}
	ranges(hash, "(?i:[a-z])", func(r rune) bool {
		return 'a' <= r|0x20 && r|0x20 <= 'z' || r == 'ſ' || r == '\u212A'
	})
	cut := digitsCutter(true)
	ranges(hash, "Digits", func(r rune) bool {
		n := 0
		cut("a"+string(r), func(string) { n++ })
		return n == 2
	})
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s: compare with testdata/classes.py", got, want)
	}
	classes := characterClasses()
	l, n, s := property("L"), property("N"), spaces()
	for r, c := range classes {
		if (c == letter) != l.contains(rune(r)) || (c == number) != n.contains(rune(r)) || (c == space) != s.contains(rune(r)) {
			t.Fatalf("%U is of class %d", r, c)
		}
	}
}
