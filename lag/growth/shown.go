package growth

import "slices"

// Shown returns a strategy's summary (see [Strategy.Summary]) for readers. The
// init of a strategy says what becomes of duplicates, so "copy" is wrong where
// the maps have none: with new layers only, which the model initializes at
// random, it becomes "random", and with both "copy, random".
func Shown(summary string, maps ...Map) string {
	if summary != string(Copy) {
		return summary
	}
	var duplicates, added bool
	for _, m := range maps {
		duplicates = duplicates || slices.Contains(m.Duplicates(), true)
		added = added || slices.Contains(m, New)
	}
	switch {
	case added && duplicates:
		return "copy, random"
	case added:
		return "random"
	}
	return summary
}
