package readme

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	number = regexp.MustCompile(`[-+]?[0-9][0-9.,]*`)
	spaces = regexp.MustCompile(`\s+`)
)

// sameShape compares what a command printed with what the document shows: the first
// line of each paragraph must be there, in order, with any numbers and distances.
// The lines between differ from machine to machine.
func sameShape(shown, printed string) error {
	rest := strings.Split(printed, "\n")
	first := true
	for line := range strings.Lines(shown) {
		begins := first
		first = strings.TrimSpace(line) == ""
		if !begins || first {
			continue
		}
		want := shape(line)
		for len(rest) > 0 && shape(rest[0]) != want {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return fmt.Errorf("it does not print the line %q, which the document shows", strings.TrimSpace(line))
		}
		rest = rest[1:]
	}
	return nil
}

func shape(line string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(number.ReplaceAllString(line, "0"), " "))
}
