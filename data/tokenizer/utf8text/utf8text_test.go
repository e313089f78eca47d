package utf8text_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// TestRepair compares with Python; testdata/repair.py makes the cases.
func TestRepair(t *testing.T) {
	data, err := os.ReadFile("testdata/repair.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases          map[string]string
		Choice, SHA256 string
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for code, want := range file.Cases {
		text, err := hex.DecodeString(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := utf8text.Repair(string(text)); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}

	choice, err := hex.DecodeString(file.Choice)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	var all func(prefix string, n int)
	all = func(prefix string, n int) {
		if n == 0 {
			fmt.Fprintf(hash, "%s\n", utf8text.Repair(prefix))
			return
		}
		for _, c := range choice {
			all(prefix+string([]byte{c}), n-1)
		}
	}
	for n := range 5 {
		all("", n)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != file.SHA256 {
		t.Errorf("sha256 of all short sequences: %s, want %s", got, file.SHA256)
	}
}

// TestLower compares every character with Hugging Face's Lowercase.
func TestLower(t *testing.T) {
	// sha256sum of the output of testdata/lower.py.
	const want = "ff9f50a5ebe7a6c949917f52eb214151b0751a65c2afb68b2a45bbd929ccdad4"
	hash := sha256.New()
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if !utf8.ValidRune(c) {
			continue
		}
		lower := utf8text.Lower(string(c))
		if lower == string(c) {
			continue
		}
		var codes []string
		for _, r := range lower {
			codes = append(codes, fmt.Sprintf("%x", r))
		}
		fmt.Fprintf(hash, "%x\t%s\n", c, strings.Join(codes, " "))
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s: compare with testdata/lower.py", got, want)
	}
	if got := utf8text.Lower("no capitals ÄÖ"); got != "no capitals äö" {
		t.Errorf("got %q", got)
	}
}

func FuzzRepair(f *testing.F) {
	f.Add("a\xe2\x82b")
	f.Add("\xf0\x9f\x98\xed\xa0\x80\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := utf8text.Repair(text)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not valid", got)
		}
		if again := utf8text.Repair(got); again != got {
			t.Fatalf("%q became %q", got, again)
		}
		// What is between invalid bytes stays as it is.
		if strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\uFFFD", "") != strings.ReplaceAll(got, "\uFFFD", "") {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func ExampleRepair() {
	// The euro sign's first two bytes, and a byte that begins nothing.
	fmt.Printf("%+q\n", utf8text.Repair("5 \xe2\x82 or \xff\xff"))
	// Output: "5 \ufffd or \ufffd\ufffd"
}
