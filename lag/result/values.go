package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
)

// limit is what a field of a result can contain.
type limit int

const (
	anyNumber limit = iota + 1 // seeds
	count                      // 0 or more
	step                       // training steps
	layer                      // of a layer map
	value                      // a finite number, or null
	cost                       // a value of 0 or more
	message                    // texts with line ends; all others have none
)

// The largest numbers are far above what a computation gives, but what is drawn
// or printed stays finite.
const (
	maxStep  = 1_000_000_000_000
	maxCount = 1 << 53
	maxValue = 1e45 // losses are float32 and at most 3.4e38
)

// limits are the limits of all numbers in results, and of texts that are not
// names, by the type and the name of the field.
var limits = map[string]limit{
	"Study.From": count, "Study.To": count, "Study.EncoderFrom": count, "Study.EncoderTo": count,
	"Study.Steps": step, "Study.Lag": step, "Study.EarlyBatches": count, "Study.FinalEvaluations": count, "Study.LagTime": step, "Study.Seeds": anyNumber, "Study.Warnings": message, "Study.Verdict": message,
	"Source.Steps": step, "Source.Loss": value, "Source.ShuffledLoss": value, "Source.UnigramEntropy": value, "Source.Parameters": count, "Source.FLOPs": cost,
	"Outcome.Map": layer, "Outcome.Encoder": layer, "Outcome.Seed": anyNumber, "Outcome.Final": value, "Outcome.FLOPs": cost,
	"Outcome.LearnSteps": step, "Outcome.RateAtLag": value, "Outcome.DivergedAt": step, "Outcome.FailedAt": step,
	"Point.Step": step, "Point.Loss": value,
	"Signal.Step": step, "Signal.Decay": step, "Signal.Value": value,
	"BatchLosses.Step": step, "BatchLosses.Losses": value,
	"ControlOutcome.Seed": anyNumber, "ControlOutcome.Steps": step, "ControlOutcome.Peak": cost, "ControlOutcome.FLOPs": cost, "ControlOutcome.Final": value, "ControlOutcome.DivergedAt": step,
	"Comparison.Final": value, "Comparison.FLOPs": cost, "Comparison.Difference": value, "Comparison.Error": value, "Comparison.PickFLOPs": cost, "Comparison.BeatenBy": value,
	"Comparison.SweepFLOPs": cost, "ControlRate.Peak": cost, "ControlRate.Final": value, "ControlRate.FLOPs": cost,
	"Correlation.Step": step, "Correlation.Pearson": value, "Correlation.Spearman": value, "Correlation.Kendall": value,
	"Correlation.SpearmanLo": value, "Correlation.SpearmanHi": value, "SignalCorrelation.Decay": step,
	"Pick.Seed": anyNumber, "Pick.ExtraSteps": step, "Pick.ExtraFLOPs": cost, "Pick.Regret": value, "Pick.RegretNorm": value,
	"RuleSummary.ExtraFLOPs": cost, "RuleSummary.Regret": value, "RuleSummary.RegretNorm": value, "RuleSummary.Hit1": value, "RuleSummary.Hit3": value,
	"Noise.Strategies": value, "Noise.Seeds": value, "Noise.Ratio": value,
	"Noise.PairError": value, "Noise.PairErrorAtLag": value, "Noise.Separable": value, "Noise.SeparableAtLag": value,
	"Pair.Difference": value, "Pair.Error": value,
	"Failure.Seed": anyNumber, "Failure.Steps": step, "Failure.Error": message,

	"Stacking.Budget": cost, "Stacking.UnigramEntropy": value, "Stacking.Seeds": anyNumber, "Stacking.Warnings": message, "Stacking.Verdict": message,
	"Stage.Depths": count, "Stage.Steps": step,
	"ArmOutcome.Seed": anyNumber, "ArmOutcome.Final": value, "ArmOutcome.FLOPs": cost, "ArmOutcome.ExtraFLOPs": cost,
	"StageOutcome.Depths": count, "StageOutcome.Steps": step, "StageOutcome.Candidates": count, "StageOutcome.ExtraSteps": step, "StageOutcome.LearnSteps": step,
	"StageOutcome.Map": layer, "StageOutcome.Encoder": layer, "StageOutcome.Loss": value,
	"StackingPoint.Step": step, "StackingPoint.FLOPs": cost, "StackingPoint.Loss": value,
	"ArmSummary.Final": value, "ArmSummary.FLOPs": cost, "ArmSummary.Difference": value, "ArmSummary.Error": value,

	"DownstreamTask.Train": count, "DownstreamTask.Test": count, "DownstreamTask.Groups": count, "DownstreamTask.Baseline": value,
	"DownstreamScore.Seed": anyNumber, "DownstreamScore.Score": value, "DownstreamScore.Lo": value, "DownstreamScore.Hi": value, "DownstreamScore.Halves": value,
}

// checkValues returns an error if a number or a text of a result is impossible
// to draw, such as a text with control characters, which a terminal would obey.
// path names the value in the error, and field is its key in limits.
func checkValues(path, field string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		return nil
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return checkValues(path, field, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if f.Anonymous {
				name = path
			} else {
				name = strings.TrimPrefix(path+"."+name, ".")
			}
			if err := checkValues(name, v.Type().Name()+"."+f.Name, v.Field(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkValues(fmt.Sprintf("%s[%d]", path, i), field, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.String:
		return checkText(path, v.String(), limits[field] == message)
	case reflect.Int, reflect.Int64:
		return checkInt(path, v.Int(), limits[field])
	case reflect.Float64:
		return checkFloat(path, v.Float(), limits[field])
	}
	return fmt.Errorf("%s is a %s, which results do not have", path, v.Kind())
}

func checkInt(path string, n int64, l limit) error {
	least, most := int64(0), int64(maxCount)
	switch l {
	case anyNumber:
		return nil
	case count:
	case step:
		most = maxStep
	case layer:
		least = growth.New
	default:
		return fmt.Errorf("%s has no limit", path)
	}
	if n < least || n > most {
		return fmt.Errorf("%s is %d, outside [%d, %d]", path, n, least, most)
	}
	return nil
}

func checkFloat(path string, x float64, l limit) error {
	switch {
	case l != value && l != cost:
		return fmt.Errorf("%s has no limit", path)
	case math.Abs(x) > maxValue: // false for NaN, which stands for null
		return fmt.Errorf("%s is %g, which is not possible", path, x)
	case l == cost && x < 0:
		return fmt.Errorf("%s is %g, a cost below 0", path, x)
	}
	return nil
}

// checkText returns an error if a text cannot be printed.
func checkText(path, text string, isMessage bool) error {
	if isMessage && plain.IsMessage(text) || !isMessage && plain.IsText(text) {
		return nil
	}
	return fmt.Errorf("%s is %q, which has unprintable characters", path, text)
}

// within returns an error unless a number that is not null is in a range.
func within(what string, value Number, low, high float64) error {
	const rounding = 1e-9
	if x := float64(value); x < low-rounding || x > high+rounding {
		return fmt.Errorf("%s is %g, outside [%g, %g]", what, x, low, high)
	}
	return nil
}

// checkCorrelation checks the ranges of a correlation and its interval.
func checkCorrelation(what string, c Correlation) error {
	for _, v := range []Number{c.Pearson, c.Spearman, c.Kendall, c.SpearmanLo, c.SpearmanHi} {
		if err := within("the correlation of "+what, v, -1, 1); err != nil {
			return err
		}
	}
	if c.Step < 0 {
		return fmt.Errorf("the correlation of %s is at step %d", what, c.Step)
	}
	if c.SpearmanLo > c.SpearmanHi+1e-9 {
		return fmt.Errorf("the interval of the correlation of %s is from %g to %g", what, float64(c.SpearmanLo), float64(c.SpearmanHi))
	}
	return nil
}

// checkAnalysis checks the ranges of what was computed from the outcomes of a
// study.
func (r *Study) checkAnalysis() error {
	for i, c := range r.Correlation {
		if i > 0 && c.Step <= r.Correlation[i-1].Step {
			return fmt.Errorf("the correlations are not in the order of their steps")
		}
		if err := checkCorrelation(fmt.Sprintf("step %d", c.Step), c); err != nil {
			return err
		}
	}
	for _, s := range r.Signals {
		if err := checkCorrelation(s.Describe(), s.Correlation); err != nil {
			return err
		}
	}
	for _, p := range r.Picks {
		if err := errors.Join(within("the regret of rule "+p.Rule, p.Regret, 0, math.Inf(1)), within("the normalized regret of rule "+p.Rule, p.RegretNorm, 0, math.Inf(1))); err != nil {
			return err
		}
	}
	for _, s := range r.Rules {
		if err := within("the regret of rule "+s.Rule, s.Regret, 0, math.Inf(1)); err != nil {
			return err
		}
		for _, hit := range []float64{s.Hit1, s.Hit3} {
			if err := within("the share of hits of rule "+s.Rule, Number(hit), 0, 1); err != nil {
				return err
			}
		}
	}
	for _, c := range r.Comparisons {
		if err := within(fmt.Sprintf("the share of candidates below control %q", c.Control), c.BeatenBy, 0, 1); err != nil {
			return err
		}
	}
	n := r.Noise
	for what, share := range map[string]Number{"at the end": n.Separable, "at the lag": n.SeparableAtLag} {
		if err := within("the share of pairs told apart "+what, share, 0, 1); err != nil {
			return err
		}
	}
	for what, spread := range map[string]Number{"the strategies": n.Strategies, "the seeds": n.Seeds, "a pair": n.PairError, "a pair at the lag": n.PairErrorAtLag, "noise": n.Ratio} {
		if err := within("the spread of "+what, spread, 0, maxValue); err != nil {
			return err
		}
	}
	return nil
}
