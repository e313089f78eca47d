package chart

import (
	"math"
	"slices"
	"testing"
)

func TestTicks(t *testing.T) {
	var labels []string
	for _, tick := range DecimalTicks(-0.43, 1, 5) {
		labels = append(labels, tick.Label)
	}
	if want := []string{"0.0", "0.5", "1.0"}; !slices.Equal(labels, want) {
		t.Errorf("ticks of -0.43 to 1: %v, want %v", labels, want)
	}
	if got, want := StepTicks(600), []int{0, 1, 2, 5, 10, 20, 50, 100, 200, 600}; !slices.Equal(got, want) {
		t.Errorf("ticks of 600 steps: %v, want %v", got, want)
	}
	if got := Steps("step", "", 99).Place(9); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("step 9 of 99 lies at %v, want the middle", got)
	}
}
