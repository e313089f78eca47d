package progress

// mostPoints is the number of points of a curve at which two become one.
const mostPoints = 300

// Curve is a curve of training losses that has few points, however long the
// training is: when they become many, neighbors are averaged. All points but the
// last are means of the same number of steps.
type Curve struct {
	Points [][2]float64 // mean step, and mean loss in nats per predicted token; by ascending step

	each  int // steps of a point
	count int // steps of the last point
}

// Add adds the loss of a step, in nats per predicted token. Steps ascend.
func (c *Curve) Add(step, loss float64) {
	c.each = max(c.each, 1)
	if n := len(c.Points); n > 0 && c.count < c.each {
		last, k := &c.Points[n-1], float64(c.count)
		last[0], last[1] = (last[0]*k+step)/(k+1), (last[1]*k+loss)/(k+1)
		c.count++
		return
	}
	if len(c.Points) == mostPoints { // the last is complete
		half := make([][2]float64, mostPoints/2, mostPoints)
		for i := range half {
			a, b := c.Points[2*i], c.Points[2*i+1]
			half[i] = [2]float64{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
		}
		c.Points, c.each = half, 2*c.each
	}
	c.Points, c.count = append(c.Points, [2]float64{step, loss}), 1
}

// Latest returns the last point's loss, which is a mean over as many steps as the
// point has, or false if there is none.
func (c *Curve) Latest() (loss float64, ok bool) {
	if len(c.Points) == 0 {
		return 0, false
	}
	return c.Points[len(c.Points)-1][1], true
}
