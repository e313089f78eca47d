package kernelspec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	pitch    = 12.5 // from one letter to the next
	baseline = 45.5 // top of the letters
	middle   = 32.0
)

var command = regexp.MustCompile(`[MLHVCZ]|[0-9.]+`)

// letters returns the path of a word in the lower part of an icon, centered.
func letters(word string) string {
	left := middle - (float64(len(word)-1)*pitch+9)/2
	var path strings.Builder
	for i, r := range word {
		x := left + float64(i)*pitch
		verb, horizontal := "", true
		for _, token := range command.FindAllString(glyphs[r], -1) {
			n, err := strconv.ParseFloat(token, 64)
			if err != nil {
				verb, horizontal = token, true
				path.WriteString(verb)
				continue
			}
			switch {
			case verb == "H" || verb != "V" && horizontal:
				fmt.Fprintf(&path, "%.4g ", x+n)
			default:
				fmt.Fprintf(&path, "%.4g ", baseline+n)
			}
			horizontal = !horizontal
		}
	}
	return strings.TrimSpace(path.String())
}

// glyphs are the letters of icons, as strokes in a box of 9 by 12: fonts differ
// between machines.
var glyphs = map[rune]string{
	'A': "M0 12L4.5 0L9 12M1.7 8H7.3",
	'C': "M9 2.5C8 .8 6.5 0 4.7 0C1.8 0 0 2.5 0 6C0 9.5 1.8 12 4.7 12C6.5 12 8 11.2 9 9.5",
	'D': "M0 0V12H3.5C7 12 9 9.8 9 6C9 2.2 7 0 3.5 0Z",
	'G': "M9 2.5C8 .8 6.5 0 4.7 0C1.8 0 0 2.5 0 6C0 9.5 1.8 12 4.7 12C7.4 12 9 10.5 9 6.8H5",
	'P': "M0 12V0H5C7.5 0 9 1.3 9 3.4C9 5.5 7.5 6.8 5 6.8H0",
	'T': "M0 0H9M4.5 0V12",
	'U': "M0 0V7.5C0 10.4 1.7 12 4.5 12C7.3 12 9 10.4 9 7.5V0",
	'o': "M4.5 4.5C2 4.5 .6 6 .6 8.25C.6 10.5 2 12 4.5 12C7 12 8.4 10.5 8.4 8.25C8.4 6 7 4.5 4.5 4.5Z",
}
