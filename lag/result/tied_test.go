package result

import (
	"context"
	"strings"
	"testing"
)

// TestTiedAtInit: where strategies share the lowest loss at initialization, a study
// names them and says what the choice between them is worth.
func TestTiedAtInit(t *testing.T) {
	a := outcome("a", 3, 3.2, 3, 3, 3, 3, 3, 2.5)
	b := outcome("b", 3, 3.2, 3, 3, 3, 3, 3, 2.25)
	c := outcome("c", 3.5, 3.2, 3, 3, 3, 3, 3, 2.0)
	diverged := outcome("d", 3, 3.2)
	find := func(r *Study) string {
		for _, w := range r.Warnings {
			if strings.HasPrefix(w, "At initialization ") {
				return w
			}
		}
		return ""
	}
	if w := find(analyzed(t, a, c, b, diverged)); !strings.Contains(w, "2 strategies have the lowest loss") || !strings.Contains(w, "computes: a, b.") || !strings.Contains(w, "0.2500 nats apart") {
		t.Errorf("the warning is %q", w)
	}
	r := analyzed(t, a, c, b)
	r.Source.Loss = 2.9
	if err := r.Analyze(context.Background(), analyzeRules); err != nil {
		t.Fatal(err)
	}
	if w := find(r); !strings.Contains(w, "begin as the same function: a, b.") {
		t.Errorf("of strategies that do not keep the source's loss the warning is %q", w)
	}
	if w := find(analyzed(t, a, c, diverged)); w != "" {
		t.Errorf("one strategy is tied with itself: %q", w)
	}
}
