package lag

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/train"
)

func TestEvaluationSteps(t *testing.T) {
	steps := func(lag, T int) []int {
		return Growth{Lag: lag, Schedule: train.Schedule{Steps: T}}.evaluationSteps(nil)
	}
	for _, test := range []struct {
		name string
		got  []int
		want []int
	}{
		{"near ones are left out after the lag", steps(30, 150), []int{0, 1, 2, 5, 10, 20, 30, 60, 90, 120, 150}},
		{"far ones are not", steps(50, 10000), []int{0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 6000, 8000, 10000}},
		{"a late lag", steps(9, 10), []int{0, 1, 2, 4, 5, 6, 8, 9, 10}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestEvaluationsOfPresets: evaluating a candidate costs less than an eighth of
// training it, if a forward pass of a batch costs a quarter of a step.
func TestEvaluationsOfPresets(t *testing.T) {
	for _, name := range []string{"quick", "bert", "ul2"} {
		c, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		pool, err := c.Pool()
		if err != nil {
			t.Fatal(err)
		}
		rules, err := c.rules(pool)
		if err != nil {
			t.Fatal(err)
		}
		batches := 0
		for _, step := range c.Growth.evaluationSteps(rules) {
			if early := c.early(); early != nil && step > 0 && step < early.Before {
				batches += early.Batches
			} else {
				batches += c.ValidationBatches
			}
		}
		t.Logf("%s: %d batches for %d steps", name, batches, c.Growth.Schedule.Steps)
		if share := 0.25 * float64(batches) / float64(c.Growth.Schedule.Steps); share > 1./8 {
			t.Errorf("%s evaluates for %.1f%% of a candidate's training", name, 100*share)
		}
	}
}
