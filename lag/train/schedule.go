package train

import "fmt"

// ScheduleKind names the shape of a learning-rate schedule after its warm-up.
type ScheduleKind string

const (
	Constant ScheduleKind = "constant"
	Linear   ScheduleKind = "linear" // linearly to zero at the last step
)

// Schedule is the learning rate as a function of the step.
type Schedule struct {
	Kind   ScheduleKind `json:"kind"`
	Peak   float64      `json:"peak"`   // learning rate after warm-up
	WarmUp int          `json:"warmup"` // steps of linear warm-up
	Steps  int          `json:"steps"`  // steps in all, where a linear schedule reaches zero
}

// Validate says which setting is impossible.
func (s Schedule) Validate() error {
	switch {
	case s.Kind != Constant && s.Kind != Linear:
		return fmt.Errorf("unknown learning-rate schedule %q; it is %q or %q", s.Kind, Constant, Linear)
	case !(s.Peak > 0):
		return fmt.Errorf("the peak learning rate is %g; it must be positive", s.Peak)
	case s.WarmUp < 0 || s.WarmUp > s.Steps:
		return fmt.Errorf("a warm-up of %d steps does not fit into %d steps", s.WarmUp, s.Steps)
	}
	return nil
}

// At is the learning rate of the update that follows step updates, from 0:
// peak·min(1, (step+1)/warmup) and, if linear, (steps-step)/(steps-warmup) of
// the peak after the warm-up.
func (s Schedule) At(step int) float64 {
	if step < s.WarmUp {
		return s.Peak * float64(step+1) / float64(s.WarmUp)
	}
	if s.Kind == Linear {
		return s.Peak * float64(max(s.Steps-step, 0)) / float64(max(s.Steps-s.WarmUp, 1))
	}
	return s.Peak
}
