package growth

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseDepths reads what [Depths.String] writes: "3", or "2,4" for an encoder's
// and a decoder's layers.
func ParseDepths(s string) (Depths, error) {
	var depths Depths
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no number of layers: give one number, or an encoder's and a decoder's as 2,4", s)
		}
		depths = append(depths, n)
	}
	if len(depths) > 2 {
		return nil, fmt.Errorf("%q has %d depths: a model has one stack, or an encoder's and a decoder's", s, len(depths))
	}
	return depths, nil
}

// String writes the depths with commas between.
func (from Depths) String() string {
	fields := make([]string, len(from))
	for i, n := range from {
		fields[i] = strconv.Itoa(n)
	}
	return strings.Join(fields, ",")
}

// Layers says the depths in words: "3 layers", "1 layer", or "2+4 layers" of an
// encoder and a decoder.
func (from Depths) Layers() string {
	text := strings.ReplaceAll(from.String(), ",", "+")
	if text == "1" {
		return "1 layer"
	}
	return text + " layers"
}
