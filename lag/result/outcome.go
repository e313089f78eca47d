package result

import (
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// Outcome is what became of one strategy under one seed.
type Outcome struct {
	Name    string  `json:"name"` // name of the strategy, unique in the pool
	Map     []int   `json:"map"`  // layer map, -1 for a new layer; of an encoder-decoder its decoder's
	Encoder []int   `json:"encoder_map,omitempty"`
	Init    string  `json:"init"`    // how duplicates are initialized
	Moments string  `json:"moments"` // what becomes of the optimizer's moments
	Summary string  `json:"summary"` // init, moments and schedule as far as they are not the usual ones
	Seed    int64   `json:"seed"`
	Curve   []Point `json:"curve"` // validation loss, step 0 (before any update) first
	Final   Number  `json:"final"` // validation loss at the last step, null if it did not get there
	FLOPs   float64 `json:"flops"` // spent on training after growing, and on LearnSteps
	Status  Status  `json:"status"`

	LearnSteps int     `json:"learn_steps,omitempty"` // in which coefficients were learned before growing; each counts as a training step
	RateAtLag  float64 `json:"rate_at_lag"`           // learning rate of the update before the lag
	DivergedAt *int    `json:"diverged_at,omitempty"` // the step whose loss or gradient was not finite
	FailedAt   *int    `json:"failed_at,omitempty"`   // the steps that were done when the device failed

	Signals []Signal `json:"signals"` // early signals beside the validation loss

	Batches []BatchLosses `json:"batches,omitempty"` // validation losses on single batches at the lag and the end, as far as it got there
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

// LayerMap returns the outcome's layer map as the growth package has it.
func (o Outcome) LayerMap() growth.Map { return growth.Map(o.Map) }

// candidate is what a selection rule may know of the strategy.
func (o Outcome) candidate() selection.Candidate {
	return selection.Candidate{Name: o.Name, Map: o.Map, Encoder: o.Encoder, Summary: o.Summary, LearnSteps: o.LearnSteps}
}

// Initial is the loss right after growing, before any update.
func (o Outcome) Initial() float64 { return float64(o.Curve[0].Loss) }

// Trained is how many steps the candidate was trained.
func (o Outcome) Trained() int {
	if at := o.stoppedAt(); at != nil {
		return *at
	}
	return o.Curve[len(o.Curve)-1].Step
}

// stoppedAt is the step at which the candidate diverged or its device failed; nil
// where it got to the end.
func (o Outcome) stoppedAt() *int {
	if o.DivergedAt != nil {
		return o.DivergedAt
	}
	return o.FailedAt
}

// At is the loss at a step, +Inf where the candidate had diverged, or its device
// failed, and NaN where it was not measured then.
func (o Outcome) At(step int) float64 {
	i := slices.IndexFunc(o.Curve, func(p Point) bool { return p.Step == step })
	switch {
	case i >= 0 && !math.IsNaN(float64(o.Curve[i].Loss)):
		return float64(o.Curve[i].Loss)
	case o.stoppedAt() != nil && step >= *o.stoppedAt():
		return math.Inf(1)
	}
	return math.NaN()
}

// batchesAt are the losses on the batches of the validation set at a step, none
// where they were not recorded.
func (o Outcome) batchesAt(step int) []float64 {
	for _, b := range o.Batches {
		if b.Step == step {
			return b.Losses
		}
	}
	return nil
}

// Status says how a candidate's training ended.
type Status string

const (
	StatusComplete Status = "complete"
	StatusDiverged Status = "diverged" // a loss or gradient became NaN or infinite
	StatusFailed   Status = "failed"   // the device could not go on, see [Failure]; running the study again tries once more
)

// Unfinished says how trainings, such as those under each seed, did not get to
// their ends: "diverged", "failed 1/2", "diverged 1, failed 1 of 3"; "" if all did.
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
