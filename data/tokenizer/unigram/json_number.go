package unigram

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// jsonFloat reads a JSON number like Rust's serde_json without its float_roundtrip
// feature, which Hugging Face's tokenizers use. The digits, as an integer, are
// rounded, then divided by a power of ten, and rounded again. The result can differ
// from the nearest float64 in the last bit, and so can the choice between
// segmentations that tie.
func jsonFloat(raw json.RawMessage) (float64, error) {
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil || raw[0] == '"' || number == "" {
		return 0, fmt.Errorf("%.40q is not a number", raw)
	}
	s := string(number)
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	var digits uint64
	exponent := 0
	full, fraction := false, false
	i := 0
	for ; i < len(s) && s[i] != 'e' && s[i] != 'E'; i++ {
		if s[i] == '.' {
			fraction = true
			continue
		}
		hi, lo := bits.Mul64(digits, 10)
		sum, carry := bits.Add64(lo, uint64(s[i]-'0'), 0)
		if full = full || hi != 0 || carry != 0; full {
			if !fraction {
				exponent++ // the digit is dropped, its place counts
			}
			continue
		}
		digits = sum
		if fraction {
			exponent--
		}
	}
	if i < len(s) {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 1<<20 || e < -1<<20 {
			e = int(math.Copysign(1<<20, float64(e)))
		}
		exponent += e
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
