// Package progress is news of work that is under way, for progress bars and live
// figures.
package progress

import "github.com/landscape-aware/growing/lag/result"

// Phase is the part of a study that an [Event] belongs to.
type Phase string

const (
	PhasePrepare  Phase = "prepare"  // corpus, tokenizer, token store
	PhasePretrain Phase = "pretrain" // training of the source model
	PhaseProbe    Phase = "probe"    // training of the candidates
	PhaseBranch   Phase = "branch"   // decay branches of the candidates
	PhaseControl  Phase = "control"  // trainings from scratch to compare with
	PhaseStack    Phase = "stack"    // stages of gradual stacking
	PhaseTrain    Phase = "train"    // training of a model for its own sake
)

// Event is news of a running study. The code that runs a study emits events
// and draws nothing itself: a terminal shows them as progress bars, a notebook
// as live plots.
type Event struct {
	Phase Phase
	Run   string // what is being worked on: a strategy's name, or a stage of the preparation
	Seed  int64  // of the training after growing

	Index, Count int   // the run's place among the runs of the phase, from 0
	Done, Total  int64 // progress of this run, in steps (in PhasePrepare bytes or documents)

	Loss  float64       // training loss of the latest step, NaN where there is none
	Point *result.Point // set when a validation loss was measured
}

// Observer receives the events of a study, one at a time. It must not block for long.
type Observer func(Event)
