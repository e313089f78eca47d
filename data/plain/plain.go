// Package plain is about texts for people: names that they choose and messages are
// checked, numbers are written with their nouns, and words quoted for a shell.
package plain

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsText reports whether s is valid UTF-8 of printable characters and spaces.
// Line breaks, escape codes of terminals and marks that change the direction of
// writing are not.
func IsText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// IsMessage is [IsText] for messages of programs, which have several lines, tabs
// and spaces of all kinds.
func IsMessage(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !inMessage(r) })
}

func inMessage(r rune) bool { return unicode.IsGraphic(r) || r == '\n' || r == '\t' || r == '\r' }

// Message returns s as an [IsMessage]: other characters are written as in a
// string of Go, such as \x1b.
func Message(s string) string {
	if IsMessage(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case inMessage(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// CheckName returns an error if name is empty, has unprintable characters, or
// has spaces around it.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty: choose one")
	case strings.TrimSpace(name) != name || !IsText(name):
		return fmt.Errorf("name %q has unprintable characters or surrounding spaces: choose a plain name", name)
	}
	return nil
}

// CheckDirName is [CheckName] for the name of a directory, which must also be
// one element of a path and not hidden.
func CheckDirName(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("name %q has a slash or begins with a dot: choose one that can name a directory", name)
	}
	return nil
}
