package objective

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// NoiseCounts returns how many tokens of a text T5's span corruption hides, and
// in how many spans (Raffel et al. 2020, section 3.3.4;
// random_spans_noise_mask of its code):
//
//	tokens = clip(round(length density), 1, length-1)
//	spans  = max(round(tokens / meanSpan), 1)
//
// rounding half to even in float64. A length below 2 counts as 2; a density of
// 0 hides nothing. The counts are impossible, see [SpanCorruption], where there
// are more spans than tokens that stay.
func NoiseCounts(length int, density, meanSpan float64) (tokens, spans int) {
	if density == 0 {
		return 0, 0
	}
	length = max(length, 2)
	tokens = min(max(round(float64(length)*density), 1), length-1)
	return tokens, max(round(float64(tokens)/meanSpan), 1)
}

// SpanLengths returns T5's lengths for inputs of the given length
// (random_spans_helper of its code): raw, the largest number T of tokens of text
// with
//
//	T - n + round(n / meanSpan) + 1 <= inputs,  n = round(T density),
//
// the 1 being for EOS; and targets = n + round(n / meanSpan) + 1. Where density
// is 0.5 and the targets would be longer than the inputs, both are one less. A
// text is at least 2 tokens.
//
// The formula counts no sentinel where round(n / meanSpan) is 0, although a span
// is hidden all the same; the examples of this package are then made of a token
// less, so that they fit.
func SpanLengths(inputs int, density, meanSpan float64) (raw, targets int) {
	lengths := func(raw int) (inputs, targets int) {
		n := round(float64(raw) * density)
		spans := round(float64(n) / meanSpan)
		return raw - n + spans + 1, n + spans + 1
	}
	raw = largest(inputs, func(raw int) bool {
		length, _ := lengths(raw)
		return length <= inputs
	})
	length, targets := lengths(raw)
	if density == 0.5 && targets > length {
		raw--
		targets--
	}
	return raw, targets
}

// largest returns the largest length of text that fits, or 1 if none of 2 or
// more does. It takes fits to be true up to that length and false beyond; every
// token added to a text takes a place in inputs or targets, so that this is so.
func largest(about int, fits func(raw int) bool) int {
	low, high := 1, max(about, 2)
	for fits(high) && high < math.MaxInt32 {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if middle := (low + high) / 2; fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// round rounds half to even.
func round(x float64) int { return int(math.RoundToEven(x)) }

// PrefixRange returns the least and the largest length of a prefix LM's prefix
// of a text, which is uniformly random between them (random_prefix_noise_mask of
// T5's code): at most length-1, and at least
//
//	max(1, round((1 - 2 density) (length-1)))
//
// so that the share density of the text is to be predicted on average. A
// density of 0.5 allows every split. A text has 2 tokens or more.
func PrefixRange(length int, density float64) (least, most int) {
	most = length - 1
	return max(1, round((1-2*density)*float64(most))), most
}

// spanMask marks in mask, of T tokens, n of them in the given number of spans.
// All masks that begin with a token that stays and end with one that does not
// are equally likely: the lengths of the spans hidden, and of those between
// them, are each a uniformly random composition. With roll the mask is then
// turned by a uniformly random number of places.
func spanMask(mask []bool, n, spans int, roll bool, r *rand.Rand, s *scratch) {
	s.spans = composition(s.spans[:0], len(mask)-n, spans, r)
	s.spans = composition(s.spans, n, spans, r)
	shift := 0
	if roll {
		shift = r.IntN(len(mask))
	}
	lay(mask, s.spans[:spans], s.spans[spans:], shift)
}

// lay sets mask to spans that stay and spans that are hidden, by turns, from
// place shift on and around the end.
func lay(mask []bool, stay, hide []int, shift int) {
	at := shift
	run := func(length int, hidden bool) {
		for range length {
			mask[at] = hidden
			if at++; at == len(mask) {
				at = 0
			}
		}
	}
	for i := range hide {
		run(stay[i], false)
		run(hide[i], true)
	}
}

// composition appends the parts of a uniformly random composition of n into k
// parts of 1 or more: n = part_1 + ... + part_k.
func composition(dst []int, n, k int, r *rand.Rand) []int {
	// It is a random set of k-1 of the n-1 places between n items, which are
	// gone through in order (Knuth, The Art of Computer Programming 2, algorithm
	// S): a place is chosen with probability (still to choose) / (still to come).
	part, cuts := 1, k-1
	for left := n - 1; cuts > 0; left-- {
		if int(r.Uint32N(uint32(left))) < cuts {
			dst = append(dst, part)
			part = 0
			cuts--
		}
		part++
		n--
	}
	return append(dst, part+n-1)
}

// corrupt appends to inputs the tokens with each hidden span replaced by a
// sentinel, and to targets the tokens with each span that stays replaced by one,
// in the order of the sentinels given, as T5's noise_span_to_unique_sentinel and
// nonnoise_span_to_unique_sentinel do. Where the first token stays, a sentinel in
// inputs and that before the span in targets are the same.
func corrupt(inputs, targets, tokens []int32, mask []bool, sentinels []int32) (in, out []int32, err error) {
	i, t := 0, 0 // sentinels used in inputs and targets
	for at, id := range tokens {
		starts := at == 0 || mask[at] != mask[at-1]
		if mask[at] {
			if starts {
				if i == len(sentinels) {
					return nil, nil, errSentinels(i)
				}
				inputs = append(inputs, sentinels[i])
				i++
			}
			targets = append(targets, id)
			continue
		}
		if starts {
			if t == len(sentinels) {
				return nil, nil, errSentinels(t)
			}
			targets = append(targets, sentinels[t])
			t++
		}
		inputs = append(inputs, id)
	}
	return inputs, targets, nil
}

func errSentinels(n int) error {
	return fmt.Errorf("objective: a mask has more spans than the %d sentinels there are", n)
}
