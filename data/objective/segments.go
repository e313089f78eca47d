package objective

// segments cuts the tokens [first, end) of a store, whose documents follow each
// other without padding, into pieces of size tokens that do not overlap, as
// T5's reduce_concat_tokens and split_tokens do.
type segments struct{ first, end, size int64 }

// whole returns the number of segments of full size.
func (s segments) whole() int64 { return max(0, s.end-s.first) / s.size }

// bounds returns where segment k, 0 <= k < count(), begins and ends.
func (s segments) bounds(k int64) (lo, hi int64) {
	lo = s.first + k*s.size
	return lo, min(lo+s.size, s.end)
}
