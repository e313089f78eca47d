package aggregate_test

import (
	"math"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

// TestExpenses compares with sums made by hand.
func TestExpenses(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	a := aggregate.Account{TokensPerStep: 1000, GrownParameters: 800_000, CandidateSeconds: 100, CandidateSteps: 10_000, PretrainSeconds: 30}
	list := a.Expenses(r)
	if len(list) != 3 {
		t.Fatalf("%d parts, want the source, the candidates and LAG's probes: %+v", len(list), list)
	}
	// One of 16 strategies diverges at step 260 of 600, with both seeds.
	steps := 2 * (15*600 + 260)
	for i, want := range []aggregate.Expense{
		{Name: "source", Models: 1, Steps: 3000, Tokens: 3e6, PerParameter: 3e6 / 412_000, FLOPs: r.Source.FLOPs, Seconds: 30},
		{Name: "candidates", Models: 32, Steps: steps, Tokens: 1000 * float64(steps), PerParameter: 1000 * float64(steps) / 32 / 800_000, FLOPs: 7e10 * float64(steps), Seconds: 100},
		{Name: "LAG's probes among them", Models: 30, Steps: 3000, Tokens: 3e6, PerParameter: 1e5 / 800_000, FLOPs: 7e10 * 3000, Seconds: 30},
	} {
		got := list[i]
		for name, pair := range map[string][2]float64{"tokens": {got.Tokens, want.Tokens}, "tokens per parameter": {got.PerParameter, want.PerParameter}, "FLOPs": {got.FLOPs, want.FLOPs}, "seconds": {got.Seconds, want.Seconds}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*pair[1] {
				t.Errorf("%s: %s %v, want %v", want.Name, name, pair[0], pair[1])
			}
		}
		if got.Name != want.Name || got.Models != want.Models || got.Steps != want.Steps {
			t.Errorf("part %d is %+v, want %+v", i, got, want)
		}
	}
	for _, e := range (aggregate.Account{}).Expenses(r) {
		if !math.IsNaN(e.Tokens) || !math.IsNaN(e.Seconds) || !math.IsNaN(e.PerParameter) || e.Steps == 0 {
			t.Errorf("an account that knows nothing says %+v", e)
		}
	}
	r = synthetic.Controlled(6, 16, 1)
	if list = a.Expenses(r); list[len(list)-1].Name != "controls" || list[len(list)-1].Models != 2 {
		t.Errorf("with controls: %+v", list)
	}
	swept := synthetic.Swept(6, 16, 2)
	a.ControlSeconds = 80
	list = a.Expenses(swept)
	all, others := list[len(list)-2], list[len(list)-1]
	if all.Models != 8 || others.Models != 6 || others.FLOPs >= all.FLOPs || 4*others.Steps != 3*all.Steps || others.Seconds != 60 || others.Name != "other learning rates among them" {
		t.Errorf("with a sweep of the controls' rates: %+v, %+v", all, others)
	}
}

func TestBitsPerByte(t *testing.T) {
	a := aggregate.Account{BytesPerToken: 4}
	if got := a.BitsPerByte(8 * math.Ln2); got != 2 {
		t.Errorf("8 bits for 4 bytes are %v bits per byte", got)
	}
	if got := (aggregate.Account{}).BitsPerByte(3); !math.IsNaN(got) {
		t.Errorf("%v bits per byte of unknown bytes", got)
	}
	for _, rule := range aggregate.Rules(synthetic.Result(6, 16, 1)) {
		timed := aggregate.Account{CandidateSeconds: 50, CandidateSteps: 100}
		if got := timed.Seconds(rule); got != rule.ExtraSteps/2 {
			t.Errorf("%s takes %v seconds for %v steps", rule.Rule, got, rule.ExtraSteps)
		}
		if got := a.Seconds(rule); !math.IsNaN(got) {
			t.Errorf("%s takes %v seconds where nothing was timed", rule.Rule, got)
		}
	}
}
