package utf8text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// FuzzNormalize compares what x/text makes of a text with normalizeExactly.
func FuzzNormalize(f *testing.F) {
	f.Add("e\u0301\u0323 각 \u1100\u1161\u11a8 ﬁ Å")
	f.Add("o" + strings.Repeat("\u0344\u0898\u0f73", 20))
	f.Add(strings.Repeat("ｶ\uff9e", 5) + strings.Repeat("\uff9e", 40))
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
			var want strings.Builder
			rest := text
			for {
				i := strings.IndexFunc(rest, isNormal)
				if i < 0 {
					break
				}
				_, size := utf8.DecodeRuneInString(rest[i:])
				want.WriteString(normalizeExactly(form, rest[:i]) + rest[i:i+size])
				rest = rest[i+size:]
			}
			want.WriteString(normalizeExactly(form, rest))
			got := Normalize(form, text)
			if got != want.String() {
				t.Fatalf("form %d of %+q: %+q, exactly %+q", form, text, got, want.String())
			}
			if again := Normalize(form, got); again != got {
				t.Fatalf("form %d of %+q: %+q, again %+q", form, text, got, again)
			}
		}
	})
}
