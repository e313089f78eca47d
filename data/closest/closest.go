// Package closest finds the name that was meant by a mistyped one.
package closest

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the name that a word most likely means: the one with the fewest
// letters to change, if these are at most a third of the word's, rounded up, or
// else the first that begins with the word. It returns false if there is
// none. Capital letters do not matter.
func Name[S ~string](word S, names []S) (name S, ok bool) {
	lower := strings.ToLower(string(word))
	best := (len(lower)+2)/3 + 1
	for _, n := range names {
		if d := levenshtein.ComputeDistance(lower, strings.ToLower(string(n))); d < best && d < len(lower) {
			name, best, ok = n, d, true
		}
	}
	if ok || len(lower) < 3 {
		return name, ok
	}
	for _, n := range names {
		if strings.HasPrefix(strings.ToLower(string(n)), lower) {
			return n, true
		}
	}
	return name, false
}

// Hint returns text for an error about a word that is none of the names, such as
// ` (did you mean "quick"?)`, or "" if none is close.
func Hint[S ~string](word S, names []S) string {
	name, ok := Name(word, names)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", name)
}
