package report

import (
	"math"
	"regexp"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// TestSweepsTable: for a budget, a line has the rule that costs most within it.
func TestSweepsTable(t *testing.T) {
	rule := func(name string, extra, regret float64) aggregate.Rule {
		return aggregate.Rule{RuleSummary: result.RuleSummary{Rule: name, Regret: result.Number(regret)}, Extra: extra}
	}
	text := Sweeps([]aggregate.Sweep{
		{Name: "lag", Rules: []aggregate.Rule{rule("loss-at-init", 0, 0.3), rule("lag:5", 0.5, 0.1), rule("lag:50", 5, 0.2)}},
		{Name: "halving:2", Rules: []aggregate.Rule{rule("halving:2,15", 1.5, math.Inf(1))}},
		{Name: aggregate.BestOf, Rules: []aggregate.Rule{rule("random", 0, 0.25), rule("best of 2 random", 1, 0.125)}},
	}, 0, 1.5, 10)
	for _, want := range []string{
		`(?m)^regret for at most +0 +1\.5 +10$`,
		`(?m)^lag +0\.3000 \(loss-at-init\) +0\.1000 \(5\) +0\.2000 \(50\)$`,
		`(?m)^halving:2 +– +– \(15\) +– \(15\)$`,
		`(?m)^best of n random +0\.2500 \(1\) +0\.1250 \(2\) +0\.1250 \(2\)$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no line like %s in\n%s", want, text)
		}
	}
}
