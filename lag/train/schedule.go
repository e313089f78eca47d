package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
)

// ScheduleKind is the shape of a learning-rate schedule after its warm-up.
type ScheduleKind string

const (
	Constant    ScheduleKind = "constant"
	Linear      ScheduleKind = "linear"       // falls linearly
	Cosine      ScheduleKind = "cosine"       // falls like half a cosine (Loshchilov and Hutter 2017, equation 5, one period)
	InverseSqrt ScheduleKind = "inverse-sqrt" // peak·√(warmup/position) (Vaswani et al. 2017, equation 3; T5)
	WSD         ScheduleKind = "wsd"          // warm-up, stable, decay: constant, then falls in the last Decay steps (Hu et al. 2024, MiniCPM, arXiv 2404.06395)
)

// WarmUpShape is the shape of the warm-up.
type WarmUpShape string

const (
	WarmUpLinear   WarmUpShape = "linear"   // the default
	WarmUpConstant WarmUpShape = "constant" // at the peak from the first step
)

// DecayShape is the shape of the decay of a [WSD] schedule.
type DecayShape string

const (
	DecayLinear      DecayShape = "linear"
	DecayCosine      DecayShape = "cosine"
	DecaySqrt        DecayShape = "sqrt"        // falls as 1-√x, x from 0 to 1 (Hägele et al. 2024, arXiv 2405.18392)
	DecayExponential DecayShape = "exponential" // falls by the same factor each step, as in MiniCPM; Final must be above 0
)

// Schedule is the learning rate as a function of the step of a run.
//
// The run covers the part of a schedule of Length steps that begins at position
// Start. So the stages of gradual growth, which are separate runs, can share
// one schedule:
//
//	{Kind: Cosine, Peak: 1e-3, WarmUp: 100, Steps: 400, Length: 1000}
//	{Kind: Cosine, Peak: 1e-3, WarmUp: 100, Steps: 600, Start: 400, Rewarm: 20}
//
// To restart the schedule after growth, leave Start at 0.
//
// T5's rate 1/√max(t, 10000), with t from 1 (Raffel et al. 2020, section
// 3.1.2), is constant during warm-up:
//
//	{Kind: InverseSqrt, Peak: 0.01, WarmUp: 10_000, WarmUpShape: WarmUpConstant}
type Schedule struct {
	Kind   ScheduleKind `json:"kind"`
	Peak   float64      `json:"peak"`   // learning rate after warm-up
	WarmUp int          `json:"warmup"` // steps of warm-up, counted from position 0
	Steps  int          `json:"steps"`  // steps of the run

	WarmUpShape WarmUpShape `json:"warmup_shape,omitempty"` // empty means linear; required for InverseSqrt
	Final       float64     `json:"final,omitempty"`        // final rate of Linear, Cosine and WSD, as a share of the peak
	Decay       int         `json:"decay,omitempty"`        // WSD: number of steps of the decay
	DecayShape  DecayShape  `json:"decay_shape,omitempty"`  // WSD: shape of the decay

	Start      int     `json:"start,omitempty"`       // position of the run's first step in the schedule
	Length     int     `json:"length,omitempty"`      // length of the schedule in steps; 0 means that it ends with the run
	Rewarm     int     `json:"rewarm,omitempty"`      // first steps of the run, in which the rate rises linearly to the schedule's
	RewarmFrom float64 `json:"rewarm_from,omitempty"` // share of the schedule's rate at which this rise begins
}

// Validate reports the first invalid setting.
func (s Schedule) Validate() error {
	kinds := []ScheduleKind{Constant, Linear, Cosine, InverseSqrt, WSD}
	shapes := []DecayShape{DecayLinear, DecayCosine, DecaySqrt, DecayExponential}
	falls := s.Kind == Linear || s.Kind == Cosine || s.Kind == WSD
	switch {
	case !slices.Contains(kinds, s.Kind):
		return fmt.Errorf("unknown learning-rate schedule %q%s; they are %q", s.Kind, closest.Hint(s.Kind, kinds), kinds)
	case !(s.Peak > 0) || math.IsInf(s.Peak, 0):
		return fmt.Errorf("the peak learning rate is %g; it must be positive", s.Peak)
	case s.Steps < 0 || s.Start < 0 || s.Length < 0:
		return fmt.Errorf("steps %d, start %d and length %d of a schedule must not be negative", s.Steps, s.Start, s.Length)
	case s.Length > 0 && s.Start+s.Steps > s.Length:
		return fmt.Errorf("a run of %s from position %d goes beyond the schedule's length of %d", plain.Count(s.Steps, "step"), s.Start, s.Length)
	case !slices.Contains([]WarmUpShape{"", WarmUpLinear, WarmUpConstant}, s.WarmUpShape):
		return fmt.Errorf("unknown warmup_shape %q; it is %q or %q", s.WarmUpShape, WarmUpLinear, WarmUpConstant)
	case s.Kind == InverseSqrt && s.WarmUpShape == "":
		return fmt.Errorf("schedule %q needs a warmup_shape: %q as in T5, or %q as in Vaswani et al. 2017", s.Kind, WarmUpConstant, WarmUpLinear)
	case s.WarmUp < 0:
		return fmt.Errorf("a warm-up of %s is not possible; give 0 or more (warmup)", plain.Count(s.WarmUp, "step"))
	case s.WarmUpShape != WarmUpConstant && s.WarmUp > s.length():
		return fmt.Errorf("a warm-up of %s does not fit into %s; shorten the one (warmup) or lengthen the other", plain.Count(s.WarmUp, "step"), plain.Count(s.length(), "step"))
	case falls && !(s.Final >= 0 && s.Final <= 1):
		return fmt.Errorf("final is %g; it is a share of the peak, from 0 to 1", s.Final)
	case !falls && s.Final != 0:
		return fmt.Errorf("schedule %q takes no final; only %q, %q and %q do", s.Kind, Linear, Cosine, WSD)
	case s.Kind != WSD && (s.Decay != 0 || s.DecayShape != ""):
		return fmt.Errorf("schedule %q takes neither decay nor decay_shape; only %q does", s.Kind, WSD)
	case s.Kind == WSD && !slices.Contains(shapes, s.DecayShape):
		return fmt.Errorf("unknown decay_shape %q of schedule %q; they are %q", s.DecayShape, WSD, shapes)
	case s.Kind == WSD && (s.Decay < 1 || s.WarmUp+s.Decay > s.length()):
		return fmt.Errorf("a warm-up of %d and a decay of %s, at least 1, must fit into %s", s.WarmUp, plain.Count(s.Decay, "step"), plain.Count(s.length(), "step"))
	case s.DecayShape == DecayExponential && s.Final == 0:
		return fmt.Errorf("a decay of shape %q never reaches 0: give a final above it", DecayExponential)
	case s.Rewarm < 0 || s.Rewarm > s.Steps:
		return fmt.Errorf("a rewarm of %s does not fit into the run's %d", plain.Count(s.Rewarm, "step"), s.Steps)
	case !(s.RewarmFrom >= 0 && s.RewarmFrom <= 1) || s.Rewarm == 0 && s.RewarmFrom != 0:
		return fmt.Errorf("rewarm_from is %g over a rewarm of %s; it is a share, from 0 to 1, and needs a rewarm", s.RewarmFrom, plain.Count(s.Rewarm, "step"))
	}
	return nil
}

// length returns the position at which the schedule ends.
func (s Schedule) length() int {
	if s.Length > 0 {
		return s.Length
	}
	return s.Start + s.Steps
}

// At returns the learning rate of an update, given the number of earlier
// updates of the run. With position t = Start + step, length T and warm-up W it
// is
//
//	warm-up (t < W)   peak·(t+1)/W, or peak
//	constant          peak
//	linear            final + (peak-final)·(T-t)/(T-W)
//	cosine            final + (peak-final)·(1+cos(π(t-W)/(T-W)))/2
//	inverse-sqrt      peak·√(max(W, 1)/max(t+1, W))
//	wsd               peak; from T-Decay falling to final with DecayShape
//
// where final means Final·peak. In the first Rewarm steps of the run, the rate
// is multiplied by r + (1-r)·(step+1)/Rewarm, r = RewarmFrom.
func (s Schedule) At(step int) float64 {
	rate := s.at(s.Start + step)
	if step < s.Rewarm {
		rate *= s.RewarmFrom + (1-s.RewarmFrom)*float64(step+1)/float64(s.Rewarm)
	}
	return rate
}

// at returns the rate at a position of the schedule.
func (s Schedule) at(t int) float64 {
	if t < s.WarmUp && s.WarmUpShape != WarmUpConstant {
		return s.Peak * float64(t+1) / float64(s.WarmUp)
	}
	switch s.Kind {
	case Linear:
		return s.fall(DecayLinear, t, s.length()-s.WarmUp)
	case Cosine:
		return s.fall(DecayCosine, t, s.length()-s.WarmUp)
	case InverseSqrt:
		return s.Peak * math.Sqrt(float64(max(s.WarmUp, 1))/float64(max(t+1, s.WarmUp)))
	case WSD:
		return s.fall(s.DecayShape, t, s.Decay)
	}
	return s.Peak
}

// fall returns the rate at position t of a schedule that falls in its last
// steps: the peak before these steps, and Final times the peak at the end and
// later.
func (s Schedule) fall(shape DecayShape, t, steps int) float64 {
	left, whole := float64(max(s.length()-t, 0)), float64(max(steps, 1))
	if left > whole {
		return s.Peak
	}
	final := s.Final * s.Peak
	switch shape {
	case DecayCosine:
		return final + (s.Peak-final)*(1+math.Cos(math.Pi*(1-left/whole)))/2
	case DecaySqrt:
		return final + (s.Peak-final)*(1-math.Sqrt(1-left/whole))
	case DecayExponential:
		return s.Peak * math.Pow(s.Final, 1-left/whole)
	}
	return final + (s.Peak-final)*left/whole
}
