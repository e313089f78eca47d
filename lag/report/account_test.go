package report

import (
	"math"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

// TestAccount: what is known has its columns, and what is not has none.
func TestAccount(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	known := aggregate.Account{TokensPerStep: 2048, BytesPerToken: 2.5, GrownParameters: 700_000, CandidateSeconds: 95, CandidateSteps: 9000}
	best := aggregate.Strategies(r)[0]
	bits := number(known.BitsPerByte(best.Final), 4)
	for _, c := range []struct {
		account aggregate.Account
		knows   bool
	}{{known, true}, {aggregate.Account{}, false}} {
		page, table, expenses := htmlOf(t, r, Meta{Account: c.account}), TableWith(r, c.account), Expenses(r, c.account)
		if got := strings.Contains(table, "bits/byte") && strings.Contains(table, bits); got != c.knows {
			t.Errorf("bits per byte in the table: %v, want %v:\n%s", got, c.knows, table)
		}
		if got := strings.Contains(page, "<th class=\"n\">bits/byte") && strings.Contains(page, bits); got != c.knows {
			t.Errorf("bits per byte in the page: %v, want %v", got, c.knows)
		}
		if got := strings.Contains(expenses, "1m35s") && strings.Contains(expenses, "6.14e+06"); got != c.knows {
			t.Errorf("time and tokens: %v, want %v:\n%s", got, c.knows, expenses)
		}
		if !strings.Contains(page, "What it took") {
			t.Error("the page does not say what the study took")
		}
	}
	settings := aggregate.CheckItem{Mark: aggregate.Done, What: "text", Text: "corpus <b>go</b>"}
	page := htmlOf(t, r, Meta{Settings: []aggregate.CheckItem{settings}})
	text := Checklist(aggregate.Checklist(r, aggregate.Account{}, settings))
	for _, want := range []string{"Fixed: the same for all strategies", "Swept", "Seeded", "Counted", "Left out", "how much of the ranking is noise of the seed was not measured", "downstream tasks"} {
		if !strings.Contains(page, want) || !strings.Contains(text, want) {
			t.Errorf("the checklist lacks %q:\n%s", want, text)
		}
	}
	if !strings.Contains(page, "corpus &lt;b&gt;go") || !strings.Contains(text, "corpus <b>go") {
		t.Error("the checklist lacks a setting, or does not escape it")
	}
	if TableWith(r, aggregate.Account{}) != Table(r) {
		t.Error("an account that knows nothing changes the table")
	}
	for seconds, want := range map[float64]string{math.NaN(): "–", 0.26: "0.3s", 9.94: "9.9s", 59.7: "1m0s", 3601: "1h0m1s"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v seconds are %q, want %q", seconds, got, want)
		}
	}
}
