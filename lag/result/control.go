package result

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Control is the name of a training from scratch with which a study compares
// growing (after Kaddour et al. 2023, No Train No Gain, arXiv 2307.06440). Its
// model has the grown depth and starts from its own initialization. It follows
// the whole schedule of the candidates.
type Control string

const (
	// ControlScratch costs as many FLOPs as pretraining the source and training
	// one candidate together. The cost of picking that candidate is not
	// included.
	ControlScratch Control = "scratch"
	// ControlScratchSteps takes as many steps as a candidate, on the same
	// batches.
	ControlScratchSteps Control = "scratch-steps"
)

// Controls returns the names of all controls.
func Controls() []Control { return []Control{ControlScratch, ControlScratchSteps} }

// ControlOutcome is the outcome of a control with one seed.
type ControlOutcome struct {
	Name       Control `json:"name"`
	Seed       int64   `json:"seed"`
	Steps      int     `json:"steps"` // planned
	FLOPs      float64 `json:"flops"` // spent
	Curve      []Point `json:"curve"` // validation loss
	Final      Number  `json:"final"` // validation loss at the end, nats; null if it did not reach the end
	Status     Status  `json:"status"`
	DivergedAt *int    `json:"diverged_at,omitempty"`
}

// Comparison compares a control with LAG's picks, over the seeds.
type Comparison struct {
	Control    Control `json:"control"`
	Final      Number  `json:"final"`      // mean, nats; null if it did not reach the end with some seed
	FLOPs      float64 `json:"flops"`      // mean
	Difference Number  `json:"difference"` // mean final loss minus that of LAG's picks, nats; null if one of them did not reach the end
	Error      Number  `json:"error"`      // standard error of the difference, paired by seed; null for one seed
	PickFLOPs  float64 `json:"pick_flops"` // mean that LAG spent on other candidates
	BeatenBy   Number  `json:"beaten_by"`  // share of the completed candidates with a lower final loss
}

// compare computes the comparisons of the controls with LAG's picks. The picks
// must be known.
func (r *Study) compare() {
	r.Comparisons = nil
	perSeed := len(r.Controls) / max(len(r.Seeds), 1)
	for i := range perSeed {
		c := Comparison{Control: r.Controls[i].Name, Error: Undefined()}
		var finals, differences []float64
		var lower, ended float64
		for k, seed := range r.Seeds {
			o := r.Controls[i+k*perSeed]
			c.FLOPs += o.FLOPs / float64(len(r.Seeds))
			for _, candidate := range r.Under(k) {
				if candidate.Status == StatusComplete {
					ended++
					if candidate.Final < o.Final {
						lower++
					}
				}
			}
			finals = append(finals, float64(o.Final))
			picked, pick := r.PickUnder(RuleLAG, seed)
			differences = append(differences, float64(o.Final-picked.Final))
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
		r.Comparisons = append(r.Comparisons, c)
	}
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

// controlsInWords describes the comparisons with the controls; it is empty if
// there are none.
func (r *Study) controlsInWords() (text string) {
	for _, c := range r.Comparisons {
		cost := "for what the source and one candidate cost"
		if c.Control == ControlScratchSteps {
			cost = "in as many steps as a candidate"
		}
		text += fmt.Sprintf(" From scratch, %s, the deep model ", cost)
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
		if full := r.TrainingFLOPs(); c.PickFLOPs > 0 && full > 0 {
			text += fmt.Sprintf(", whose probes cost %.2f trainings more", c.PickFLOPs/full)
		}
		text += fmt.Sprintf("; %.0f%% of the candidates end lower than from scratch.", 100*float64(c.BeatenBy))
	}
	return text
}
