package unigram

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestNMTNFKCRules checks that nmt_nfkc.gz holds the rules that sentencepiece's
// builder makes of the Unicode tables of golang.org/x/text.
func TestNMTNFKCRules(t *testing.T) {
	if norm.Version != "15.0.0" {
		t.Skipf("x/text has Unicode %s, and nmt_nfkc.gz is of 15.0.0", norm.Version)
	}
	c, err := nmtNFKC()
	if err != nil {
		t.Fatal(err)
	}
	rules := nfkcRules()
	mergeNMT(rules)
	if got, want := c.rules(), removeRedundant(rules); !maps.Equal(got, want) {
		t.Errorf("%d rules, which differ from the %d that are made", len(got), len(want))
	}
}

// nfkcRules returns rules that normalize characters, and sequences of them that
// compose, to NFKC: sentencepiece's Builder::BuildNFKCMap.
func nfkcRules() map[string]string {
	rules := make(map[string]string)
	sources := make(map[rune][]rune)        // other characters that decompose to one
	decomposed := make(map[string]struct{}) // what characters decompose to that are more than one
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		if hangul := 0xAC00 <= r && r <= 0xD7A3; !hangul && norm.NFKD.PropertiesString(s).Decomposition() == nil {
			continue
		}
		if to := norm.NFKC.String(s); to != s {
			rules[s] = to
		}
		if to := norm.NFKD.String(s); utf8.RuneCountInString(to) == 1 {
			c, _ := utf8.DecodeRuneInString(to)
			sources[c] = append(sources[c], r)
		} else {
			decomposed[to] = struct{}{}
		}
	}
	for nfkd := range decomposed {
		nfkc := norm.NFKC.String(nfkd)
		if nfkc == nfkd {
			continue // covered by the rules of single characters
		}
		// Every sequence of characters that decompose to nfkd.
		from := []string{""}
		for _, c := range nfkd {
			var longer []string
			for _, prefix := range from {
				longer = append(longer, prefix+string(c))
				for _, r := range sources[c] {
					longer = append(longer, prefix+string(r))
				}
			}
			from = longer
		}
		for _, s := range from {
			if s != nfkc {
				rules[s] = nfkc
			}
		}
	}
	return removeRedundant(rules)
}

// mergeNMT adds the rules of sentencepiece's Builder::MergeNmtMap.
func mergeNMT(rules map[string]string) {
	for _, r := range []rune{
		'\t', '\n', '\f', '\r',
		0x061C,                         // Arabic letter mark
		0x1680,                         // Ogham space mark
		0x200B, 0x200C, 0x200E, 0x200F, // zero width space, non-joiner; direction marks
		0x2028, 0x2029, // line and paragraph separator
		0x2581, // how a space is written in pieces
		0xFEFF, // byte order mark
		0xFFFD, // replacement character
	} {
		rules[string(r)] = " "
	}
	for r := rune(1); r < ' '; r++ {
		if !strings.ContainsRune("\t\n\f\r", r) {
			rules[string(r)] = ""
		}
	}
	for _, r := range []rune{0x7F, 0x8F, 0x9F} {
		rules[string(r)] = ""
	}
	delete(rules, "～") // the full-width tilde, which differs in use from the half-width one
}

// removeRedundant returns the rules without those that shorter ones make
// unnecessary.
func removeRedundant(rules map[string]string) map[string]string {
	byLength := make(map[int][]string)
	longest := 0
	for from := range rules {
		n := utf8.RuneCountInString(from)
		byLength[n] = append(byLength[n], from)
		longest = max(longest, n)
	}
	kept := make(map[string]string, len(byLength[1]))
	for _, from := range byLength[1] {
		kept[from] = rules[from]
	}
	for n := 2; n <= longest; n++ {
		for _, from := range byLength[n] {
			if applyRules(kept, from, n-1) != rules[from] {
				kept[from] = rules[from]
			}
		}
	}
	return kept
}

// applyRules normalizes text by the longest rules of at most limit characters.
func applyRules(rules map[string]string, text string, limit int) string {
	var out strings.Builder
next:
	for len(text) > 0 {
		ends := make([]int, 0, 8)
		for i, r := range text {
			if len(ends) == limit {
				break
			}
			ends = append(ends, i+utf8.RuneLen(r))
		}
		for _, end := range slices.Backward(ends) {
			if to, ok := rules[text[:end]]; ok {
				out.WriteString(to)
				text = text[end:]
				continue next
			}
		}
		out.WriteString(text[:ends[0]])
		text = text[ends[0]:]
	}
	return out.String()
}

// rules returns the rules of a charsmap, the inverse of compileCharsmap.
func (c *charsmap) rules() map[string]string {
	rules := make(map[string]string)
	var walk func(base uint32, key []byte)
	walk = func(base uint32, key []byte) {
		for b := 1; b < 256; b++ {
			child, unit, ok := c.trie.step(base, byte(b))
			if !ok || len(key) > 64 {
				continue
			}
			longer := append(key, byte(b))
			if unit&trieEnds != 0 {
				to := c.blob[c.trie.value(child):]
				rules[string(longer)] = to[:strings.IndexByte(to, 0)]
			}
			walk(child, longer)
		}
	}
	walk(c.trie.root(), nil)
	return rules
}
