package selection_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/selection"
)

var canonical = []string{"lag:30", "loss-at-init", "random:18446744073709551615", "strategy:in-place-1@0", "strategy:a:b,c d",
	"stack-last", "midas", "top:3,30", "top:3,0", "halving:3,10", "power-law:3", "decay:24,6", "decay:0,1", "race:2,15", "race:0,1", "oracle"}

var impossible = []string{"", "lag", "lag:", "lag:0", "lag:-1", "lag:x", "lag:1,2", "lag: 3", "LAG:3", "loss-at-init:3", "random", "random:-1",
	"random:x", "strategy", "strategy:", "stack-last:2", "top:0,30", "top:3", "top:3,-1", "halving:1,10", "halving:2,0", "halving:2",
	"power-law:2", "decay:10", "decay:10,0", "decay:-1,5", "oracle:", "best", "race:2", "race:-1,5", "race:2,0", "race:70,1"}

func TestParse(t *testing.T) {
	for _, s := range canonical {
		if r := parse(t, s); r.String() != s {
			t.Errorf("%q becomes %q", s, r)
		}
	}
	for _, s := range impossible {
		if r, err := selection.Parse(s); err == nil || r != nil {
			t.Errorf("%q is read as %v, error %v", s, r, err)
		}
	}
}

func TestAll(t *testing.T) {
	for _, w := range []struct{ lag, steps, want int }{{30, 200, 10}, {1, 2, 9}, {2, 3, 9}, {3, 4, 10}} {
		rules := selection.All(w.lag, w.steps)
		if len(rules) != w.want {
			t.Errorf("%d rules for a lag of %d steps, want %d: %v", len(rules), w.lag, w.want, rules)
		}
		for _, r := range rules {
			if err := r.Validate(w.steps); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzParse checks that parsed rules are formatted the same way, and that all
// their methods work.
func FuzzParse(f *testing.F) {
	for _, s := range append(canonical, impossible...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := selection.Parse(s)
		if err != nil {
			return
		}
		again, err := selection.Parse(r.String())
		if err != nil || again != r {
			t.Errorf("%q becomes %q, which becomes %v, error %v", s, r, again, err)
		}
		r.Evaluations(1 << 20)
		r.Branches()
	})
}

// TestDefault: the default rules need no evaluation that a study does not make anyway,
// besides those of the lag's other rules, and there is no power law among them.
func TestDefault(t *testing.T) {
	series := []int{0, 1, 2, 5, 10, 20, 50, 100, 200, 500}
	for _, lag := range []int{1, 2, 3, 7, 9, 10, 15, 19, 20, 30, 50, 99, 199, 200, 500} {
		steps := 10 * lag
		rules := selection.Default(lag, steps)
		if first, last := rules[0].String(), rules[len(rules)-1].String(); first != fmt.Sprintf("lag:%d", lag) || last != "oracle" {
			t.Errorf("lag %d: the rules are %v", lag, rules)
		}
		races := 0
		for _, r := range rules {
			switch r := r.(type) {
			case selection.PowerLaw:
				t.Errorf("lag %d has the rule %s", lag, r)
			case selection.Race:
				races++
				for _, step := range r.Evaluations(steps) {
					if step > lag || !slices.Contains(series, step) {
						t.Errorf("lag %d: %s looks at step %d", lag, r, step)
					}
				}
				if r.First < 5 && lag >= 10 || 10*r.First*(1<<r.Doublings) <= lag {
					t.Errorf("lag %d: %s looks last at step %d", lag, r, r.First<<r.Doublings)
				}
			}
		}
		if races != min(lag-1, 1) { // after one step a race is LAG
			t.Errorf("lag %d has %d races: %v", lag, races, rules)
		}
	}
	if rules := selection.Default(1, 1); slices.ContainsFunc(rules, func(r selection.Rule) bool { _, is := r.(selection.Race); return is }) {
		t.Errorf("a training of one step has the rules %v", rules)
	}
}
