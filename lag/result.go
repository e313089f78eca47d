package lag

import (
	"encoding/json"
	"fmt"
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
	From       int    `json:"from"`        // layers of the source model; of an encoder-decoder its decoder's
	To         int    `json:"to"`          // layers of the grown models, counted alike
	Steps      int    `json:"steps"`       // T, training steps after growing
	ProbeSteps int    `json:"probe_steps"` // k of LAG(k), the lag after which LAG picks

	EncoderFrom int `json:"encoder_from,omitempty"` // layers of the source's encoder, where it has one
	EncoderTo   int `json:"encoder_to,omitempty"`   // layers of the grown models' encoders

	Source     Source    `json:"source"`
	Seeds      []int64   `json:"seeds"`      // of the training after growing
	Strategies []Outcome `json:"strategies"` // one for each strategy and seed: the pool in its order under the first seed, then under the next

	Controls    []ControlOutcome `json:"controls,omitempty"`    // all under the first seed, then under the next
	Comparisons []Comparison     `json:"comparisons,omitempty"` // of the controls with what LAG picks

	Correlation []Correlation       `json:"correlation"`        // of the loss at each step with the final loss
	LagSteps    *int                `json:"lag_steps"`          // first step from which Spearman's rho stays >= 0.9; null if none
	Signals     []SignalCorrelation `json:"signals"`            // of other early signals with the final loss
	Picks       []Pick              `json:"picks"`              // what each selection rule picks under each seed, and what that costs
	Rules       []RuleSummary       `json:"rules"`              // the picks' means over the seeds
	Noise       Noise               `json:"noise"`              // whether the ranking of the strategies is more than noise
	Pairs       []Pair              `json:"pairs"`              // differences between the final losses of each two strategies
	Failures    []Failure           `json:"failures,omitempty"` // of the device, also in decay branches
	Warnings    []string            `json:"warnings"`           // what a reader must know before believing the numbers
	Verdict     string              `json:"verdict"`            // one paragraph in plain words
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

	batches map[int][]float64 // loss on each validation batch, by step
}

// Signal is something measured early in a candidate's training that may
// foretell its final loss.
type Signal struct {
	Name  SignalName `json:"name"`
	Step  int        `json:"step"`            // training steps after growing at which it is known
	Decay int        `json:"decay,omitempty"` // of them, those of a decay branch
	Value Number     `json:"value"`
}

// SignalName names an early signal.
type SignalName string

const (
	SignalTrainingLoss SignalName = "training-loss" // mean training loss of the 10 steps before, nats
	SignalSlope        SignalName = "loss-slope"    // slope of the validation loss against the logarithm of the step
	SignalGradientNorm SignalName = "gradient-norm" // global norm of the gradient at the step, before clipping
	SignalDecayedLoss  SignalName = "decayed-loss"  // validation loss at the end of a branch whose learning rate fell to zero
)

// SignalCorrelation relates, over the strategies of a pool, an early signal with
// the loss at the end.
type SignalCorrelation struct {
	Name  SignalName `json:"name"`
	Decay int        `json:"decay,omitempty"` // as in [Signal]
	Correlation
}

// Status tells how a candidate's training ended.
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

// Point is a validation loss after a number of training steps.
type Point struct {
	Step int    `json:"step"`
	Loss Number `json:"loss"` // nats per predicted token
}

// Correlation relates, over the strategies of a pool, the loss at one step
// with the loss at the end: under each seed, then the mean over the seeds.
// Candidates that diverged rank last; Pearson's correlation leaves them out.
// Strategies in which the device failed are left out of all.
type Correlation struct {
	Step       int    `json:"step"`
	Pearson    Number `json:"pearson"`
	Spearman   Number `json:"spearman"`    // with mid-ranks for ties
	Kendall    Number `json:"kendall"`     // tau-b
	SpearmanLo Number `json:"spearman_lo"` // 95% interval, see package stats
	SpearmanHi Number `json:"spearman_hi"`
}

// Pick is the choice of one selection rule.
type Pick struct {
	Rule       string  `json:"rule"` // as package selection reads it: "lag:30", "loss-at-init", "random", "oracle", ...
	Seed       int64   `json:"seed"`
	Strategy   string  `json:"strategy"`    // empty where the rule is an expectation over the pool, or all diverged
	ExtraSteps int     `json:"extra_steps"` // of training, beyond training the picked strategy alone; steps that learn coefficients count as such
	ExtraFLOPs float64 `json:"extra_flops"` // of these steps
	Regret     Number  `json:"regret"`      // final loss of the pick - best final loss of the pool, nats
	RegretNorm Number  `json:"regret_norm"` // regret / (median - minimum of the final losses)
}

// RuleSummary is a rule's picks over the seeds.
type RuleSummary struct {
	Rule       string  `json:"rule"`
	ExtraFLOPs float64 `json:"extra_flops"` // mean
	Regret     Number  `json:"regret"`      // mean, nats
	RegretNorm Number  `json:"regret_norm"` // mean
	Hit1       float64 `json:"hit_1"`       // share of the seeds under which the pick is the best of the pool
	Hit3       float64 `json:"hit_3"`       // share under which it is among the best three
}

// Noise compares the spread of the strategies' final losses with that of the
// same strategy under other seeds.
type Noise struct {
	Strategies Number `json:"strategies"` // standard deviation of the strategies' mean final losses, nats
	Seeds      Number `json:"seeds"`      // standard deviation under another seed, what all strategies have in common left out, nats; null for one seed
	Ratio      Number `json:"ratio"`      // of the two
	IsNoise    bool   `json:"is_noise"`   // whether the ratio is below 2

	// PairError is the median standard error of a difference between two final
	// losses on the fixed validation set, PairErrorAtLag that at the lag, in
	// nats; Separable the share of pairs that differ by more than two such errors.
	PairError      Number `json:"pair_error"`
	PairErrorAtLag Number `json:"pair_error_at_lag"`
	Separable      Number `json:"separable"`
	SeparableAtLag Number `json:"separable_at_lag"`
}

// Pair is the difference between the final losses of two strategies, the mean
// over the seeds, on the same validation batches.
type Pair struct {
	A          string `json:"a"`
	B          string `json:"b"`
	Difference Number `json:"difference"` // loss of A - loss of B, nats
	Error      Number `json:"error"`      // its standard error over the validation batches
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
