package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func TestDownstream(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	d := synthetic.Downstream(1, r)
	d.Tasks[0].About = "which <b> follows"
	task := aggregate.DownstreamTasks(r, d)[0]
	text, page := Downstream(r, d), htmlOf(t, r, Meta{Downstream: d})
	for _, want := range []string{"follow", "loss on news.txt", "CoLA", number(task.Rho, 2), intervalOf(task), number(task.Source, 3)} {
		if !strings.Contains(text, want) || !strings.Contains(page, want) {
			t.Errorf("%q is not in the text or not in the page:\n%s", want, text)
		}
	}
	best := aggregate.Strategies(r)[0]
	if !strings.Contains(text, best.Name) || !strings.Contains(text, number(task.Mean[0], 4)) {
		t.Errorf("the strategy %s and its score %.4f are not in the text:\n%s", best.Name, task.Mean[0], text)
	}
	if !strings.Contains(page, "which &lt;b&gt; follows") || !strings.Contains(page, "Does the order by final loss hold") || strings.Contains(page, "only the validation loss was measured") {
		t.Error("the page lacks what is measured, its figure or its line in the checklist")
	}
	if page := htmlOf(t, r, Meta{}); strings.Contains(page, "Other tasks") || !strings.Contains(page, "only the validation loss was measured") {
		t.Error("the page of a study without measurements has some")
	}

	part := *d // as after an interruption
	part.Scores = slices.DeleteFunc(slices.Clone(d.Scores), func(s result.DownstreamScore) bool { return s.Strategy == best.Name })
	task = aggregate.DownstreamTasks(r, &part)[0]
	want := fmt.Sprintf("%d of %d", task.Measured, task.Ended)
	if text, page := Downstream(r, &part), htmlOf(t, r, Meta{Downstream: &part}); task.Measured != task.Ended-1 || !strings.Contains(text, want) || !strings.Contains(page, want+": incomplete") {
		t.Errorf("%q is not in the text or not in the page:\n%s", want, text)
	}

	var out bytes.Buffer
	if err := DownstreamCSV(&out, r, d); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 1+len(d.Scores) {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, s := range d.Scores {
		line := lines[i+1]
		final := float64(r.Source.Loss)
		for _, o := range r.Strategies {
			if o.Name == s.Strategy && o.Seed == s.Seed {
				final = float64(o.Final)
			}
		}
		score, err := strconv.ParseFloat(line[5], 64)
		if line[0] != s.Task || line[2] != s.Strategy || line[4] != strconv.FormatFloat(final, 'g', -1, 64) || err != nil || score != float64(s.Score) {
			t.Errorf("line %v of %+v", line, s)
		}
	}
}

func intervalOf(t aggregate.Downstream) string {
	return number(t.RhoLo, 2) + " to " + number(t.RhoHi, 2)
}
