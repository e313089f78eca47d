package engine

import (
	"slices"
	"strings"
	"testing"
)

// TestDeviceShare: processes share devices out as long as there are enough.
func TestDeviceShare(t *testing.T) {
	for _, test := range []struct {
		all            string
		index, n, size int
		want           string
	}{
		{"", 1, 2, 1, ""},
		{"7", 1, 2, 1, ""}, // nothing to share
		{"4 5 6", 1, 2, 1, "5"},
		{"4 5 6", 2, 3, 1, "6"},
		{"4 5", 3, 4, 1, "5"}, // more processes than devices
		{"0 1 2 3", 1, 2, 2, "2 3"},
		{"0 1 2 3 4 5", 1, 2, 2, "2 3"},
	} {
		got, err := deviceShare(strings.Fields(test.all), test.index, test.n, test.size)
		if err != nil || !slices.Equal(got, strings.Fields(test.want)) {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
	const want = "3 workers that train with 2 devices each need 6, and this process sees 4; use fewer workers or devices"
	if _, err := deviceShare(strings.Fields("0 1 2 3"), 1, 3, 2); err == nil || err.Error() != want {
		t.Errorf("too few devices: %v", err)
	}
}
