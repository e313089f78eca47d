package selection_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/selection"
)

// TestFunc checks that a function sees the losses at its steps, that its index is the
// pick, and what that costs.
func TestFunc(t *testing.T) {
	c := recorded()
	want, err := c.Losses(t.Context(), []int{0, 1, 2}, 20)
	if err != nil {
		t.Fatal(err)
	}
	var seen [][]float64
	rule := selection.Func{Name: "own", At: []int{10, 20}, Choose: func(losses [][]float64) int {
		seen = losses
		return 2
	}}
	choice, extra, err := selection.Pick(t.Context(), rule, c)
	if err != nil || choice.Index != 2 || !reflect.DeepEqual(extra, []int{20, 20, 0}) {
		t.Errorf("it picks %d at a cost of %v, %v", choice.Index, extra, err)
	}
	for i, losses := range seen {
		if len(losses) != 2 || losses[1] != want[i] && !math.IsInf(losses[1], 1) {
			t.Errorf("candidate %d: losses %v, want %v at the end", i, losses, want[i])
		}
	}
	if got := rule.Evaluations(100); !reflect.DeepEqual(got, []int{10, 20}) {
		t.Errorf("it needs losses at %v", got)
	}

	rule.Choose = func([][]float64) int { return -7 }
	if choice, _, err := selection.Pick(t.Context(), rule, c); err != nil || choice.Index != -1 {
		t.Errorf("none: it picks %d, %v", choice.Index, err)
	}
	rule.Choose = func([][]float64) int { return 3 }
	if _, _, err := selection.Pick(t.Context(), rule, c); err == nil || !strings.Contains(err.Error(), "returned 3, but there are 3") {
		t.Errorf("an index that is too large: %v", err)
	}
	for want, bad := range map[string]selection.Func{
		"needs a name":           {At: rule.At, Choose: rule.Choose},
		"needs a name, steps":    {Name: "own", Choose: rule.Choose},
		"steps and the function": {Name: "own", At: rule.At},
		"ascending order":        {Name: "own", At: []int{20, 20}, Choose: rule.Choose},
		"not before the end":     {Name: "own", At: []int{c.Steps()}, Choose: rule.Choose},
	} {
		if _, _, err := selection.Pick(t.Context(), bad, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}
