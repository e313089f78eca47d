package bpe

// behavior says what becomes of the matches of a pattern.
type behavior string

const (
	isolated           behavior = "Isolated"           // a match is a part
	removed            behavior = "Removed"            // a match is left out
	contiguous         behavior = "Contiguous"         // matches in a row are a part
	mergedWithPrevious behavior = "MergedWithPrevious" // a match belongs to the part before it
	mergedWithNext     behavior = "MergedWithNext"     // a match belongs to the part after it
)

// span is a part of a text, matched by a pattern or not.
type span struct {
	start, end int
	match      bool
}

// newCutter cuts text at the matches that find returns, or, inverted, at what is
// between them.
func newCutter(find func(text string) []span, b behavior, invert bool) cutter {
	return func(text string, yield func(string)) {
		var all []span
		end := 0
		for _, s := range find(text) {
			if end < s.start {
				all = append(all, span{end, s.start, invert})
			}
			all = append(all, span{s.start, s.end, !invert})
			end = s.end
		}
		if end < len(text) {
			all = append(all, span{end, len(text), invert})
		}
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
