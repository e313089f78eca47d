package lag

import "fmt"

// Describe names the signal and the step at which it is known in words.
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
