package lag

import (
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestLearningCounts: a rule pays for the learning of every candidate that it
// looks at and does not pick, and for no other.
func TestLearningCounts(t *testing.T) {
	pool := growth.Pool{
		growth.Custom("stack", growth.Map{0, 0}, growth.Copy), growth.Custom("ligo", growth.Map{0, 0}, growth.Copy), growth.Custom("other", growth.Map{0, 0}, growth.Copy),
	}
	pool[1].Learn, pool[2].Learn = &growth.Learning{Steps: 5, Rate: 0.1}, &growth.Learning{Steps: 7, Rate: 0.1}
	learn := learnSteps(pool)
	if !slices.Equal(learn, []int{0, 5, 7}) {
		t.Fatalf("the pool learns %v steps", learn)
	}
	for text, want := range map[string][]int{
		"loss-at-init":   {0, 5, 7},
		"lag:3":          {0, 3 + 5, 3 + 7},
		"decay:2,1":      {1, 2 + 1 + 5, 2 + 1 + 7},
		"strategy:stack": {0, 0, 0},
		"strategy:ligo":  {0, 0, 0},
	} {
		rule, err := selection.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		_, extra, err := pick(t.Context(), rule, ranked{pool, 20}, learn)
		if err != nil || !slices.Equal(extra, want) {
			t.Errorf("%s: the steps beside the winner's are %v, want %v (%v)", text, extra, want, err)
		}
		// A stage pays for the winner's learning too.
		total := total(want)
		if text == "strategy:ligo" {
			total += 5
		}
		if got, err := (segment{rule: rule, pool: pool}).expectedExtra(20); err != nil || got != total {
			t.Errorf("%s: a stage is expected to spend %d steps beside training, want %d (%v)", text, got, total, err)
		}
	}
}

// TestLearningIsNoTraining: the learning of a candidate is in its cost, but not
// in that of a training step.
func TestLearningIsNoTraining(t *testing.T) {
	plain, ligo := outcome("plain", 5, 4, 3, 2, 1), outcome("ligo", 5, 4, 3, 2, 1)
	ligo.LearnSteps = 20
	ligo.FLOPs += 20 * analyzeFLOPs
	for i := range 2 {
		if got := stepFLOPs([]Outcome{plain, ligo}, i); got != analyzeFLOPs {
			t.Errorf("a step of candidate %d takes %g FLOPs, want %g", i, got, float64(analyzeFLOPs))
		}
	}
}
