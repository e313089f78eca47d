package plain

import (
	"os/exec"
	"testing"
)

// TestQuoted gives words to a shell, which must come back as they are.
func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"runs/quick": "runs/quick", "hf:a/b@1": "hf:a/b@1", "größe": "größe", "": "''",
		"my runs": "'my runs'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "a;b": "'a;b'", "*": "'*'", "~": "'~'", "a\nb": "'a\nb'", `\`: `'\'`,
	} {
		got := Quoted(word)
		if got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
		if _, err := exec.LookPath("sh"); err != nil {
			continue
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+got).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q: a shell reads %q, %v", word, out, err)
		}
	}
}
