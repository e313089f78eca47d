package transformer

import (
	"fmt"
	"strconv"
)

// ParseSize reads a size of at least 1, such as a number of heads.
func ParseSize(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	if n < 1 {
		return 0, fmt.Errorf("%d is impossible; give at least 1", n)
	}
	return n, nil
}

// ParseShare reads a share, from 0 to 1.
func ParseShare(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("%q is not a share; use a number from 0 to 1", text)
	}
	return x, nil
}
