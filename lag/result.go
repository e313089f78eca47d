package lag

import (
	"encoding/json"
	"math"

	"github.com/landscape-aware/growing/lag/growth"
)

// Result is the outcome of a study, the contents of runs/<study>/result.json.
// It holds nothing that differs between two executions of the same study: no
// times, paths or host names, so that two result.json can be compared byte for
// byte.
type Result struct {
	Family     string `json:"family"`      // "bert" or "ul2"
	Backend    string `json:"backend"`     // engine that trained: "go", "xla:cpu", "xla:cuda" or "xla:tpu"
	From       int    `json:"from"`        // layers of the source model
	To         int    `json:"to"`          // layers of the grown models
	Steps      int    `json:"steps"`       // T, training steps after growing
	ProbeSteps int    `json:"probe_steps"` // k of LAG(k), the lag after which LAG picks

	Source     Source    `json:"source"`
	Strategies []Outcome `json:"strategies"` // one for each strategy and seed, in the pool's order

	Correlation []Correlation `json:"correlation"` // of the loss at each step with the final loss
	LagSteps    *int          `json:"lag_steps"`   // first step from which Spearman's rho stays >= 0.9; null if none
	Picks       []Pick        `json:"picks"`       // what each selection rule picks, and what that costs
	Warnings    []string      `json:"warnings"`    // what a reader must know before believing the numbers
	Verdict     string        `json:"verdict"`     // one paragraph in plain words
}

// Source describes the model that was grown.
type Source struct {
	Steps          int     `json:"steps"`           // pretraining steps
	Loss           Number  `json:"loss"`            // validation loss, nats per predicted token
	ShuffledLoss   Number  `json:"shuffled_loss"`   // the same with the order of the context destroyed, see LeftPlateau
	UnigramEntropy float64 `json:"unigram_entropy"` // of the validation tokens, nats per token
	Curve          []Point `json:"curve"`           // validation loss during pretraining
	Parameters     int     `json:"parameters"`
	FLOPs          float64 `json:"flops"` // spent on pretraining
}

// Outcome is what became of one strategy under one seed.
type Outcome struct {
	Name    string  `json:"name"`    // name of the strategy, unique in the pool
	Map     []int   `json:"map"`     // layer map, -1 for a new layer
	Init    string  `json:"init"`    // how duplicates are initialized
	Moments string  `json:"moments"` // what becomes of the optimizer's moments
	Seed    int64   `json:"seed"`
	Curve   []Point `json:"curve"` // validation loss, step 0 (before any update) first
	Final   Number  `json:"final"` // validation loss at the last step, null if diverged
	FLOPs   float64 `json:"flops"` // spent on training after growing
	Status  Status  `json:"status"`
}

// Status tells how a candidate's training ended.
type Status string

const (
	StatusComplete Status = "complete"
	StatusDiverged Status = "diverged" // a loss or gradient became NaN or infinite
)

// Point is a validation loss after a number of training steps.
type Point struct {
	Step int    `json:"step"`
	Loss Number `json:"loss"` // nats per predicted token
}

// Correlation relates, over the strategies of a pool, the loss at one step
// with the loss at the end. Candidates that diverged rank last; Pearson's
// correlation leaves them out.
type Correlation struct {
	Step       int    `json:"step"`
	Pearson    Number `json:"pearson"`
	Spearman   Number `json:"spearman"`    // with mid-ranks for ties
	Kendall    Number `json:"kendall"`     // tau-b
	SpearmanLo Number `json:"spearman_lo"` // 95% confidence interval over strategies
	SpearmanHi Number `json:"spearman_hi"`
}

// Pick is the choice of one selection rule.
type Pick struct {
	Rule       string  `json:"rule"`        // "lag", "loss-at-init", "random", "oracle", ...
	Strategy   string  `json:"strategy"`    // empty where the rule is an expectation over the pool
	ExtraFLOPs float64 `json:"extra_flops"` // beyond training the picked strategy alone
	Regret     Number  `json:"regret"`      // final loss of the pick - best final loss of the pool, nats
	RegretNorm Number  `json:"regret_norm"` // regret / (median - minimum of the final losses)
}

// Number is a float64 that JSON shows as null where it is NaN or infinite, as
// the correlation of a constant or the loss of a diverged run is.
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. A null becomes NaN.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

// LayerMap returns the outcome's layer map as the growth package has it.
func (o Outcome) LayerMap() growth.Map { return growth.Map(o.Map) }
