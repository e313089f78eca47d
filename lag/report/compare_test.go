package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func TestComparison(t *testing.T) {
	one, two := synthetic.Result(6, 16, 1), synthetic.Result(6, 5, 3)
	half := *two
	half.Steps, half.LagTime, half.Rules, half.Picks = two.Steps/2, nil, nil, nil
	c, err := aggregate.Compare(aggregate.Named{Name: "one", Study: one}, aggregate.Named{Name: "<b>two</b>", Study: two}, aggregate.Named{Name: "half", Study: &half})
	if err != nil {
		t.Fatal(err)
	}
	settings := []aggregate.Setting{{Name: "growth.lag", Values: []string{"30", "", strings.Repeat("9", 60)}}}
	text := Comparison(c, settings)
	lag := ruleOf(c.Studies[0], isLAG)
	for _, want := range []string{
		"one", "<b>two</b>", "rho at the lag", strconv.FormatFloat(c.Studies[0].AtLag, 'f', 2, 64), lag.Choices, lag.Cost, number(float64(lag.Regret), 4),
		"never", "growth.lag", "…", c.Notes[0],
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	many := make([]aggregate.Named, 12)
	for i := range many {
		many[i] = aggregate.Named{Name: fmt.Sprintf("the study with the number %d", i), Study: one}
	}
	all, err := aggregate.Compare(many...)
	if err != nil {
		t.Fatal(err)
	}
	text = Comparison(all, nil)
	for _, s := range many {
		if strings.Count(text, s.Name+" ")+strings.Count(text, s.Name+"\n") != 1 {
			t.Errorf("%s is not once in the table:\n%s", s.Name, text)
		}
	}
	table, _, _ := strings.Cut(text, "what rules cost")
	tables := 0
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "─") {
			tables++
		}
		if strings.HasPrefix(line, "─") && utf8.RuneCountInString(line) > widestComparison {
			t.Errorf("a table is %d characters wide", utf8.RuneCountInString(line))
		}
	}
	if n := strings.Count(table, "rho at the lag "); tables < 2 || n != tables {
		t.Errorf("%d tables have the line of a fact %d times:\n%s", tables, n, text)
	}

	var page bytes.Buffer
	if err := ComparisonHTML(&page, c, settings, Meta{Command: "lag compare a b"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"&lt;b&gt;two&lt;/b&gt;", "Correlation curves, regrets against costs", "growth.lag", "lag compare a b", strings.Repeat("9", 60), "Read this first"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "<b>two") {
		t.Error("the name of a study is markup")
	}

	var out bytes.Buffer
	if err := ComparisonCSV(&out, c); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := 1
	for _, r := range []*result.Study{one, two, &half} {
		want += len(r.Correlation)
	}
	last := lines[len(one.Correlation)]
	if len(lines) != want || last[0] != "one" || last[1] != strconv.Itoa(one.Steps) || last[3] != "1" || last[4] != "1" {
		t.Errorf("%d lines, want %d; the last of one is %q", len(lines), want, last)
	}
	var claims bytes.Buffer
	if err := ClaimsCSV(&claims, c); err != nil {
		t.Fatal(err)
	}
	if lines, err = csv.NewReader(&claims).ReadAll(); err != nil || len(lines) != 1+len(c.Studies) {
		t.Fatalf("the claims are %q with error %v", lines, err)
	}
	for i, s := range c.Studies {
		line := lines[i+1]
		if line[0] != s.Name || line[8] != strconv.Itoa(s.Lag) || line[10] != exact(result.Number(s.AtInit)) || line[13] != exact(result.Number(s.AtLag)) || line[17] != exact(ruleOf(s, isLAG).Regret) {
			t.Errorf("the line of %s is %q", s.Name, line)
		}
	}
	var budgets bytes.Buffer
	if err := BudgetsCSV(&budgets, c); err != nil {
		t.Fatal(err)
	}
	if lines, err = csv.NewReader(&budgets).ReadAll(); err != nil || len(lines) < 10 || lines[1][0] != "own lag" || lines[1][2] != "1" || lines[1][5] != "0" {
		t.Errorf("what rules cost is %q with error %v", lines, err)
	}
	if text := Comparison(c, nil); !strings.Contains(text, "LAG with the study's own lag") || !strings.Contains(text, "race:2, first look at ") || !strings.Contains(text, "power-law, last look at ") {
		t.Errorf("the table of what rules cost is not in the comparison:\n%s", text)
	}
	for i, seeds := range [][]int64{{1, 2}, {3, 4}} {
		r := synthetic.Result(uint64(6+i), 16, 2)
		r.Seeds = seeds
		c.Studies[i].Study = r
	}
	c, err = aggregate.Compare(c.Studies[0].Named, c.Studies[1].Named)
	if err != nil {
		t.Fatal(err)
	}
	sources := []aggregate.Setting{{Name: "seed", Values: []string{"1", "2"}}}
	page.Reset()
	if err := ComparisonHTML(&page, c, sources, Meta{}); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"text": Comparison(c, sources), "page": page.String()} {
		if !strings.Contains(text, "sources, on individual strategies") || !strings.Contains(text, "2 sources, 2 seeds each") {
			t.Errorf("the %s does not say where the variance is: %s", what, text)
		}
	}
	rates := []aggregate.Setting{{Name: "growth.schedule.peak", Values: []string{"0.003", "0.001"}}}
	page.Reset()
	if err := ComparisonHTML(&page, c, rates, Meta{}); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"text": Comparison(c, rates), "page": page.String()} {
		if !strings.Contains(text, "its own best rate") || !strings.Contains(text, "The sweep costs 2 times") {
			t.Errorf("the %s does not compare learning rates: %s", what, text)
		}
	}
	c.Studies[1].Seeds = []int64{2, 3}
	if text := Comparison(c, sources); !strings.Contains(text, "share seeds") {
		t.Errorf("the text does not say what is missing: %s", text)
	}
	if text := Comparison(c, nil); strings.Contains(text, "settings") {
		t.Error("settings are listed where none are given")
	}
}
