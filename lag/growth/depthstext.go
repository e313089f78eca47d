package growth

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// ParseDepths parses the format of [Depths.String]: "3", or "2,4" for an
// encoder and a decoder.
func ParseDepths(s string) (Depths, error) {
	var depths Depths
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is not a number of layers: give one number, or those of an encoder and a decoder as in 2,4", s)
		}
		depths = append(depths, n)
	}
	if len(depths) > 2 {
		return nil, fmt.Errorf("%q has %s: give one, or those of an encoder and a decoder", s, plain.Count(len(depths), "depth"))
	}
	return depths, nil
}

// String returns the depths separated by commas.
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
