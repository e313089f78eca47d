package result

import (
	"fmt"
	"math"
)

// Signal is a quantity measured early in a candidate's training that may
// predict its final loss.
type Signal struct {
	Name    SignalName `json:"name"`
	Step    int        `json:"step"`            // training steps after growing at which it is known
	Decay   int        `json:"decay,omitempty"` // steps in a decay branch, included in Step
	Value   Number     `json:"value"`
	Stopped bool       `json:"stopped,omitempty"` // the decay branch diverged or failed: its loss counts as infinite
}

// SignalName is the name of an early signal.
type SignalName string

const (
	SignalTrainingLoss SignalName = "training-loss" // mean training loss of the 10 steps before, nats
	SignalSlope        SignalName = "loss-slope"    // slope of the validation loss against the logarithm of the step
	SignalGradientNorm SignalName = "gradient-norm" // global norm of the gradient at the step, before clipping
	SignalDecayedLoss  SignalName = "decayed-loss"  // validation loss at the end of a branch whose learning rate fell to zero
)

// DecayedLoss returns the signal of a decay branch that started at a step, from
// its final loss, which is +Inf if the branch stopped early.
func DecayedLoss(step, decay int, loss float64) Signal {
	return Signal{Name: SignalDecayedLoss, Step: step + decay, Decay: decay, Value: Number(loss), Stopped: math.IsInf(loss, 1)}
}

// value returns the signal's value; JSON cannot hold it if it is infinite.
func (s Signal) value() float64 {
	if s.Stopped {
		return math.Inf(1)
	}
	return float64(s.Value)
}

// SignalCorrelation is the correlation of an early signal with the final loss,
// over the strategies of a pool.
type SignalCorrelation struct {
	Name  SignalName `json:"name"`
	Decay int        `json:"decay,omitempty"` // as in [Signal]
	Correlation
}

// Describe returns a description of the signal and its step.
func (s SignalCorrelation) Describe() string {
	what := string(s.Name)
	switch s.Name {
	case SignalTrainingLoss:
		what = "training loss"
	case SignalSlope:
		what = "slope of the loss"
	case SignalGradientNorm:
		what = "gradient norm"
	case SignalDecayedLoss:
		return fmt.Sprintf("loss after a decay branch, step %d+%d", s.Step-s.Decay, s.Decay)
	}
	return fmt.Sprintf("%s, step %d", what, s.Step)
}
