package result

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// Outcome is the outcome of one strategy with one seed.
type Outcome struct {
	Name    string  `json:"name"` // name of the strategy, unique in the pool
	Map     []int   `json:"map"`  // layer map, -1 for a new layer; for an encoder-decoder, the decoder's
	Encoder []int   `json:"encoder_map,omitempty"`
	Init    string  `json:"init"`    // how duplicated layers are initialized
	Moments string  `json:"moments"` // how the strategy treats the optimizer's moments
	Summary string  `json:"summary"` // init, moments and schedule, unless they are the usual ones
	Seed    int64   `json:"seed"`
	Curve   []Point `json:"curve"` // validation loss, step 0 (before any update) first, then ascending
	Final   Number  `json:"final"` // validation loss at the end, see [Study.FinalSteps]; null if it did not reach the end
	FLOPs   float64 `json:"flops"` // cost of training after growing and of LearnSteps
	Status  Status  `json:"status"`

	LearnSteps int     `json:"learn_steps,omitempty"` // steps in which coefficients were learned before growing; each counts as a training step
	RateAtLag  float64 `json:"rate_at_lag"`           // learning rate of the update before the lag
	DivergedAt *int    `json:"diverged_at,omitempty"` // step at which the loss or the gradient was not finite
	FailedAt   *int    `json:"failed_at,omitempty"`   // completed steps when the device failed

	Signals []Signal `json:"signals"` // early signals other than the validation loss

	Batches []BatchLosses `json:"batches,omitempty"` // validation losses on single batches at the lag, at the end and where a rule of the study compares them, if reached
}

// Point is a validation loss after a number of training steps.
type Point struct {
	Step int    `json:"step"`
	Loss Number `json:"loss"` // nats per predicted token
}

// BatchLosses are the losses on each batch of the validation set after a number
// of training steps, in nats per predicted token.
type BatchLosses struct {
	Step   int       `json:"step"`
	Losses []float64 `json:"losses"`
}

// LayerMap returns the outcome's layer map as a [growth.Map].
func (o Outcome) LayerMap() growth.Map { return growth.Map(o.Map) }

// candidate returns what a selection rule may know about the strategy.
func (o Outcome) candidate() selection.Candidate {
	return selection.Candidate{Name: o.Name, Map: o.Map, Encoder: o.Encoder, Summary: o.Summary, LearnSteps: o.LearnSteps}
}

// Initial returns the loss right after growing, before any update.
func (o Outcome) Initial() float64 { return float64(o.Curve[0].Loss) }

// Trained returns the number of steps that the candidate was trained.
func (o Outcome) Trained() int {
	if at := o.stoppedAt(); at != nil {
		return *at
	}
	return o.Curve[len(o.Curve)-1].Step
}

// stoppedAt returns the step at which the candidate diverged or its device
// failed, or nil if it reached the end.
func (o Outcome) stoppedAt() *int {
	if o.DivergedAt != nil {
		return o.DivergedAt
	}
	return o.FailedAt
}

// At returns the loss at a step. It is +Inf if the candidate had diverged or
// its device had failed, and NaN if the loss was not measured.
func (o Outcome) At(step int) float64 {
	i, found := slices.BinarySearchFunc(o.Curve, step, func(p Point, step int) int { return cmp.Compare(p.Step, step) })
	switch {
	case found && !math.IsNaN(float64(o.Curve[i].Loss)):
		return float64(o.Curve[i].Loss)
	case o.stoppedAt() != nil && step >= *o.stoppedAt():
		return math.Inf(1)
	}
	return math.NaN()
}

// batchesAt returns the losses on the batches of the validation set at a step,
// or nil if they were not recorded.
func (o Outcome) batchesAt(step int) []float64 {
	for _, b := range o.Batches {
		if b.Step == step {
			return b.Losses
		}
	}
	return nil
}

// Status is how a training ended.
type Status string

const (
	StatusComplete Status = "complete"
	StatusDiverged Status = "diverged" // a loss or gradient became NaN or infinite
	StatusFailed   Status = "failed"   // the device failed, see [Failure]; running the study again tries again
)

// Unfinished summarizes trainings that did not reach the end, such as those of
// all seeds: "diverged", "failed 1/2", "diverged 1, failed 1 of 3". It returns
// "" if all reached the end.
func Unfinished(statuses ...Status) string {
	count := make(map[Status]int)
	for _, s := range statuses {
		count[s]++
	}
	diverged, failed, n := count[StatusDiverged], count[StatusFailed], len(statuses)
	word, k := StatusDiverged, diverged
	if failed > 0 {
		word, k = StatusFailed, failed
	}
	switch {
	case diverged > 0 && failed > 0:
		return fmt.Sprintf("diverged %d, failed %d of %d", diverged, failed, n)
	case k == 0:
		return ""
	case n == 1:
		return string(word)
	}
	return fmt.Sprintf("%s %d/%d", word, k, n)
}
