package result

import (
	"encoding/json"
	"fmt"
	"math"
)

// Number is a float64 that JSON writes as null if it is NaN or infinite, such
// as the correlation of a constant or the loss of a diverged run.
type Number float64

// Undefined returns the Number NaN, which JSON writes as null.
func Undefined() Number { return Number(math.NaN()) }

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It reads null as NaN.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Undefined()
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

// decimal formats a correlation.
func decimal(n Number) string {
	if math.IsNaN(float64(n)) {
		return "undefined"
	}
	return fmt.Sprintf("%.2f", float64(n))
}

// nats formats a regret, which is infinite for a candidate that diverged.
func nats(n Number) string {
	if math.IsInf(float64(n), 1) {
		return "infinitely far"
	}
	return fmt.Sprintf("%.4f", float64(n))
}

// probability formats a p-value with "=" or "<".
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return "undefined"
	case p < 0.001:
		return "< 0.001"
	}
	return fmt.Sprintf("= %.3f", p)
}
