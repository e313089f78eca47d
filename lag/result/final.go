package result

import (
	"fmt"
	"math"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
)

// FinalSteps returns the steps of the evaluations of which the final loss of each
// strategy is the mean: the last [Study.FinalEvaluations], or the last alone.
//
// The mean has less noise than one evaluation where the learning rate is constant
// at the end: the loss then wanders from evaluation to evaluation by more than it
// falls. All evaluations use the same validation batches, so what these do not
// tell stays. Where the rate falls to 0, the mean is biased: earlier evaluations
// are of a worse model, and the more so the more a strategy gains from the decay.
func (r *Study) FinalSteps() []int {
	steps := r.EvaluationSteps()
	return steps[max(0, len(steps)-max(1, r.FinalEvaluations)):]
}

// FinalInWords says what the final loss of a strategy is: "the last evaluation" or
// "the mean of the last 3 evaluations".
func (r *Study) FinalInWords() string {
	if r.FinalEvaluations < 2 {
		return "the last evaluation"
	}
	return fmt.Sprintf("the mean of the last %d evaluations", r.FinalEvaluations)
}

// CheckFinalEvaluations returns an error if the final loss cannot be the mean of n
// evaluations of candidates that are evaluated at the steps. The evaluations must come
// after the lag, so that no early loss is a part of the final one.
func CheckFinalEvaluations(n int, steps []int, lag int) error {
	after := 0
	for _, step := range steps {
		if step > lag {
			after++
		}
	}
	switch {
	case n < 0:
		return advice.Value(advice.FinalEvaluations, "is %d; it must not be negative", n)
	case n > 1 && n > after:
		return advice.Value(advice.FinalEvaluations, "is %d; it must be at most %d, because there are only %s after the lag of %s", n, max(after, 1), plain.Count(after, "evaluation"), plain.Count(lag, "step"))
	}
	return nil
}

// checkFinals is [CheckFinalEvaluations] for the study's own evaluations, of which
// there are fewer if no candidate reached the end.
func (r *Study) checkFinals() error {
	if r.complete() == 0 {
		return CheckFinalEvaluations(min(r.FinalEvaluations, 0), nil, r.Lag)
	}
	return CheckFinalEvaluations(r.FinalEvaluations, r.EvaluationSteps(), r.Lag)
}

// setFinals computes the final losses of the strategies that reached the end.
func (r *Study) setFinals() error {
	if err := r.checkFinals(); err != nil {
		return err
	}
	steps := r.FinalSteps()
	for i := range r.Strategies {
		o := &r.Strategies[i]
		if o.Status != StatusComplete || math.IsNaN(o.At(r.Steps)) {
			continue
		}
		sum := 0.0
		for _, step := range steps {
			sum += o.At(step)
		}
		o.Final = Number(sum / float64(len(steps)))
	}
	return nil
}

// final returns a candidate's loss at the end: the final loss, +Inf if it had
// diverged or its device had failed, and NaN if it was not measured.
func (r *Study) final(o Outcome) float64 {
	if r.FinalEvaluations > 1 && o.Status == StatusComplete {
		return float64(o.Final)
	}
	return o.At(r.Steps)
}

// lossAt is [Outcome.At], but the loss at the last step is the final loss.
func (r *Study) lossAt(o Outcome, step int) float64 {
	if step == r.Steps {
		return r.final(o)
	}
	return o.At(step)
}

// last returns the loss at the last evaluation, undefined if the candidate did not
// reach the end.
func (r *Study) last(o Outcome) Number {
	switch {
	case r.FinalEvaluations < 2:
		return o.Final
	case o.Status != StatusComplete:
		return Undefined()
	}
	return Number(o.At(r.Steps))
}

// finalsInWords says that final losses are means; it is empty if they are not.
func (r *Study) finalsInWords() string {
	if r.FinalEvaluations < 2 {
		return ""
	}
	text := fmt.Sprintf("Final losses are means of the last %d evaluations, at the steps %s", r.FinalEvaluations, strings.Join(strings.Fields(strings.Trim(fmt.Sprint(r.FinalSteps()), "[]")), ", "))
	if len(r.Controls) > 0 {
		text += "; trainings from scratch, which are evaluated at other steps, are compared by the last evaluation alone"
	}
	return text + ". "
}
