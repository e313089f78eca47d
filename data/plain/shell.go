package plain

import (
	"strings"
	"unicode"
)

// Quoted returns a word as a shell reads it back: in quotes, unless all of its
// characters are letters, digits and others that a POSIX shell does not treat
// specially.
func Quoted(word string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./=:,+@%", r)
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
