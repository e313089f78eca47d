package bpe

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer/vocab"
)

// randomText is made of what the patterns tell apart.
func randomText(rng *rand.Rand, n int) string {
	pool := []string{
		"a", "b", "S", "t", "re", "LL", "é", "ſ", "漢", "1", "2", "½", "٣", ".", "-", "'", "'s", "'VE", "’", " ", " ", "  ",
		"\t", "\r", "\n", "\r\n", "\u00a0", "\u0085", "\u3000", "\u0301", "😀", "\u200d", "\x00",
	}
	var b strings.Builder
	for range n {
		b.WriteString(pool[rng.IntN(len(pool))])
	}
	return b.String()
}

// found returns the matches in text.
func found(m finder, text string) (matches []string) {
	m.each(text, func(start, end int) { matches = append(matches, text[start:end]) })
	return matches
}

// TestScanners compares the scanners with their patterns.
func TestScanners(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, pattern := range []string{PatternGPT2, PatternGPT4, PatternQwen2} {
		scan := newScanner(pattern)
		match, err := compilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for range 4000 {
			text := randomText(rng, rng.IntN(20))
			want, got := found(match, text), found(scan, text)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s: %q (-pattern, +scanner):\n%s", pattern, text, diff)
			}
		}
	}
}

// TestPatterns compares matches with what Oniguruma's documentation says of them.
func TestPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{`a|ab`, "ab", "a"},
		{`a+?b`, "aaab", "aaab"},
		{`a++a|b`, "aaab", "b"},
		{`a*+b`, "aab", "aab"},
		{`a?+a`, "aa", "aa"},
		{`a{2}`, "aaa", "aa"},
		{`a{2,}`, "aaaa", "aaaa"},
		{`a{1,2}`, "aaa", "aa|a"},
		{`a{1,3}?b`, "aab", "aab"},
		{`(?:ab){1,2}`, "ababab", "abab|ab"},
		{`(?:ab)?c`, "abcc", "abc|c"},
		{`(?:ab)??c`, "abc", "abc"},
		{`x(?=y)`, "xyxz", "x"},
		{`x(?!y)`, "xyxz", "x"},
		{`(?i:k)x`, "kxKx\u212Axqx", "kx|Kx|\u212Ax"},
		{`[a\-c]+`, "a-b-c", "a-|-c"},
		{`[^\s\d]+`, "a1 b", "a|b"},
		{`[-a]+`, "a-b", "a-"},
		{`[a[bc]d]+`, "abcde", "abcd"},
		{`[^a[bc]\s]+`, "dabe f", "d|e|f"},
		{`\P{L}`, "a1", "1"},
		{`\S\D`, "1a 2b", "1a|2b"},
		{`[\P{L}]`, "a1", "1"},
		{`.`, "a\n\r", "a|\r"},
		{`一|[一-三]`, "一丁三", "一|丁|三"},
	} {
		match, err := compilePattern(c.pattern)
		if err != nil {
			t.Error(err)
			continue
		}
		got := found(match, c.text)
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s in %q: %q, want %s", c.pattern, c.text, got, c.want)
		}
	}
	for _, pattern := range []string{
		"", "a*", "a|", "(", ")", "a)", "(a", "[", "[]", "[^]", "[a", "[a-", "a{", "a{2", "a{x}", "a{2,1}", "a{0}", "a{9999}",
		"a**", "a{2}+", "a{2}?", "a{2}{3}", "a+*", "+", "*", "?", "^a", "a$", "{", "}", "]", `\`, `\q`, `\1`, `\b`, `\p{}`, `\p{Nope}`, `\p`, `\pL`, `\p{L`,
		"(?<a>b)", "(?#a)", "(?>a)", "(?<=a)b", "(*a)", "(?i)a", "(?:ab)*", "(?:ab)+", "(?:ab){9}", "(?:a*)?b", "(?=a)?b", "[[:alpha:]]",
		"[a&&b]", "[z-a]", "[a-[b]]", "[a-c-e]", `[a-\s]`, "(?i:ß)", "(?i:ss)", "(?i:ﬁ)", "(?i:fi)", "(?i:[a-z])", "(?i:[^a])", `(?i:\p{Lu})`,
		"a\xff", `(?:(?:(?:(?:(?:(?:a{8}b){8}){8}){8}){8}){8}){8}`, "a*a*a*a*a*a*a*a*a*b", strings.Repeat("(", 100), strings.Repeat("[", 100),
	} {
		if _, err := compilePattern(pattern); err == nil {
			t.Errorf("%s: no error", pattern)
		}
	}
}

// naive merges the pair of the lowest rank, the first of several, again and again.
func naive(m *Model, piece string) []int32 {
	var ids []int32
	for i := range len(piece) {
		ids = append(ids, m.bytes[piece[i]])
	}
	for {
		at, least := -1, int32(math.MaxInt32)
		for i := range len(ids) - 1 {
			if rank := m.rank(ids[i], ids[i+1]); rank < least {
				at, least = i, rank
			}
		}
		if at < 0 {
			return ids
		}
		ids[at], _ = m.ID(m.Token(ids[at]) + m.Token(ids[at+1]))
		ids = slices.Delete(ids, at+1, at+2)
	}
}

// TestMerge compares short and long pieces with the simplest algorithm.
func TestMerge(t *testing.T) {
	tokens := make([]string, 0, 300)
	for _, r := range byteRunes {
		tokens = append(tokens, string(r))
	}
	var merges [][2]int32
	rng := rand.New(rand.NewPCG(3, 4))
	letters := []int32{'a', 'b', 'c'}
	seen := make(map[string]bool)
	for len(merges) < 40 {
		pair := [2]int32{letters[rng.IntN(len(letters))], letters[rng.IntN(len(letters))]}
		token := tokens[pair[0]] + tokens[pair[1]]
		if seen[token] || len(token) > 12 {
			continue
		}
		seen[token] = true
		letters = append(letters, int32(len(tokens)))
		tokens = append(tokens, token)
		merges = append(merges, pair)
	}
	// Ranks need not follow the order in which tokens can be made.
	rng.Shuffle(len(merges), func(i, j int) { merges[i], merges[j] = merges[j], merges[i] })
	m, err := newModel(vocab.New(tokens), merges, modelFlags{})
	if err != nil {
		t.Fatal(err)
	}
	var g merger
	for range 1500 {
		piece := make([]byte, 1+rng.IntN(2*maxScan))
		for i := range piece {
			piece[i] = "abcd"[rng.IntN(4)&rng.IntN(4)]
		}
		want := naive(m, string(piece))
		if diff := cmp.Diff(want, g.append(nil, m, string(piece))); diff != "" {
			t.Fatalf("%s (-want, +got):\n%s", piece, diff)
		}
		if diff := cmp.Diff(want, g.appendLong(nil, m, string(piece))); diff != "" {
			t.Fatalf("%s, long (-want, +got):\n%s", piece, diff)
		}
	}
}

// TestCache encodes pieces that come again and displace others.
func TestCache(t *testing.T) {
	m := testModel(t)
	e := m.NewEncoder()
	rng := rand.New(rand.NewPCG(5, 6))
	var g merger
	for range 100000 {
		piece := make([]byte, 1+rng.IntN(24))
		for i := range piece {
			piece[i] = "the \x00"[rng.IntN(5)]
		}
		got := e.piece(nil, string(piece))
		if want := g.append(nil, m, string(piece)); !slices.Equal(want, got) {
			t.Fatalf("%q: %v, want %v", piece, got, want)
		}
	}
}

func testModel(t testing.TB) *Model {
	t.Helper()
	tokens := make([]string, 0, 300)
	for _, r := range byteRunes {
		tokens = append(tokens, string(r))
	}
	tokens = append(tokens, "th", "the", "Ġt", "Ġthe")
	m, err := newModel(vocab.New(tokens), [][2]int32{{'t', 'h'}, {256, 'e'}, {' ', 't'}, {' ', 257}}, modelFlags{})
	if err != nil {
		t.Fatal(err)
	}
	m.cut, err = parsePreTokenizer(json.RawMessage(`{"type":"ByteLevel","add_prefix_space":false}`))
	if err != nil {
		t.Fatal(err)
	}
	m.joined = true
	return m
}

// FuzzPattern compiles any pattern and, where it can, looks for its matches.
func FuzzPattern(f *testing.F) {
	f.Add(PatternGPT2, " it's 12 o'clock!\r\n ")
	f.Add(PatternGPT4, " IT'S 1234 ")
	f.Add(`(?:ab?){1,3}|\d{2,}?\D|e++|[^\s-]{2}(?=t)|\.{2}|(h|t)?e`, "abaab12x..he")
	f.Add(`[\p{Lu}一-龥\-]+(?!\S)`, "AÄ-龥 ")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(text) > 16 || !utf8.ValidString(text) {
			return
		}
		match, err := compilePattern(pattern)
		if err != nil {
			return
		}
		at := 0
		match.each(text, func(start, end int) {
			if start < at || end <= start || end > len(text) || !utf8.ValidString(text[start:end]) {
				t.Fatalf("%s in %q: a match from %d to %d", pattern, text, start, end)
			}
			at = end
		})
	})
}
