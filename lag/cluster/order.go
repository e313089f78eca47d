package cluster

import (
	"cmp"
	"regexp"
	"strconv"
)

var parts = regexp.MustCompile(`\d+|\D+`)

// compareNumbers compares texts with numbers in them, so that 12_3 is before 12_10.
func compareNumbers(a, b string) int {
	as, bs := parts.FindAllString(a, -1), parts.FindAllString(b, -1)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.ParseUint(as[i], 10, 64)
		y, errY := strconv.ParseUint(bs[i], 10, 64)
		c := cmp.Compare(as[i], bs[i])
		if errX == nil && errY == nil {
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}
