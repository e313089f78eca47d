package bpe

import "fmt"

// behavior says what becomes of the matches of a pattern.
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

// span is a part of a text, matched by a pattern or not.
type span struct {
	start, end int
	match      bool
}

// finder calls yield for every match in text, in order.
type finder func(text string, yield func(start, end int))

// newCutter cuts text at the matches that find finds, or, inverted, at what is
// between them.
func newCutter(find finder, b behavior, invert bool) cutter {
	// spans calls yield for the matches and for what is between them.
	spans := func(text string, yield func(span)) {
		at := 0
		find(text, func(start, end int) {
			if at < start {
				yield(span{at, start, invert})
			}
			yield(span{start, end, !invert})
			at = end
		})
		if at < len(text) {
			yield(span{at, len(text), invert})
		}
	}
	if b == isolated {
		return func(text string, yield func(string)) {
			spans(text, func(s span) { yield(text[s.start:s.end]) })
		}
	}
	return func(text string, yield func(string)) {
		var all []span
		spans(text, func(s span) { all = append(all, s) })
		for _, s := range b.apply(all) {
			yield(text[s.start:s.end])
		}
	}
}

// apply returns the parts that become of spans, which cover a text.
func (b behavior) apply(spans []span) []span {
	var parts []span
	previous := false // whether the span before was a match
	switch b {
	case removed:
		for _, s := range spans {
			if !s.match {
				parts = append(parts, s)
			}
		}
	case contiguous:
		for _, s := range spans {
			if s.match == previous && len(parts) > 0 {
				parts[len(parts)-1].end = s.end
			} else {
				parts = append(parts, s)
			}
			previous = s.match
		}
	case mergedWithPrevious:
		for _, s := range spans {
			if s.match && !previous && len(parts) > 0 {
				parts[len(parts)-1].end = s.end
			} else {
				parts = append(parts, s)
			}
			previous = s.match
		}
	case mergedWithNext:
		for i := len(spans) - 1; i >= 0; i-- {
			s := spans[i]
			if s.match && !previous && len(parts) > 0 {
				parts[len(parts)-1].start = s.start
			} else {
				parts = append(parts, s)
			}
			previous = s.match
		}
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	default:
		return spans
	}
	return parts
}
