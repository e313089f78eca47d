package plain

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
)

// Count returns a number with a noun, which is in the singular: "1 layer",
// "1200 steps", "2 strategies".
func Count[N ~int | ~int64](n N, noun string) string {
	return fmt.Sprintf("%d %s", n, english.PluralWord(int(n), noun, ""))
}
