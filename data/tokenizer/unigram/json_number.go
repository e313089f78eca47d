package unigram

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
)

// jsonFloat reads a JSON number like Rust's serde_json without its float_roundtrip
// feature, which Hugging Face's tokenizers use. The digits, as an integer, are
// rounded, then divided by a power of ten, and rounded again. The result can differ
// from the nearest float64 in the last bit, and so can the choice between
// segmentations that tie.
func jsonFloat(raw json.RawMessage) (float64, error) {
	var number json.Number
	if err := strictjson.UnmarshalPart(raw, &number); err != nil || raw[0] == '"' || number == "" {
		return 0, fmt.Errorf("%.40q is not a number", raw)
	}
	s, negative := strings.CutPrefix(string(number), "-")
	mantissa, power := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, power = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent, err := strconv.Atoi(cmp.Or(power, "0"))
	if err != nil || exponent > 1<<20 || exponent < -1<<20 {
		exponent = int(math.Copysign(1<<20, float64(exponent)))
	}
	var digits uint64
	for i, c := range whole + fraction {
		hi, lo := bits.Mul64(digits, 10)
		sum, carry := bits.Add64(lo, uint64(c-'0'), 0)
		if hi != 0 || carry != 0 {
			// The digits from here on are dropped, but their places count.
			exponent += max(0, len(whole)-i)
			break
		}
		digits = sum
		if i >= len(whole) {
			exponent--
		}
	}
	f := float64(digits)
	for f != 0 && exponent < -308 {
		f /= 1e308
		exponent += 308
	}
	switch {
	case f == 0:
	case exponent > 308:
		f = math.Inf(1)
	case exponent >= 0:
		f *= math.Pow10(exponent)
	default:
		f /= math.Pow10(-exponent)
	}
	if math.IsInf(f, 0) {
		return 0, fmt.Errorf("%s is out of range", number)
	}
	if negative {
		f = -f
	}
	return f, nil
}
