package aggregate_test

import (
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

// item returns the item of a checklist with a name.
func item(t *testing.T, groups []aggregate.CheckGroup, what string) aggregate.CheckItem {
	t.Helper()
	for _, g := range groups {
		for _, i := range g.Items {
			if i.What == what {
				return i
			}
		}
	}
	t.Fatalf("the checklist has no item %q", what)
	return aggregate.CheckItem{}
}

// TestChecklist compares the marks of studies that did more and less.
func TestChecklist(t *testing.T) {
	known := aggregate.Account{TokensPerStep: 10, BytesPerToken: 3, CandidateSeconds: 1, CandidateSteps: 1}
	early := synthetic.Result(6, 16, 1)
	early.EarlyBatches = 2
	failed := synthetic.Result(6, 16, 2)
	failed.Strategies[3].Status = result.StatusFailed
	few := synthetic.Result(6, 5, 2)
	few.Source.Loss = 5.5 // about the unigram entropy
	few.Strategies[0].RateAtLag = 0.5
	three := synthetic.Controlled(6, 16, 3)
	edge := synthetic.Swept(6, 16, 1)
	edge.Comparisons[0].Control = edge.Comparisons[0].Rates[0].Control
	for _, c := range []struct {
		name    string
		r       *result.Study
		account aggregate.Account
		want    map[string]aggregate.Mark
	}{
		{"one seed", early, aggregate.Account{}, map[string]aggregate.Mark{
			"source": aggregate.Done, "learning rate at the lag": aggregate.Done, "strategies": aggregate.Done, "training after growing": aggregate.Not, "validation set": aggregate.InPart,
			"tokens": aggregate.Not, "wall time": aggregate.Not, "bits per byte": aggregate.Not, "training from scratch": aggregate.Not,
			"strategies that diverged": aggregate.InPart, "strategies in which the device failed": aggregate.Done, "downstream tasks": aggregate.Not}},
		{"two seeds", failed, known, map[string]aggregate.Mark{
			"training after growing": aggregate.InPart, "strategies in which the device failed": aggregate.InPart, "tokens": aggregate.Done, "wall time": aggregate.Done, "bits per byte": aggregate.Done,
			"validation set": aggregate.Done, "ranking above noise": aggregate.Done}},
		{"few strategies", few, known, map[string]aggregate.Mark{"source": aggregate.InPart, "strategies": aggregate.InPart, "learning rate at the lag": aggregate.InPart}},
		{"three seeds", three, known, map[string]aggregate.Mark{"training after growing": aggregate.Done, "training from scratch": aggregate.InPart, "lag": aggregate.Done, "selection rules": aggregate.Done}},
		{"swept", synthetic.Swept(6, 16, 2), known, map[string]aggregate.Mark{"training from scratch": aggregate.Done}},
		{"at the edge of the sweep", edge, known, map[string]aggregate.Mark{"training from scratch": aggregate.InPart}},
	} {
		groups := aggregate.Checklist(c.r, c.account)
		for what, want := range c.want {
			if got := item(t, groups, what); got.Mark != want || got.Text == "" {
				t.Errorf("%s: %s is %q: %q, want %q", c.name, what, got.Mark, got.Text, want)
			}
		}
		if len(groups) != 5 {
			t.Errorf("%s: %d groups", c.name, len(groups))
		}
		for _, g := range groups {
			for _, i := range g.Items {
				if strings.Contains(i.Text, "NaN") || strings.Contains(i.Text, "%!") || i.What == "" {
					t.Errorf("%s: %+v", c.name, i)
				}
			}
		}
	}
	if got := item(t, aggregate.Checklist(failed, known), "strategies in which the device failed").Text; !strings.Contains(got, failed.Strategies[3].Name) {
		t.Errorf("the strategy that failed is not named: %q", got)
	}
	for r, want := range map[*result.Study]string{
		three:                     "was compared with the learning rate of the candidates, which was not tuned for it; its budget has no probes",
		synthetic.Swept(6, 16, 1): "was compared with the best of 4 learning rates by the final loss, a choice that it has for free (the others cost 22.51 trainings); its budget has LAG's probes",
		edge:                      "was compared with the best of 4 learning rates by the final loss, a choice that it has for free (the others cost 22.51 trainings); the best is the lowest of them, so one outside may be better; its budget has LAG's probes",
	} {
		if got := item(t, aggregate.Checklist(r, known), "training from scratch").Text; got != want {
			t.Errorf("training from scratch %q, want %q", got, want)
		}
	}
	means := synthetic.Result(6, 16, 1)
	means.FinalEvaluations = 3
	for r, want := range map[*result.Study]string{early: "the last evaluation, at step 600, alone", means: "the mean of the last 3 evaluations, from step 400 on"} {
		if got := item(t, aggregate.Checklist(r, known), "final loss").Text; got != want {
			t.Errorf("the final loss is %q, want %q", got, want)
		}
	}
	own := aggregate.CheckItem{Mark: aggregate.Done, What: "own", Text: "text"}
	if got := item(t, aggregate.Checklist(early, known, own), "own"); got != own {
		t.Errorf("a setting became %+v", got)
	}
}
