package bpe

import "fmt"

// behavior is what happens to the matches of a pattern.
type behavior string

const (
	isolated           behavior = "Isolated"           // a match is a part
	removed            behavior = "Removed"            // a match is left out
	contiguous         behavior = "Contiguous"         // matches in a row are a part
	mergedWithPrevious behavior = "MergedWithPrevious" // a match belongs to the part before it
	mergedWithNext     behavior = "MergedWithNext"     // a match belongs to the part after it
)

func (b behavior) validate() error {
	switch b {
	case isolated, removed, contiguous, mergedWithPrevious, mergedWithNext:
		return nil
	}
	return fmt.Errorf("unknown behavior %q", string(b))
}

// joins reports whether a span is of the same part as the span before it, given
// which of the two are matches.
func (b behavior) joins(before, match bool) bool {
	switch b {
	case contiguous:
		return before == match
	case mergedWithPrevious:
		return match && !before
	case mergedWithNext:
		return before && !match
	}
	return false
}

// newCutter cuts text at matches. Inverted, what is between the matches counts as
// matches.
func newCutter(m finder, b behavior, invert bool) cutter {
	if b == isolated {
		return func(text string, yield func(string)) {
			at := 0
			m.each(text, func(from, to int) {
				if at < from {
					yield(text[at:from])
				}
				yield(text[from:to])
				at = to
			})
			if at < len(text) {
				yield(text[at:])
			}
		}
	}
	return func(text string, yield func(string)) {
		start, at, before := 0, 0, false // the open part and whether its last span is a match
		flush := func() {
			if start < at && !(before && b == removed) {
				yield(text[start:at])
			}
			start = at
		}
		span := func(end int, match bool) {
			if end == at {
				return
			}
			if !b.joins(before, match) {
				flush()
			}
			at, before = end, match
		}
		m.each(text, func(from, to int) {
			span(from, invert)
			span(to, !invert)
		})
		span(len(text), invert)
		flush()
	}
}
