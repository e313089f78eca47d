package result

import (
	"encoding/json"
	"fmt"
	"math"
)

// Number is a float64 that JSON shows as null where it is NaN or infinite, as
// the correlation of a constant or the loss of a diverged run is.
type Number float64

// Undefined is the Number that JSON shows as null.
func Undefined() Number { return Number(math.NaN()) }

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. A null becomes NaN.
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

// nats formats a regret; that of a candidate that diverged is infinite.
func nats(n Number) string {
	if math.IsInf(float64(n), 1) {
		return "infinitely far"
	}
	return fmt.Sprintf("%.4f", float64(n))
}

// probability formats the p of a test, with its relation.
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return "undefined"
	case p < 0.001:
		return "< 0.001"
	}
	return fmt.Sprintf("= %.3f", p)
}
