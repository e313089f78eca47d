package objective

// segments divides the tokens [first, end) of a store into segments of size
// tokens that do not overlap, as T5's reduce_concat_tokens and split_tokens do.
// The store's documents follow each other without padding.
type segments struct{ first, end, size int64 }

// whole returns the number of segments with the full size.
func (s segments) whole() int64 { return max(0, s.end-s.first) / s.size }

// bounds returns the bounds of segment k. The last one may be shorter.
func (s segments) bounds(k int64) (lo, hi int64) {
	lo = s.first + k*s.size
	return lo, min(lo+s.size, s.end)
}
