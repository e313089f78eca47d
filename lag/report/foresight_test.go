package report

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func foresights(t *testing.T, r *result.Study) []aggregate.Foresight {
	t.Helper()
	list, err := aggregate.Foresights(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestForesightCSV(t *testing.T) {
	list := foresights(t, synthetic.Result(6, 16, 2))
	var out bytes.Buffer
	if err := ForesightCSV(&out, list); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll() // an error if lines differ in length
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1+len(synthetic.Steps) {
		t.Fatalf("%d lines for %d steps", len(lines), len(synthetic.Steps))
	}
	at := make(map[string]int)
	for i, name := range lines[0] {
		at[name] = i
	}
	for i, line := range lines[1:] {
		f := list[i]
		for name, want := range map[string]float64{
			"step": float64(f.Step), "extra_trainings": f.LAG.Extra, "extra_flops": f.LAG.ExtraFLOPs, "extra_steps": f.LAG.ExtraSteps,
			"spearman": float64(f.Correlation.Spearman), "weighted_tau": f.WeightedTau, "decision_accuracy": f.Decisions.Accuracy, "decision_pairs": float64(f.Decisions.Pairs),
			"clear_hi": f.Clear.Interval.Hi, "clear_pairs": float64(f.Clear.Pairs), "signal": f.Signal.Signal, "noise": f.Signal.Noise, "signal_to_noise": f.Signal.Ratio,
			"top_1_recall": f.Recall[0], "top_5_recall": f.Recall[2], "near_best": f.Within, "regret": float64(f.LAG.Regret), "new_seed_regret": f.NewSeed,
		} {
			column, ok := at[name]
			if !ok {
				t.Fatalf("there is no column %s among %v", name, lines[0])
			}
			if cell := line[column]; cell == "" {
				if !math.IsNaN(want) && !math.IsInf(want, 0) {
					t.Errorf("step %d: %s is empty, want %v", f.Step, name, want)
				}
			} else if got, err := strconv.ParseFloat(cell, 64); err != nil || got != want {
				t.Errorf("step %d: %s is %s, want %v", f.Step, name, cell, want)
			}
		}
	}
}

// TestForesights: the lag has its line however few there are, and one seed has
// no column that takes several.
func TestForesights(t *testing.T) {
	for _, seeds := range []int{1, 2} {
		r := synthetic.Result(6, 16, seeds)
		list := foresights(t, r)
		for _, lines := range []int{0, 2, 5, 8, 100} {
			text := Foresights(r, list, lines)
			rows := strings.Split(text, "\n")
			shown := len(rows) - 5 // headers, a line, two lines of text, and the end
			if seeds > 1 {
				shown-- // what the column of a new seed means
			}
			if want := min(lines, len(list)); lines > 0 && shown > max(want, 3) || lines == 0 && shown != len(list) {
				t.Errorf("%d lines are shown where %d were wanted:\n%s", shown, lines, text)
			}
			found := false
			for _, row := range rows {
				found = found || strings.HasPrefix(strings.TrimSpace(row), strconv.Itoa(r.Lag)+" ")
			}
			if !found {
				t.Errorf("no line for the lag of %d:\n%s", r.Lag, text)
			}
			if got := strings.Contains(text, "near best") && strings.Contains(text, "On a new seed"); got != (seeds > 1) {
				t.Errorf("%d seeds: the column for several seeds is shown: %v", seeds, got)
			}
		}
		page := htmlOf(t, r, Meta{})
		if !strings.Contains(page, "How early strategies can be told apart") || strings.Contains(page, "Near the best") != (seeds > 1) {
			t.Errorf("%d seeds: the page lacks a part", seeds)
		}
	}
}

// TestForesightColumns: the README of lag documents each column.
func TestForesightColumns(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range ForesightColumns() {
		if !bytes.Contains(readme, []byte("`"+column[0]+"`")) {
			t.Errorf("lag/README.md does not say what the column %s has: %s", column[0], column[1])
		}
	}
}
