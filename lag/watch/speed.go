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
