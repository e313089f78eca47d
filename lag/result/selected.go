package result

// Selected is what a rule picked live: with candidates trained as far as it asked,
// and the winner to the end from its own state.
type Selected struct {
	Rule       string   `json:"rule"`
	Seed       int64    `json:"seed"`
	Strategy   string   `json:"strategy"`    // empty where all stopped that the rule followed
	Final      Number   `json:"final"`       // validation loss of the winner at the end, nats
	Run        string   `json:"run"`         // name of the winner's directory within the study's
	Trained    []int    `json:"trained"`     // steps of each strategy of the pool before the winner went on
	Branched   []int    `json:"branched"`    // steps of each strategy's decay branches
	ExtraSteps int      `json:"extra_steps"` // beyond training the winner alone
	ExtraFLOPs float64  `json:"extra_flops"` // of these steps
	Pool       []string `json:"pool"`        // names of the strategies

	Failures []Failure `json:"failures,omitempty"` // of the device, in candidates that the rule passed over for that
}
