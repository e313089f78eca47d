package growth

import "testing"

func TestShown(t *testing.T) {
	for _, test := range []struct {
		summary string
		maps    []Map
		want    string
	}{
		{"copy", []Map{{0, 1, 0, 1}}, "copy"},
		{"copy", []Map{{0, 1, New, New}}, "random"},
		{"copy", []Map{{0, 1, 1, New}}, "copy, random"},
		{"copy", []Map{{0, 1, New}, {0, 1, 1}}, "copy, random"},
		{"copy", []Map{{0, 1}}, "copy"},
		{"zero, restart", []Map{{0, 1, New}}, "zero, restart"},
		{"moments reset", []Map{{0, New}}, "moments reset"},
	} {
		if got := Shown(test.summary, test.maps...); got != test.want {
			t.Errorf("Shown(%q, %v) is %q, want %q", test.summary, test.maps, got, test.want)
		}
	}
}
