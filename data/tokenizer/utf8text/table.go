package utf8text

import (
	"strconv"
	"strings"
	"unicode"
)

// Table returns the table of the characters and ranges of characters that are
// listed, in hexadecimal, in ascending order and separated by spaces: "7fd 898-89f".
// It panics if the list cannot be read.
func Table(ranges string) *unicode.RangeTable {
	t := new(unicode.RangeTable)
	for _, r := range strings.Fields(ranges) {
		from, to, ok := strings.Cut(r, "-")
		if !ok {
			to = from
		}
		low, err := strconv.ParseUint(from, 16, 32)
		if err != nil {
			panic(err)
		}
		high, err := strconv.ParseUint(to, 16, 32)
		if err != nil {
			panic(err)
		}
		if high <= 0xFFFF {
			t.R16 = append(t.R16, unicode.Range16{Lo: uint16(low), Hi: uint16(high), Stride: 1})
		} else {
			t.R32 = append(t.R32, unicode.Range32{Lo: uint32(low), Hi: uint32(high), Stride: 1})
		}
	}
	return t
}
