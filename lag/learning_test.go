package lag

import (
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestLearningCounts checks that a rule pays for the learning of every
// candidate that it evaluates and does not pick, and of no other.
func TestLearningCounts(t *testing.T) {
	pool := growth.Pool{
		growth.Custom("stack", growth.Map{0, 0}, growth.Copy), growth.Custom("ligo", growth.Map{0, 0}, growth.Copy), growth.Custom("other", growth.Map{0, 0}, growth.Copy),
	}
	pool[1].Learn, pool[2].Learn = &growth.Learning{Steps: 5, Rate: 0.1}, &growth.Learning{Steps: 7, Rate: 0.1}
	grown := selection.NewGrown(growth.Depths{1}, growth.Depths{2}, pool)
	for i, want := range []int{0, 5, 7} {
		if got := grown.Candidates[i].LearnSteps; got != want {
			t.Fatalf("candidate %d learns %d steps, want %d", i, got, want)
		}
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
		_, extra, err := selection.Pick(t.Context(), rule, ranked{grown, 20})
		if err != nil || !slices.Equal(extra, want) {
			t.Errorf("%s: the steps of other candidates are %v, want %v (%v)", text, extra, want, err)
		}
		// A stage pays for the winner's learning too.
		total := total(want)
		if text == "strategy:ligo" {
			total += 5
		}
		if got, err := (plannedStage{rule: rule, pool: pool, grown: grown}).expectedExtra(20); err != nil || got != total {
			t.Errorf("%s: the expected extra steps of a stage are %d, want %d (%v)", text, got, total, err)
		}
	}
}
