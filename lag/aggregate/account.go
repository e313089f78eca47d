package aggregate

import (
	"math"

	"github.com/landscape-aware/growing/lag/result"
)

// Account is what a study read and took besides what is in its result. A field
// is 0 if it is not known. The zero value knows nothing.
type Account struct {
	TokensPerStep   int     // tokens that a model reads in a training step, padding included; for an encoder-decoder, inputs and targets
	BytesPerToken   float64 // of the validation text before tokenization
	GrownParameters int     // of a grown model

	// Wall times of training steps and evaluations, with compilation, in seconds.
	// Runs that share a machine slow each other down.
	PretrainSeconds, CandidateSeconds, BranchSeconds, ControlSeconds float64

	CandidateSteps int // training steps that CandidateSeconds covers
}

// BitsPerByte converts a loss in nats per token to bits per byte of text:
// loss / (ln 2 · bytes per token). It compares models with different
// vocabularies. It is the length of the text's code only if every token is
// predicted; for a masked model or spans it is what a predicted token costs,
// spread over its bytes. It is NaN if the bytes per token are not known.
func (a Account) BitsPerByte(loss float64) float64 {
	if a.BytesPerToken <= 0 {
		return math.NaN()
	}
	return loss / (math.Ln2 * a.BytesPerToken)
}

// KnowsBytes reports whether the bytes per token are known.
func (a Account) KnowsBytes() bool { return a.BytesPerToken > 0 }

// Expense is what a part of a study read and took. A field is NaN if it is not
// known.
type Expense struct {
	Name         string
	Models       int     // that were trained
	Steps        int     // of all of them together
	Tokens       float64 // of all of them together
	PerParameter float64 // tokens of one model for each of its parameters
	FLOPs        float64
	Seconds      float64
}

// Expenses returns what the source, the candidates, LAG's probes, the controls and
// the sweeps of their learning rates took. Parts that it does not have are left out.
func (a Account) Expenses(r *result.Study) []Expense {
	var list []Expense
	add := func(name string, models, steps, parameters int, flops, seconds float64) {
		if models == 0 || steps == 0 {
			return
		}
		e := Expense{Name: name, Models: models, Steps: steps, Tokens: math.NaN(), PerParameter: math.NaN(), FLOPs: flops, Seconds: math.NaN()}
		if a.TokensPerStep > 0 {
			e.Tokens = float64(a.TokensPerStep) * float64(steps)
			if parameters > 0 {
				e.PerParameter = e.Tokens / float64(models) / float64(parameters)
			}
		}
		if seconds > 0 {
			e.Seconds = seconds
		}
		list = append(list, e)
	}
	add("source", 1, r.Source.Steps, r.Source.Parameters, r.Source.FLOPs, a.PretrainSeconds)
	steps, flops := 0, 0.0
	for _, o := range r.Strategies {
		steps, flops = steps+o.Trained()+o.LearnSteps, flops+o.FLOPs
	}
	add("candidates", len(r.Strategies), steps, a.GrownParameters, flops, a.CandidateSeconds)
	if rule, ok := r.Rule(result.RuleLAG); ok {
		extra := 0
		for _, p := range r.Picks {
			if p.Rule == rule.Rule {
				extra += p.ExtraSteps
			}
		}
		add("LAG's probes among them", len(r.Strategies)-len(r.Seeds), extra, a.GrownParameters, rule.ExtraFLOPs*float64(len(r.Seeds)), a.secondsOf(extra))
	}
	steps, flops = 0, 0
	for _, o := range r.Controls {
		steps, flops = steps+o.Steps, flops+o.FLOPs
	}
	add("controls", len(r.Controls), steps, a.GrownParameters, flops, a.ControlSeconds)
	models, swept, spent := sweptControls(r)
	add("other learning rates among them", models, swept, a.GrownParameters, spent, a.ControlSeconds*float64(swept)/float64(max(steps, 1)))
	return list
}

// sweptControls returns what the controls took whose learning rate is not the best of
// a sweep.
func sweptControls(r *result.Study) (models, steps int, flops float64) {
	for _, c := range r.Comparisons {
		for _, rate := range c.Rates {
			for _, o := range r.Controls {
				if o.Name == rate.Control && rate.Control != c.Control {
					models, steps, flops = models+1, steps+o.Steps, flops+o.FLOPs
				}
			}
		}
	}
	return models, steps, flops
}

// secondsOf returns the wall time of some training steps of candidates, at their
// mean speed; 0 if it is not known.
func (a Account) secondsOf(steps int) float64 {
	if a.CandidateSteps == 0 {
		return 0
	}
	return a.CandidateSeconds * float64(steps) / float64(a.CandidateSteps)
}

// Seconds returns the wall time of a rule's extra steps, at the candidates' mean
// speed; NaN if it is not known.
func (a Account) Seconds(rule Rule) float64 {
	if a.CandidateSteps == 0 {
		return math.NaN()
	}
	return a.CandidateSeconds * rule.ExtraSteps / float64(a.CandidateSteps)
}
