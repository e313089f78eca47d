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
	'A': "M0 12L4.500 0L9 12M1.700 8H7.300",
	'C': "M9 2.500C8 .800 6.500 0 4.700 0C1.800 0 0 2.500 0 6C0 9.500 1.800 12 4.700 12C6.500 12 8 11.200 9 9.500",
	'D': "M0 0V12H3.500C7 12 9 9.800 9 6C9 2.200 7 0 3.500 0Z",
	'G': "M9 2.500C8 .800 6.500 0 4.700 0C1.800 0 0 2.500 0 6C0 9.500 1.800 12 4.700 12C7.400 12 9 10.500 9 6.800H5",
	'P': "M0 12V0H5C7.500 0 9 1.300 9 3.400C9 5.500 7.500 6.800 5 6.800H0",
	'T': "M0 0H9M4.500 0V12",
	'U': "M0 0V7.500C0 10.400 1.700 12 4.500 12C7.300 12 9 10.400 9 7.500V0",
	'o': "M4.500 4.500C2 4.500 .600 6 .600 8.250C.600 10.500 2 12 4.500 12C7 12 8.400 10.500 8.400 8.250C8.400 6 7 4.500 4.500 4.500Z",
}
