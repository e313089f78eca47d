package bpe

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHostilePatterns looks for matches of patterns that take a time that grows with a
// power of the length of the text if every way is tried.
func TestHostilePatterns(t *testing.T) {
	text := strings.Repeat("a", 10_000)
	for _, expression := range []string{
		`a*a*a*a*a*a*a*ab`, `a+?a+?a+?a+?b`, `a{1,200}a{1,200}a{1,200}b`, `(?:a|a|a)(?:a|a|a)a*a*b`, `(?!a+?b)c`, `a++a|a*b`,
		`(?:aa?a?){1,2}a*b`, `a(?=a*a*a*b)`, `(?:aa?){1,3}a*b`,
	} {
		p, err := compilePattern(expression)
		if err != nil {
			t.Fatal(err)
		}
		p.each(text, func(from, to int) { t.Errorf("%s: a match from %d to %d", expression, from, to) })
	}
}

// TestMemoryOfLongTexts looks at what is kept after a long text: not the bits for each of
// its bytes.
func TestMemoryOfLongTexts(t *testing.T) {
	p, err := compilePattern(`(?:a|aa)(?:a|aa)(?:a|aa)b`)
	if err != nil {
		t.Fatal(err)
	}
	for size, wantKept := range map[int]bool{1 << 10: true, 1 << 20: false} {
		var s *search
		for range 100 { // the pool may drop what it is given
			p.each(strings.Repeat("a", size), func(from, to int) { t.Errorf("a match from %d to %d", from, to) })
			if s, _ = p.searches.Get().(*search); s != nil {
				break
			}
		}
		if s == nil {
			t.Fatal("the pool has kept nothing")
		}
		words := 0
		for _, failed := range s.failed {
			words += cap(failed)
		}
		if words > len(s.failed)*maxKept || (words > 0) != wantKept {
			t.Errorf("%d words are kept of a text of %d bytes", words, size)
		}
	}
}

// TestSearch compares matches with Go's package regexp, which searches in another way,
// for patterns that try many ways.
func TestSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, expression := range []string{
		`a*a*b`, `a+?b*?c`, `(?:a|ab)(?:c|bcd)d*`, `[ab]*?b[ab]{1,3}c`, `a{1,3}?[ab]{2,}b|c`, `(?:ab?){1,3}b|[^a]+?a`, `[ab]+[bc]+[ac]+`, `(?:a|)b(?:c|)`, `c(?:|ab)`, `(?:a[bc]*?){2,3}?c`,
	} {
		p, err := compilePattern(expression)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(expression)
		for range 3000 {
			text := make([]byte, rng.IntN(24))
			for i := range text {
				text[i] = "aabbc d"[rng.IntN(7)]
			}
			if diff := cmp.Diff(re.FindAllString(string(text), -1), found(p, string(text))); diff != "" {
				t.Fatalf("%s in %q (-regexp, +ours):\n%s", expression, text, diff)
			}
		}
	}
}
