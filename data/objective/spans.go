package objective

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// NoiseCounts returns the number of tokens and of spans that T5's span
// corruption hides in a text (Raffel et al. 2020, section 3.3.4;
// random_spans_noise_mask of its code):
//
//	tokens = clip(round(length density), 1, length-1)
//	spans  = max(round(tokens / meanSpan), 1)
//
// rounding half to even in float64. A length below 2 counts as 2; a density of
// 0 hides nothing. If the spans outnumber the remaining tokens, no mask with
// these counts exists (see [SpanCorruption]).
func NoiseCounts(length int, density, meanSpan float64) (tokens, spans int) {
	if density == 0 {
		return 0, 0
	}
	length = max(length, 2)
	tokens = min(max(round(float64(length)*density), 1), length-1)
	return tokens, max(round(float64(tokens)/meanSpan), 1)
}

// SpanLengths returns T5's lengths for inputs of the given length
// (random_spans_helper of its code): raw, the largest number T of text tokens
// with
//
//	T - n + round(n / meanSpan) + 1 <= inputs,  n = round(T density),
//
// where the 1 is for EOS; and targets = n + round(n / meanSpan) + 1. If the
// density is 0.5 and the targets would be longer than the inputs, both are
// reduced by one. A text has at least 2 tokens.
//
// If round(n / meanSpan) is 0 the formula counts no sentinel, although one span
// is hidden. This package then uses texts that are one token shorter, so that
// the examples fit.
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

// largest returns the largest text length for which fits is true, or 1 if there
// is none of 2 or more. Fits must be true up to some length and false beyond
// it. This holds because each token added to a text takes a place in the inputs
// or targets.
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

// PrefixRange returns the least and the greatest length of the prefix in a
// prefix LM. The length is uniformly random in this range
// (random_prefix_noise_mask of T5's code): at most length-1, and at least
//
//	max(1, round((1 - 2 density) (length-1)))
//
// so that on average the share density of the text is predicted. A density of
// 0.5 allows every split. A text has at least 2 tokens.
func PrefixRange(length int, density float64) (least, most int) {
	most = length - 1
	return max(1, round((1-2*density)*float64(most))), most
}

// spanMask sets n elements of mask to true, in the given number of spans. All
// masks that begin with false and end with true are equally likely: the lengths
// of the spans that are hidden, and of those that stay, are each a uniformly
// random composition. With roll the mask is then rotated by a uniformly random
// number of places.
func spanMask(mask []bool, n, spans int, roll bool, r *rand.Rand, s *scratch) {
	s.spans = composition(s.spans[:0], len(mask)-n, spans, r)
	s.spans = composition(s.spans, n, spans, r)
	shift := 0
	if roll {
		shift = r.IntN(len(mask))
	}
	fillMask(mask, s.spans[:spans], s.spans[spans:], shift)
}

// fillMask sets mask to alternating spans that stay and are hidden, starting at
// shift and wrapping around.
func fillMask(mask []bool, stay, hide []int, shift int) {
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
	// A composition is a random set of k-1 of the n-1 places between n items.
	// Visit the places in order (Knuth, The Art of Computer Programming 2,
	// algorithm S): choose a place with probability (still to choose) / (still
	// to visit).
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
// sentinel, and to targets the tokens with each visible span replaced by a
// sentinel, in the order of sentinels. It follows T5's
// noise_span_to_unique_sentinel and nonnoise_span_to_unique_sentinel. If the
// first token is visible, a hidden span has the same sentinel in inputs and
// targets.
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
	return fmt.Errorf("objective: a mask has more spans than there are sentinels (%d)", n)
}
