package result

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// Control is the name of a training from scratch with which a study compares
// growing (after Kaddour et al. 2023, No Train No Gain, arXiv 2307.06440). Its
// model has the grown depth and starts from its own initialization. It follows
// the whole schedule of the candidates.
//
// A name is a kind, such as "scratch", or a kind with a peak learning rate of its
// own, such as "scratch@0.003", see [Control.WithPeak]. Controls of one kind that
// differ only in their rates are a sweep.
type Control string

const (
	// ControlScratch costs as many FLOPs as pretraining the source and training
	// one candidate together. The cost of picking that candidate is not
	// included.
	ControlScratch Control = "scratch"
	// ControlScratchSteps takes as many steps as a candidate, on the same
	// batches.
	ControlScratchSteps Control = "scratch-steps"
	// ControlScratchProbes costs as many FLOPs as growing with LAG does in all:
	// pretraining the source, training one candidate, and the steps that LAG
	// spends on the other candidates, as if none diverged.
	ControlScratchProbes Control = "scratch-probes"
)

// Controls returns the kinds of controls.
func Controls() []Control {
	return []Control{ControlScratch, ControlScratchSteps, ControlScratchProbes}
}

// WithPeak returns the name of a control of the same kind with a peak learning rate
// of its own.
func (c Control) WithPeak(peak float64) Control {
	return c.Kind() + "@" + Control(strconv.FormatFloat(peak, 'g', -1, 64))
}

// Kind returns the name without a peak learning rate.
func (c Control) Kind() Control {
	kind, _, _ := strings.Cut(string(c), "@")
	return Control(kind)
}

// Peak returns the peak learning rate in the name, or 0 if it has none, which means
// that of the candidates. It returns an error if it is not a positive number.
func (c Control) Peak() (float64, error) {
	_, text, ok := strings.Cut(string(c), "@")
	if !ok {
		return 0, nil
	}
	peak, err := strconv.ParseFloat(text, 64)
	if err != nil || !(peak > 0) || math.IsInf(peak, 0) {
		return 0, fmt.Errorf("control %q has the peak learning rate %q; write a positive number after the @, as in %q", string(c), text, string(c.WithPeak(0.001)))
	}
	return peak, nil
}

// ControlOutcome is the outcome of a control with one seed.
type ControlOutcome struct {
	Name       Control `json:"name"`
	Seed       int64   `json:"seed"`
	Steps      int     `json:"steps"`          // planned
	Peak       float64 `json:"peak,omitempty"` // peak learning rate; 0 in a study whose controls have no rates of their own, where it is that of the candidates
	FLOPs      float64 `json:"flops"`          // spent
	Curve      []Point `json:"curve"`          // validation loss
	Final      Number  `json:"final"`          // validation loss at the end, nats; null if it did not reach the end
	Status     Status  `json:"status"`
	DivergedAt *int    `json:"diverged_at,omitempty"`
}

// Comparison compares the controls of one kind with LAG's picks, over the seeds. If
// they are a sweep of the learning rate, it is of the one with the lowest mean final
// loss. That choice is made with the final losses and at no cost, both in favor of
// training from scratch. Controls are evaluated at other steps than candidates, so
// the losses compared are those of the last evaluations, also if the final losses of
// the strategies are means of several.
type Comparison struct {
	Control    Control `json:"control"`    // with the best rate, if there are several
	Final      Number  `json:"final"`      // mean, nats; null if it did not reach the end with some seed
	FLOPs      float64 `json:"flops"`      // mean
	Difference Number  `json:"difference"` // mean final loss minus that of LAG's picks, nats; null if one of them did not reach the end
	Error      Number  `json:"error"`      // standard error of the difference, paired by seed; null for one seed
	PickFLOPs  float64 `json:"pick_flops"` // mean that LAG spent on other candidates
	BeatenBy   Number  `json:"beaten_by"`  // share of the completed candidates with a lower final loss

	Rates      []ControlRate `json:"rates,omitempty"`       // the swept rates, the lowest first; absent if there is one
	SweepFLOPs float64       `json:"sweep_flops,omitempty"` // mean spent on the other rates, in addition to FLOPs
}

// ControlRate is one rate of a sweep.
type ControlRate struct {
	Control Control `json:"control"`
	Peak    float64 `json:"peak"`  // peak learning rate
	Final   Number  `json:"final"` // mean over the seeds, nats; null if it did not reach the end with some seed
	FLOPs   float64 `json:"flops"` // mean
}

// compare computes the comparisons of the controls with LAG's picks, one for each
// kind of control. The picks must be known.
func (r *Study) compare() {
	r.Comparisons = nil
	perSeed := len(r.Controls) / max(len(r.Seeds), 1)
	var kinds []Control
	of := make(map[Control][]int) // places of the controls of a kind
	for i := range perSeed {
		kind := r.Controls[i].Name.Kind()
		if of[kind] == nil {
			kinds = append(kinds, kind)
		}
		of[kind] = append(of[kind], i)
	}
	for _, kind := range kinds {
		var rates []ControlRate
		best := 0
		for k, i := range of[kind] {
			rate := ControlRate{Control: r.Controls[i].Name, Peak: r.Controls[i].Peak}
			for seed := range r.Seeds {
				o := r.Controls[i+seed*perSeed]
				rate.Final += o.Final / Number(len(r.Seeds))
				rate.FLOPs += o.FLOPs / float64(len(r.Seeds))
			}
			if k > 0 && below(rate.Final, rates[best].Final) {
				best = k
			}
			rates = append(rates, rate)
		}
		c := r.compareOne(of[kind][best])
		if len(rates) > 1 {
			for k, rate := range rates {
				if k != best {
					c.SweepFLOPs += rate.FLOPs
				}
			}
			slices.SortStableFunc(rates, func(a, b ControlRate) int { return cmp.Compare(a.Peak, b.Peak) })
			c.Rates = rates
		}
		r.Comparisons = append(r.Comparisons, c)
	}
}

// compareOne compares the i-th control with LAG's picks.
func (r *Study) compareOne(i int) Comparison {
	perSeed := len(r.Controls) / len(r.Seeds)
	c := Comparison{Control: r.Controls[i].Name, Error: Undefined()}
	var finals, differences []float64
	var lower, ended float64
	for k, seed := range r.Seeds {
		o := r.Controls[i+k*perSeed]
		c.FLOPs += o.FLOPs / float64(len(r.Seeds))
		for _, candidate := range r.Under(k) {
			if candidate.Status == StatusComplete {
				ended++
				if r.last(candidate) < o.Final {
					lower++
				}
			}
		}
		finals = append(finals, float64(o.Final))
		picked, pick := r.PickUnder(RuleLAG, seed)
		differences = append(differences, float64(o.Final-r.last(picked)))
		c.PickFLOPs += pick.ExtraFLOPs / float64(len(r.Seeds))
	}
	mean, deviation := stat.MeanStdDev(differences, nil)
	c.Final, c.Difference, c.BeatenBy = Number(stat.Mean(finals, nil)), Number(mean), Number(lower/ended)
	if n := len(differences); n > 1 {
		c.Error = Number(deviation / math.Sqrt(float64(n)))
	}
	if math.IsNaN(float64(c.Final)) {
		c.BeatenBy = Undefined()
	}
	return c
}

// PickUnder returns the pick of a rule, or of the first rule of a kind such as
// [RuleLAG], with a seed. If it picked nothing, the outcome has no final loss.
func (r *Study) PickUnder(rule string, seed int64) (Outcome, Pick) {
	first, ok := r.Pick(rule)
	for _, p := range r.Picks {
		if !ok || p.Rule != first.Rule || p.Seed != seed {
			continue
		}
		outcomes := r.Under(slices.Index(r.Seeds, seed))
		if i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Name == p.Strategy }); i >= 0 {
			return outcomes[i], p
		}
	}
	return Outcome{Final: Undefined()}, Pick{}
}

// Edge returns "lowest" or "highest" if the best rate of a sweep is at an end of it,
// so that the sweep does not enclose the best, and otherwise "".
func (c Comparison) Edge() string {
	n := len(c.Rates)
	switch {
	case n < 2 || math.IsNaN(float64(c.Final)):
		return ""
	case c.Rates[0].Control == c.Control:
		return "lowest"
	case c.Rates[n-1].Control == c.Control:
		return "highest"
	}
	return ""
}

// SweepInWords says which rate of a sweep is the best, that its choice is free, and
// what the others cost, in trainings of one candidate to the end, whose FLOPs are
// full. It is empty if there was no sweep, or if no rate got to the end.
func (c Comparison) SweepInWords(full float64) string {
	if len(c.Rates) < 2 || math.IsNaN(float64(c.Final)) {
		return ""
	}
	text := fmt.Sprintf("the best by the final loss of %d peak learning rates (", len(c.Rates))
	best := 0.0
	for i, rate := range c.Rates {
		if i > 0 {
			text += ", "
		}
		final := "not to the end"
		if !math.IsNaN(float64(rate.Final)) {
			final = fmt.Sprintf("%.4f", float64(rate.Final))
		}
		if rate.Control == c.Control {
			best = rate.Peak
		}
		text += fmt.Sprintf("%g: %s", rate.Peak, final)
	}
	text = fmt.Sprintf("at the peak rate %g, %s), a choice that training from scratch has for free", best, text)
	if full > 0 && c.SweepFLOPs > 0 {
		text += fmt.Sprintf(": the other rates cost %.2f trainings more", c.SweepFLOPs/full)
	}
	return text
}

// Budget says what a control costs, to follow "From scratch,".
func (c Comparison) Budget() string {
	switch c.Control.Kind() {
	case ControlScratchSteps:
		return "in as many steps as a candidate"
	case ControlScratchProbes:
		return "for what the source, LAG's probes and one candidate cost"
	}
	return "for what the source and one candidate cost"
}

// controlsInWords describes the comparisons with the controls; it is empty if
// there are none.
func (r *Study) controlsInWords() (text string) {
	full := r.TrainingFLOPs()
	for _, c := range r.Comparisons {
		text += fmt.Sprintf(" From scratch, %s, the deep model ", c.Budget())
		if math.IsNaN(float64(c.Final)) {
			text += "does not get to the end."
			continue
		}
		text += fmt.Sprintf("ends at %.4f nats", float64(c.Final))
		if d := float64(c.Difference); !math.IsNaN(d) {
			side := "above"
			if d < 0 {
				side = "below"
			}
			text += fmt.Sprintf(", %.4f %s LAG's pick", math.Abs(d), side)
		}
		if !math.IsNaN(float64(c.Error)) {
			text += fmt.Sprintf(" (standard error over the seeds %.4f)", float64(c.Error))
		}
		if c.PickFLOPs > 0 && full > 0 && c.Control.Kind() != ControlScratchProbes {
			text += fmt.Sprintf(", whose probes cost %.2f trainings more", c.PickFLOPs/full)
		}
		text += fmt.Sprintf("; %.0f%% of the candidates end lower than from scratch.", 100*float64(c.BeatenBy))
		if sweep := c.SweepInWords(full); sweep != "" {
			text += " That is " + sweep + "."
		}
	}
	return text
}

// below reports whether a loss is lower than another. One that is not defined is the
// highest.
func below(a, b Number) bool {
	return a < b || math.IsNaN(float64(b)) && !math.IsNaN(float64(a))
}
