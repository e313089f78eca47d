package result

// Selected is the outcome of [lag.Study.Select]. Candidates were trained as far
// as the rule asked, and the winner was trained to the end.
type Selected struct {
	Rule       string   `json:"rule"`
	Seed       int64    `json:"seed"`
	Strategy   string   `json:"strategy"`    // empty if all candidates that the rule followed stopped early
	Final      Number   `json:"final"`       // final validation loss of the winner, nats
	Run        string   `json:"run"`         // name of the winner's directory in the study's
	Trained    []int    `json:"trained"`     // steps of each strategy of the pool when the rule picked
	Branched   []int    `json:"branched"`    // steps of each strategy's decay branches
	ExtraSteps int      `json:"extra_steps"` // steps in addition to training the winner
	ExtraFLOPs float64  `json:"extra_flops"` // cost of these steps
	Pool       []string `json:"pool"`        // names of the strategies

	Undecided []string `json:"undecided,omitempty"` // strategies that the rule could not tell from the pick

	Failures []Failure `json:"failures,omitempty"` // failures of the device in candidates that the rule therefore skipped
}
