package aggregate

import (
	"fmt"
	"math"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/result"
)

// Mark says how far a study did what a reader would ask of it.
type Mark string

const (
	Done   Mark = "done"
	InPart Mark = "in part"
	Not    Mark = "not done"
)

// CheckItem is one line of a checklist.
type CheckItem struct {
	Mark Mark
	What string // what is asked, in a few words
	Text string // what the study did, in a sentence or a few words
}

// CheckGroup is a part of a checklist.
type CheckGroup struct {
	Title string
	Items []CheckItem
}

// Checklist says what a study fixed, swept, seeded, counted and left out, from
// its result, its account and its settings, which are items for the first group
// that only the configuration knows.
func Checklist(r *result.Study, a Account, settings ...CheckItem) []CheckGroup {
	return []CheckGroup{
		{"Fixed: the same for all strategies", append(fixed(r), settings...)},
		{"Swept", swept(r)},
		{"Seeded", seeded(r)},
		{"Counted", counted(r, a)},
		{"Left out", leftOut(r)},
	}
}

// when returns Done if a condition holds.
func when(holds bool, otherwise Mark) Mark {
	if holds {
		return Done
	}
	return otherwise
}

func fixed(r *result.Study) []CheckItem {
	source := fmt.Sprintf("one model of %s and %s, pretrained for %s, with a loss of %.3f nats", From(r).Layers(), plain.Count(r.Source.Parameters, "parameter"), plain.Count(r.Source.Steps, "step"), float64(r.Source.Loss))
	if !r.Source.LeftPlateau() {
		source += "; it is still on the unigram plateau"
	}
	items := []CheckItem{
		{when(r.Source.LeftPlateau(), InPart), "source", source},
		{Done, "training", fmt.Sprintf("%s after growing, on the same batches in the same order for each seed, with engine %s", plain.Count(r.Steps, "step"), r.Backend)},
	}
	rates := make(map[float64]bool)
	for _, o := range r.Strategies {
		rates[o.RateAtLag] = true
	}
	if len(rates) == 1 {
		items = append(items, CheckItem{Done, "learning rate at the lag", "the same for all strategies"})
	} else {
		items = append(items, CheckItem{InPart, "learning rate at the lag", fmt.Sprintf("%d different ones, because strategies have schedules of their own", len(rates))})
	}
	if n := r.FinalEvaluations; n > 1 {
		items = append(items, CheckItem{Done, "final loss", fmt.Sprintf("%s, from step %d on", r.FinalInWords(), r.FinalSteps()[0])})
	} else {
		items = append(items, CheckItem{Done, "final loss", fmt.Sprintf("%s, at step %d, alone", r.FinalInWords(), r.Steps)})
	}
	validation := "one fixed set"
	if n := r.ValidationBatches(r.Steps); n > 0 {
		validation += " of " + plain.Count(n, "batch")
	}
	if n := r.EarlyBatches; n > 0 {
		return append(items, CheckItem{InPart, "validation set", fmt.Sprintf("%s; %s of it between step 0 and the lag", validation, plain.Count(n, "batch"))})
	}
	return append(items, CheckItem{Done, "validation set", validation + ", the same at all steps"})
}

func swept(r *result.Study) []CheckItem {
	items := []CheckItem{
		{when(r.PoolSize() >= 12, InPart), "strategies", fmt.Sprintf("%d ways to grow from %s to %s layers", r.PoolSize(), Join(From(r)), Join(To(r)))},
		{when(len(r.EvaluationSteps()) > 4, InPart), "lag", fmt.Sprintf("rules can be replayed at %s up to step %d; LAG picks at %d", plain.Count(len(r.EvaluationSteps()), "step"), r.Steps, r.Lag)},
	}
	var rules []string
	for _, s := range r.Rules {
		rules = append(rules, s.Rule)
	}
	items = append(items, CheckItem{when(len(rules) > 1, Not), "selection rules", strings.Join(rules, ", ")})
	return append(items,
		CheckItem{Not, "learning rate", "one for all strategies: a rate of its own may change the place of each"},
		CheckItem{Not, "size, depth, length of pretraining", "one of each: what holds here need not hold for others"})
}

func seeded(r *result.Study) []CheckItem {
	n := len(r.Seeds)
	after := fmt.Sprintf("%s for batches, masks, dropout and new layers", plain.Count(n, "seed"))
	mark := Done
	switch {
	case n < 2:
		mark, after = Not, after+": how much of the ranking is noise of the seed was not measured"
	case n < 3:
		mark = InPart
	}
	items := []CheckItem{
		{mark, "training after growing", after},
		{Not, "source", "one seed: how much depends on the source was not measured"},
		{Done, "statistics", "random numbers of tests and resamples have a fixed seed, so that the analysis can be repeated"},
	}
	if ratio := float64(r.Noise.Ratio); !math.IsNaN(ratio) {
		items = append(items, CheckItem{when(!r.Noise.IsNoise, InPart), "ranking above noise", fmt.Sprintf("strategies spread %.1f times as far as one strategy between seeds", ratio)})
	}
	return items
}

func counted(r *result.Study, a Account) []CheckItem {
	items := []CheckItem{
		{Done, "compute", "FLOPs of all training steps, those of probes that are not picked and of coefficients that are learned included"},
		{Not, "evaluations", fmt.Sprintf("%s of each candidate, not in the costs", plain.Count(len(r.EvaluationSteps()), "evaluation"))},
		{when(a.TokensPerStep > 0, Not), "tokens", known(a.TokensPerStep > 0, "of the source and of the candidates, also per parameter")},
		{when(a.CandidateSeconds > 0, Not), "wall time", known(a.CandidateSeconds > 0, "of the runs that are in the directory")},
		{when(a.KnowsBytes(), Not), "bits per byte", known(a.KnowsBytes(), "beside nats per token")},
	}
	pairError, separable := float64(r.Noise.PairError), float64(r.Noise.Separable)
	if math.IsNaN(pairError) {
		items = append(items, CheckItem{Not, "error of the validation set", "not measured"})
	} else {
		items = append(items, CheckItem{Done, "error of the validation set", fmt.Sprintf("%.4f nats for a difference of two final losses; %.0f%% of the pairs differ by more than two such errors", pairError, 100*separable)})
	}
	return append(items, CheckItem{Done, "uncertainty", "95% intervals of correlations and decisions, over strategies" + known(len(r.Seeds) > 1, " and seeds", " of this seed") + "; not corrected for the number of steps and pairs"})
}

func leftOut(r *result.Study) []CheckItem {
	none := func(names []string, what, found, no string) CheckItem {
		if len(names) == 0 {
			return CheckItem{Done, what, no}
		}
		return CheckItem{InPart, what, fmt.Sprintf("%s: %s", found, strings.Join(names, ", "))}
	}
	items := []CheckItem{
		none(stoppedAs(r, result.StatusDiverged), "strategies that diverged", "they count as the worst", "none"),
		none(stoppedAs(r, result.StatusFailed), "strategies in which the device failed", "they are in no statistic", "none"),
	}
	items = append(items, fromScratch(r))
	return append(items, CheckItem{Not, "downstream tasks", "only the validation loss was measured"},
		CheckItem{Not, "other data", "all losses are on one corpus"})
}

// fromScratch says how far training from scratch was compared. It is done if a control
// costs what growing with LAG costs in all, at the best of several learning rates that
// enclose it.
func fromScratch(r *result.Study) CheckItem {
	item := CheckItem{Not, "training from scratch", "was not compared"}
	if len(r.Comparisons) == 0 {
		return item
	}
	// Say what is true of the control that does most of what is asked.
	best, most := r.Comparisons[0], -1
	for _, c := range r.Comparisons {
		score := 0
		if c.Control.Kind() == result.ControlScratchProbes {
			score += 4
		}
		if len(c.Rates) > 1 {
			score += 2
			if c.Edge() == "" {
				score++
			}
		}
		if score > most {
			best, most = c, score
		}
	}
	text := "was compared with the learning rate of the candidates, which was not tuned for it"
	if n := len(best.Rates); n > 1 {
		text = fmt.Sprintf("was compared with the best of %d learning rates by the final loss, a choice that it has for free", n)
		if full := r.TrainingFLOPs(); best.SweepFLOPs > 0 && full > 0 {
			text += fmt.Sprintf(" (the others cost %s)", Cost(best.SweepFLOPs, full))
		}
		if edge := best.Edge(); edge != "" {
			text += fmt.Sprintf("; the best is the %s of them, so one outside may be better", edge)
		}
	}
	if best.Control.Kind() == result.ControlScratchProbes {
		text += "; its budget has LAG's probes"
	} else {
		text += "; its budget has no probes"
	}
	return CheckItem{when(most == 7 && !math.IsNaN(float64(best.Final)), InPart), item.What, text}
}

// stoppedAs returns the strategies that ended in a way with some seed.
func stoppedAs(r *result.Study, status result.Status) (names []string) {
	for i := range r.PoolSize() {
		for seed := range r.Seeds {
			if o := r.Under(seed)[i]; o.Status == status {
				names = append(names, o.Name)
				break
			}
		}
	}
	return names
}

// known returns a text, or another if it is not known.
func known(is bool, text string, otherwise ...string) string {
	switch {
	case is:
		return text
	case len(otherwise) > 0:
		return otherwise[0]
	}
	return "not known"
}
