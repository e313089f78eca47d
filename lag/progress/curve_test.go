package progress

import (
	"math"
	"testing"
)

// TestCurve: a curve keeps means of neighbors over all of its range, in few points.
func TestCurve(t *testing.T) {
	var c Curve
	if _, ok := c.Latest(); ok {
		t.Error("an empty curve has a latest loss")
	}
	const n = 100_001
	for i := range n {
		c.Add(float64(i), float64(2*i))
		if len(c.Points) > mostPoints || i >= mostPoints && len(c.Points) < mostPoints/2 {
			t.Fatalf("%d points of %d steps", len(c.Points), i+1)
		}
	}
	for i, p := range c.Points {
		if math.Abs(p[1]-2*p[0]) > 1e-6 || i > 0 && p[0] <= c.Points[i-1][0] {
			t.Fatalf("point %d is %v", i, p)
		}
	}
	if first := c.Points[0][0]; first != float64(c.each-1)/2 {
		t.Errorf("the first point is at %v, want the middle of %d steps", first, c.each)
	}
	if last := c.Points[len(c.Points)-1][0]; last < float64(n-2*c.each) {
		t.Errorf("the last point is at %v of %d steps", last, n)
	}
	if loss, ok := c.Latest(); !ok || loss != c.Points[len(c.Points)-1][1] {
		t.Errorf("the latest loss is %v, %v", loss, ok)
	}
}
