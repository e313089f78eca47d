package result

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
)

// Stacking is the result of a stacking, the contents of stacking_result.json.
// Like [Study] it contains nothing that differs between two runs of the same
// stacking.
type Stacking struct {
	Family         string       `json:"family"`
	Backend        string       `json:"backend"`
	Budget         float64      `json:"budget"`          // FLOPs of each arm, including its probes
	UnigramEntropy float64      `json:"unigram_entropy"` // of the validation tokens, nats per token
	Plan           []Stage      `json:"plan"`
	Seeds          []int64      `json:"seeds"`
	Arms           []ArmOutcome `json:"arms"`               // all arms with the first seed, then with the next, and so on
	Summary        []ArmSummary `json:"summary"`            // by ascending mean final loss
	Failures       []Failure    `json:"failures,omitempty"` // failures of the device, also in candidates that were therefore skipped
	Warnings       []string     `json:"warnings"`
	Verdict        string       `json:"verdict"`

	ConfigHash string `json:"config_sha256,omitempty"` // SHA-256 of what the configuration computes, see package lag; empty in files of earlier versions

	Words advice.Words `json:"-"` // as in [Study]
}

// Stage is part of a training with a model of one depth.
type Stage struct {
	Depths growth.Depths `json:"depths"` // layers of each stack of the model, the encoder first
	Steps  int           `json:"steps"`
}

// ArmOutcome is the outcome of an arm with one seed.
type ArmOutcome struct {
	Name       string          `json:"name"`
	Rule       string          `json:"rule,omitempty"`
	Seed       int64           `json:"seed"`
	Stages     []StageOutcome  `json:"stages"`
	Curve      []StackingPoint `json:"curve"`
	Final      Number          `json:"final"`       // final validation loss, nats; null if it did not reach the end
	FLOPs      float64         `json:"flops"`       // including probes
	ExtraFLOPs float64         `json:"extra_flops"` // part spent on probes of strategies that were not picked
	Status     Status          `json:"status"`
}

// StageOutcome is a stage of an arm.
type StageOutcome struct {
	Depths     growth.Depths `json:"depths"`
	Steps      int           `json:"steps"`
	Candidates int           `json:"candidates,omitempty"` // number of strategies from which the rule picked
	ExtraSteps int           `json:"extra_steps,omitempty"`
	LearnSteps int           `json:"learn_steps,omitempty"` // steps in which the picked strategy learned coefficients before growing
	Strategy   string        `json:"strategy,omitempty"`    // the picked strategy
	Map        growth.Map    `json:"map,omitempty"`
	Encoder    growth.Map    `json:"encoder_map,omitempty"`
	Loss       Number        `json:"loss"` // validation loss at the end of the stage
}

// StackingPoint is a validation loss during the training of an arm.
type StackingPoint struct {
	Step  int     `json:"step"`  // training steps so far, without probes of other strategies
	FLOPs float64 `json:"flops"` // spent so far, including probes
	Loss  Number  `json:"loss"`  // nats per predicted token
}

// ArmSummary is the mean of an arm over the seeds.
type ArmSummary struct {
	Name       string  `json:"name"`
	Final      Number  `json:"final"`                // mean, nats; null if it did not reach the end with some seed
	Unfinished string  `json:"unfinished,omitempty"` // how it did not reach the end, see [Unfinished]
	FLOPs      float64 `json:"flops"`                // mean
	Difference Number  `json:"difference"`           // mean final loss minus that of the best arm, nats
	Error      Number  `json:"error"`                // standard error of the difference, paired by seed; null for one seed
}

// Analyze computes everything that depends on the outcomes of the arms: their
// means over the seeds, warnings and the verdict.
func (r *Stacking) Analyze() {
	r.Warnings = []string{}
	n := len(r.Arms) / len(r.Seeds)
	finals := make([][]float64, n)
	r.Summary = make([]ArmSummary, n)
	for i := range n {
		s := &r.Summary[i]
		s.Name = r.Arms[i].Name
		var statuses []Status
		for seed := range r.Seeds {
			o := r.Arms[seed*n+i]
			finals[i] = append(finals[i], float64(o.Final))
			statuses = append(statuses, o.Status)
			s.FLOPs += o.FLOPs / float64(len(r.Seeds))
		}
		s.Final, s.Unfinished = Number(stat.Mean(finals[i], nil)), Unfinished(statuses...)
	}
	best := 0
	for i, s := range r.Summary {
		if s.Final < r.Summary[best].Final || math.IsNaN(float64(r.Summary[best].Final)) {
			best = i
		}
	}
	for i := range r.Summary {
		differences := make([]float64, len(r.Seeds))
		for seed := range differences {
			differences[seed] = finals[i][seed] - finals[best][seed]
		}
		mean, deviation := stat.MeanStdDev(differences, nil)
		r.Summary[i].Difference, r.Summary[i].Error = Number(mean), Undefined()
		if len(differences) > 1 {
			r.Summary[i].Error = Number(deviation / math.Sqrt(float64(len(differences))))
		}
	}
	slices.SortStableFunc(r.Summary, func(a, b ArmSummary) int {
		switch {
		case a.Final < b.Final || math.IsNaN(float64(b.Final)) && !math.IsNaN(float64(a.Final)):
			return -1
		case a.Final > b.Final || math.IsNaN(float64(a.Final)) && !math.IsNaN(float64(b.Final)):
			return 1
		}
		return 0
	})
	for _, o := range r.Arms {
		if o.Status == StatusDiverged {
			r.Warnings = append(r.Warnings, fmt.Sprintf("The arm %s diverged under seed %d.", o.Name, o.Seed))
		}
	}
	if text := failureWarning(r.Failures, r.Words); text != "" {
		r.Warnings = append(r.Warnings, text)
	}
	if len(r.Seeds) == 1 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("One seed: how much of the differences is noise of the seed was not measured (%s).", r.Words.For(advice.StackingSeeds)))
	}
	if best := float64(r.Summary[0].Final); !(best <= r.UnigramEntropy-plateauMargin) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("The best arm is still on the unigram plateau: its loss of %.3f nats is not %.1f below the unigram entropy of %.3f; train longer.", best, plateauMargin, r.UnigramEntropy))
	}
	r.Verdict = r.verdict()
}

func (r *Stacking) verdict() string {
	var parts []string
	for i, s := range r.Summary {
		switch {
		case math.IsNaN(float64(s.Final)):
			parts = append(parts, s.Name+" "+s.Unfinished)
		case i == 0:
			parts = append(parts, fmt.Sprintf("%s ends lowest, at %.4f nats", s.Name, float64(s.Final)))
		case math.IsNaN(float64(s.Error)):
			parts = append(parts, fmt.Sprintf("%s %.4f above it", s.Name, float64(s.Difference)))
		default:
			parts = append(parts, fmt.Sprintf("%s %.4f above it (standard error over seeds %.4f)", s.Name, float64(s.Difference), float64(s.Error)))
		}
	}
	return fmt.Sprintf("At %.3g FLOPs each, probes included: %s.", r.Budget, strings.Join(parts, ", "))
}
