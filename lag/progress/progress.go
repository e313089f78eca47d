// Package progress defines progress events for progress bars and live figures.
package progress

import "github.com/landscape-aware/growing/lag/result"

// Phase is the part of a study to which an [Event] belongs.
type Phase string

const (
	PhasePrepare  Phase = "prepare"  // corpus, tokenizer, token store
	PhasePretrain Phase = "pretrain" // training of the source model
	PhaseProbe    Phase = "probe"    // training of the candidates
	PhaseBranch   Phase = "branch"   // decay branches of the candidates
	PhaseControl  Phase = "control"  // trainings from scratch for comparison
	PhaseStack    Phase = "stack"    // stages of gradual stacking
	PhaseTrain    Phase = "train"    // training of one model
	PhaseMeasure  Phase = "measure"  // of models of a finished study, on other tasks; Done and Total count those of a model
)

// Event reports progress of a running study. The code that runs a study only
// emits events: a terminal shows them as progress bars, a notebook as live
// plots.
type Event struct {
	Phase Phase
	Run   string // name of the run, or a stage of the preparation
	Seed  int64  // seed of the training after growing

	Index, Count int   // position of the run among the runs of the phase, from 0
	Place        int   // position of the candidate in its pool, of the arm in the stacking, or of the control, from 0
	From         int   // step of the candidate at which a decay branch begins; 0 for all other runs
	Done, Total  int64 // progress of this run, in steps (in PhasePrepare bytes or documents)

	Loss    float64       // training loss of the latest step, NaN if there is none
	Unigram float64       // loss of predicting by how frequent each token is, nats per token; 0 before the data is known
	Point   *result.Point // a new validation loss, or nil

	// Whole says how far all runs are, where others train them and this process only
	// follows; zero otherwise.
	Whole Whole
}

// Whole is how far all runs of a study or a stacking are.
type Whole struct {
	Done, Runs int     // runs that have ended, and all of them
	Share      float64 // of the computation that is done, from 0 to 1
}

// Trains reports whether runs are trained in the phase, so that it has steps and losses.
func (p Phase) Trains() bool { return p != PhasePrepare && p != PhaseMeasure }

// Part is what is shown together: a phase, or the decay branches of one kind.
type Part struct {
	Phase Phase
	From  int   // of decay branches, the step at which they begin
	Total int64 // of decay branches, their steps
}

// Part returns the part to which an event belongs.
func (e Event) Part() Part {
	if e.Phase == PhaseBranch {
		return Part{e.Phase, e.From, e.Total}
	}
	return Part{Phase: e.Phase}
}

// Observer receives the events of a study, one at a time. It must not block for
// long.
type Observer func(Event)
