package watch

// speed is how fast a run is trained, from the clock in its log. So it does not
// depend on when the log is read, nor on pauses between processes.
type speed struct {
	steps   int     // steps that count
	seconds float64 // of these steps and of the evaluations between them
	recent  []float64
	tokens  float64 // per second, in the latest step
	started bool    // a step was seen since the process began
}

// recentSteps is the number of steps whose mean is the present speed.
const recentSteps = 20

// step adds a step. The first one of a process compiles, and does not count.
func (s *speed) step(seconds, tokens float64) {
	s.tokens = tokens
	if !s.started || seconds <= 0 {
		s.started = true
		return
	}
	s.steps++
	s.seconds += seconds
	if len(s.recent) == recentSteps {
		s.recent = append(s.recent[:0:0], s.recent[1:]...)
	}
	s.recent = append(s.recent, seconds)
}

// pause adds the time of an evaluation.
func (s *speed) pause(seconds float64) {
	if s.started && s.steps > 0 {
		s.seconds += seconds
	}
}

// resume tells that another process goes on.
func (s *speed) resume() { s.started = false }

// perSecond returns the steps per second at present, or 0 if that is not known.
func (s *speed) perSecond() float64 {
	sum := 0.0
	for _, seconds := range s.recent {
		sum += seconds
	}
	if sum <= 0 {
		return 0
	}
	return float64(len(s.recent)) / sum
}

// thinned is a curve with a limited number of points, each the mean of as many
// neighbouring steps.
type thinned struct {
	points [][2]float64 // mean step and mean loss
	width  int          // steps of each point
	sum    [2]float64   // of the steps of the next point
	n      int
}

// mostPoints is the number of points at which two become one.
const mostPoints = 240

func (t *thinned) add(step int, loss float64) {
	t.width = max(t.width, 1)
	t.sum[0] += float64(step)
	t.sum[1] += loss
	if t.n++; t.n < t.width {
		return
	}
	t.points = append(t.points, [2]float64{t.sum[0] / float64(t.n), t.sum[1] / float64(t.n)})
	t.sum, t.n = [2]float64{}, 0
	if len(t.points) < mostPoints {
		return
	}
	half := make([][2]float64, mostPoints/2)
	for i := range half {
		a, b := t.points[2*i], t.points[2*i+1]
		half[i] = [2]float64{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
	}
	t.points, t.width = half, 2*t.width
}

// all returns the points, with that of the latest steps.
func (t *thinned) all() [][2]float64 {
	if t.n == 0 {
		return t.points
	}
	return append(t.points[:len(t.points):len(t.points)], [2]float64{t.sum[0] / float64(t.n), t.sum[1] / float64(t.n)})
}

// latest returns the mean loss of the latest steps.
func (t *thinned) latest() (loss float64, ok bool) {
	all := t.all()
	if len(all) == 0 {
		return 0, false
	}
	return all[len(all)-1][1], true
}
