package result

import (
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
)

// Study is the outcome of a study, the contents of runs/<study>/result.json.
// It holds nothing that differs between two executions of the same study: no
// times, paths or host names, so that two result.json can be compared byte for
// byte.
type Study struct {
	Family  string `json:"family"`      // of models, "bert" or "ul2"
	Backend string `json:"backend"`     // engine that trained: "go", "xla:cpu", "xla:cuda" or "xla:tpu"
	From    int    `json:"from"`        // layers of the source model; of an encoder-decoder its decoder's
	To      int    `json:"to"`          // layers of the grown models, counted alike
	Steps   int    `json:"steps"`       // T, training steps after growing
	Lag     int    `json:"probe_steps"` // k of LAG(k), the training steps after which LAG picks

	EncoderFrom int `json:"encoder_from,omitempty"` // layers of the source's encoder, where it has one
	EncoderTo   int `json:"encoder_to,omitempty"`   // layers of the grown models' encoders

	Source     Source    `json:"source"`
	Seeds      []int64   `json:"seeds"`      // of the training after growing
	Strategies []Outcome `json:"strategies"` // one for each strategy and seed: the pool in its order under the first seed, then under the next

	Controls    []ControlOutcome `json:"controls,omitempty"`    // all under the first seed, then under the next
	Comparisons []Comparison     `json:"comparisons,omitempty"` // of the controls with what LAG picks

	Correlation []Correlation       `json:"correlation"`        // of the loss at each step with the final loss
	LagTime     *int                `json:"lag_steps"`          // first step from which Spearman's rho stays >= 0.9; null if none
	Signals     []SignalCorrelation `json:"signals"`            // of other early signals with the final loss
	Picks       []Pick              `json:"picks"`              // what each selection rule picks under each seed, and what that costs
	Rules       []RuleSummary       `json:"rules"`              // the picks' means over the seeds
	Noise       Noise               `json:"noise"`              // whether the ranking of the strategies is more than noise
	Pairs       []Pair              `json:"pairs"`              // differences between the final losses of each two strategies
	Failures    []Failure           `json:"failures,omitempty"` // of the device, also in decay branches
	Warnings    []string            `json:"warnings"`           // what a reader must know before believing the numbers
	Verdict     string              `json:"verdict"`            // one paragraph in plain words

	Words advice.Words `json:"-"` // for what warnings advise to change; nil for the names of the configuration's fields
}

// Source describes the model that was grown.
type Source struct {
	Steps          int     `json:"steps"`           // pretraining steps
	Loss           Number  `json:"loss"`            // validation loss, nats per predicted token
	ShuffledLoss   Number  `json:"shuffled_loss"`   // the same with the order of the context destroyed, see [Source.LeftPlateau]
	UnigramEntropy float64 `json:"unigram_entropy"` // of the validation tokens, nats per token
	Curve          []Point `json:"curve"`           // validation loss during pretraining
	Parameters     int     `json:"parameters"`
	FLOPs          float64 `json:"flops"` // spent on pretraining
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

// Grown returns the depths of the source and of the grown models, of an
// encoder-decoder the encoder's first.
func (r *Study) Grown() (from, to growth.Depths) {
	if r.EncoderTo > 0 {
		return growth.Depths{r.EncoderFrom, r.From}, growth.Depths{r.EncoderTo, r.To}
	}
	return growth.Depths{r.From}, growth.Depths{r.To}
}

// SetGrown sets the depths that Grown returns.
func (r *Study) SetGrown(from, to growth.Depths) {
	r.From, r.To = from[len(from)-1], to[len(to)-1]
	if len(from) == 2 {
		r.EncoderFrom, r.EncoderTo = from[0], to[0]
	}
}
