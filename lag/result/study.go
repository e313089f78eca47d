package result

import (
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
)

// Study is the result of a study, the contents of runs/<study>/result.json. It
// contains nothing that differs between two runs of the same study: no times,
// paths or host names. Two result.json files can therefore be compared byte by
// byte.
type Study struct {
	Family  string `json:"family"`      // model family, "bert" or "ul2"
	Backend string `json:"backend"`     // engine that trained: "go", "xla:cpu", "xla:cuda" or "xla:tpu"
	From    int    `json:"from"`        // layers of the source model; for an encoder-decoder, of its decoder
	To      int    `json:"to"`          // layers of the grown models, counted in the same way
	Steps   int    `json:"steps"`       // T, training steps after growing
	Lag     int    `json:"probe_steps"` // k of LAG(k): the training steps after which LAG picks

	EarlyBatches int `json:"early_batches,omitempty"` // validation batches of the evaluations after step 0 and before the lag; 0 means all

	FinalEvaluations int `json:"final_evaluations,omitempty"` // the final loss of a strategy is the mean of that many last evaluations; 0 or 1 means the last alone, see [Study.FinalSteps]

	EncoderFrom int `json:"encoder_from,omitempty"` // layers of the source's encoder, if it has one
	EncoderTo   int `json:"encoder_to,omitempty"`   // layers of the grown models' encoders, if they have one

	Source     Source    `json:"source"`
	Seeds      []int64   `json:"seeds"`      // seeds of the training after growing
	Strategies []Outcome `json:"strategies"` // one for each strategy and seed: the pool with the first seed, then with the next, and so on

	Controls    []ControlOutcome `json:"controls,omitempty"`    // all controls with the first seed, then with the next, and so on
	Comparisons []Comparison     `json:"comparisons,omitempty"` // comparisons of the controls with LAG's picks

	Correlation []Correlation       `json:"correlation"`        // of the loss at each step with the final loss
	LagTime     *int                `json:"lag_steps"`          // first step from which Spearman's rho stays >= 0.9; null if none
	Signals     []SignalCorrelation `json:"signals"`            // correlations of other early signals with the final loss
	Picks       []Pick              `json:"picks"`              // picks of each selection rule with each seed, and their costs
	Rules       []RuleSummary       `json:"rules"`              // means of the picks over the seeds
	Noise       Noise               `json:"noise"`              // whether the ranking of the strategies is more than noise
	Pairs       []Pair              `json:"pairs"`              // differences between the final losses of all pairs of strategies
	Failures    []Failure           `json:"failures,omitempty"` // failures of the device, also in decay branches
	Warnings    []string            `json:"warnings"`           // problems that affect how far the numbers can be trusted
	Verdict     string              `json:"verdict"`            // one paragraph in plain words

	ConfigHash string `json:"config_sha256,omitempty"` // SHA-256 of what the configuration computes, see package lag; empty in files of earlier versions

	Words advice.Words `json:"-"` // names of settings in warnings; nil means the names of the configuration's fields
}

// Source describes the source model.
type Source struct {
	Steps          int     `json:"steps"`           // pretraining steps
	Loss           Number  `json:"loss"`            // validation loss, nats per predicted token
	ShuffledLoss   Number  `json:"shuffled_loss"`   // validation loss with the context in random order, see [Source.LeftPlateau]
	UnigramEntropy float64 `json:"unigram_entropy"` // of the validation tokens, nats per token
	Curve          []Point `json:"curve"`           // validation loss during pretraining
	Parameters     int     `json:"parameters"`
	FLOPs          float64 `json:"flops"` // cost of pretraining
}

// Correlation is the correlation of the loss at one step with the final loss
// over the strategies of a pool. It is the mean over the seeds. Candidates that
// diverged rank last; Pearson's correlation excludes them. Strategies in which
// the device failed are excluded everywhere.
type Correlation struct {
	Step       int    `json:"step"`
	Pearson    Number `json:"pearson"`
	Spearman   Number `json:"spearman"`    // with mid-ranks for ties
	Kendall    Number `json:"kendall"`     // tau-b
	SpearmanLo Number `json:"spearman_lo"` // 95% interval, see package stats
	SpearmanHi Number `json:"spearman_hi"`
}

// Pick is the choice of one selection rule with one seed.
type Pick struct {
	Rule       string  `json:"rule"` // in the syntax of package selection: "lag:30", "loss-at-init", "random", "oracle", ...
	Seed       int64   `json:"seed"`
	Strategy   string  `json:"strategy"`    // empty if the rule is an expectation over the pool, or if all candidates diverged
	ExtraSteps int     `json:"extra_steps"` // training steps in addition to those of the picked strategy, including steps that learn coefficients
	ExtraFLOPs float64 `json:"extra_flops"` // cost of these steps
	Regret     Number  `json:"regret"`      // final loss of the pick - best final loss of the pool, nats
	RegretNorm Number  `json:"regret_norm"` // regret / (median - minimum of the final losses)

	Undecided []string `json:"-"` // strategies that the rule could not tell from the pick; only after [Study.Replay]
}

// RuleSummary is the mean of a rule's picks over the seeds.
type RuleSummary struct {
	Rule       string  `json:"rule"`
	ExtraFLOPs float64 `json:"extra_flops"` // mean
	Regret     Number  `json:"regret"`      // mean, nats
	RegretNorm Number  `json:"regret_norm"` // mean
	Hit1       float64 `json:"hit_1"`       // share of the seeds with which the pick is the best of the pool
	Hit3       float64 `json:"hit_3"`       // share of the seeds with which it is among the best three
}

// Noise compares the spread of the strategies' final losses with the spread of
// the same strategy with other seeds.
type Noise struct {
	Strategies Number `json:"strategies"` // standard deviation of the strategies' mean final losses, nats
	Seeds      Number `json:"seeds"`      // standard deviation between seeds, without the part common to all strategies, nats; null for one seed
	Ratio      Number `json:"ratio"`      // Strategies / Seeds
	IsNoise    bool   `json:"is_noise"`   // the ratio is below 2

	// PairError is the median standard error of a difference between two final
	// losses on the fixed validation set, in nats. PairErrorAtLag is the same
	// at the lag. Separable is the share of pairs that differ by more than two
	// standard errors.
	PairError      Number `json:"pair_error"`
	PairErrorAtLag Number `json:"pair_error_at_lag"`
	Separable      Number `json:"separable"`
	SeparableAtLag Number `json:"separable_at_lag"`
}

// Pair is the difference between the final losses of two strategies on the same
// validation batches, each the mean over the seeds.
type Pair struct {
	A          string `json:"a"`
	B          string `json:"b"`
	Difference Number `json:"difference"` // loss of A - loss of B, nats
	Error      Number `json:"error"`      // standard error over the validation batches
}

// Grown returns the depths of the source and of the grown models; for an
// encoder-decoder, the encoder's first.
func (r *Study) Grown() (from, to growth.Depths) {
	if r.EncoderTo > 0 {
		return growth.Depths{r.EncoderFrom, r.From}, growth.Depths{r.EncoderTo, r.To}
	}
	return growth.Depths{r.From}, growth.Depths{r.To}
}

// SetGrown sets the depths that [Study.Grown] returns.
func (r *Study) SetGrown(from, to growth.Depths) {
	r.From, r.To = from[len(from)-1], to[len(to)-1]
	if len(from) == 2 {
		r.EncoderFrom, r.EncoderTo = from[0], to[0]
	}
}
