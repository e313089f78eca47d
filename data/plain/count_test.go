package plain

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 layer": Count(1, "layer"), "0 layers": Count(0, "layer"), "1200 steps": Count(1200, "step"), "-1 steps": Count(-1, "step"),
		"2 strategies": Count(2, "strategy"), "3 batches": Count(int64(3), "batch"), "1 validation batch": Count(1, "validation batch"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
