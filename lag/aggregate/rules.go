package aggregate

import (
	"fmt"
	"math"
	"strings"

	"github.com/landscape-aware/growing/lag/result"
)

// Rule is a selection rule of a study over the seeds.
type Rule struct {
	result.RuleSummary
	IsLAG   bool      // LAG, with any lag
	Own     bool      // LAG with the study's lag, or the first if that is not among the rules
	Choices string    // description of its picks
	Regrets []float64 // with each seed

	ExtraSteps float64 // mean of the extra training steps over the seeds
	Extra      float64 // mean extra cost in trainings of one candidate; NaN if no candidate was completed
	Cost       string  // Extra in words
}

// Rules returns the rules in the order of the study.
func Rules(r *result.Study) []Rule {
	full := r.TrainingFLOPs()
	lag, _ := r.Rule(result.RuleLAG)
	rules := make([]Rule, 0, len(r.Rules))
	for _, s := range r.Rules {
		kind, _, _ := strings.Cut(s.Rule, ":")
		one := Rule{RuleSummary: s, IsLAG: kind == result.RuleLAG, Own: s.Rule == lag.Rule, Choices: r.Choices(s.Rule), Extra: trainings(s.ExtraFLOPs, full), Cost: Cost(s.ExtraFLOPs, full)}
		for _, p := range r.Picks {
			if p.Rule == s.Rule {
				one.Regrets = append(one.Regrets, float64(p.Regret))
				one.ExtraSteps += float64(p.ExtraSteps) / float64(len(r.Seeds))
			}
		}
		rules = append(rules, one)
	}
	return rules
}

// trainings converts FLOPs to trainings of one candidate to the end.
func trainings(flops, full float64) float64 {
	switch {
	case flops == 0:
		return 0
	case full > 0:
		return flops / full
	}
	return math.NaN()
}

// Cost describes FLOPs as trainings of one candidate to the end.
func Cost(flops, full float64) string {
	switch {
	case flops == 0:
		return "none"
	case full > 0:
		return fmt.Sprintf("%.2f trainings", flops/full)
	}
	return fmt.Sprintf("%.3g FLOPs", flops)
}

// Signal is the correlation of an early signal with the final loss.
type Signal struct {
	result.Correlation
	Name  string
	AtLag bool // the signal is the loss at the lag
}

// Signals returns the correlations of the loss at initialization, the loss at
// the lag and the other early signals.
func Signals(r *result.Study) []Signal {
	var list []Signal
	for _, c := range r.Correlation {
		switch c.Step {
		case 0:
			list = append(list, Signal{Correlation: c, Name: "loss at initialization"})
		case r.Lag:
			list = append(list, Signal{Correlation: c, Name: fmt.Sprintf("loss at the lag, step %d", c.Step), AtLag: true})
		}
	}
	for _, s := range r.Signals {
		list = append(list, Signal{Correlation: s.Correlation, Name: s.Describe()})
	}
	return list
}

// Control is the comparison of training from scratch with LAG's picks.
type Control struct {
	result.Comparison
	Steps      int
	Cost       string // of all its steps
	Probes     string // what LAG spends on other candidates
	Unfinished string // how it did not reach the end, see result.Unfinished
	Sweep      string // what its learning rate was chosen from, see result.Comparison; "" without a sweep
}

// Controls returns the controls of a study.
func Controls(r *result.Study) []Control {
	var list []Control
	full := r.TrainingFLOPs()
	for _, c := range r.Comparisons {
		w := Control{Comparison: c, Probes: Cost(c.PickFLOPs, full), Sweep: c.SweepInWords(full)}
		if c.Control.Kind() == result.ControlScratchProbes {
			w.Probes = "included"
		}
		var statuses []result.Status
		for _, o := range r.Controls {
			if o.Name == c.Control {
				w.Steps, statuses = o.Steps, append(statuses, o.Status)
			}
		}
		w.Cost, w.Unfinished = Cost(float64(w.Steps)*StepFLOPs(r), full), result.Unfinished(statuses...)
		list = append(list, w)
	}
	return list
}

// StepFLOPs returns the cost of a training step of the deep model.
func StepFLOPs(r *result.Study) float64 { return r.TrainingFLOPs() / float64(max(r.Steps, 1)) }
