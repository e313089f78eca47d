package main

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/train"
)

// TestSpread: medians by hand, and nothing of nothing.
func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{3, 1, 2}, spread{2, 1, 3, 3}},
		{[]float64{4, 1, 2, 3}, spread{2.5, 1, 4, 4}},
		{[]float64{7}, spread{7, 7, 7, 1}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: got %+v, want %+v", c.values, got, c.want)
		}
	}
	if s := spreadOf(nil); !math.IsNaN(s.Median) || s.String() != "" || s.verdict() != "not measured" {
		t.Errorf("of nothing: %+v, %q, %q", s, s, s.verdict())
	}
}

// TestSpeedupIsPaired: a machine that is twice as slow in one round does not
// change ratios of the same round.
func TestSpeedupIsPaired(t *testing.T) {
	lag, peer := []float64{1, 2, 1}, []float64{1.5, 3, 1.5}
	if got, want := speedup(lag, peer), (spread{1.5, 1.5, 1.5, 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := speedup(lag, peer[:2]); got.Rounds != 2 {
		t.Errorf("of three rounds and two: %+v", got)
	}
}

// TestVerdict: a difference needs all rounds on one side, and enough of them.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		ratios  []float64
		verdict string
		reaches string // 1.1
	}{
		{[]float64{1.2, 1.3, 1.25}, "faster", "yes"},
		{[]float64{0.8, 0.9, 0.7}, "slower", "no"},
		{[]float64{1.2, 0.99, 1.3}, "no difference shown", "by the median; the noise covers it"},
		{[]float64{1.05, 1.01, 1.2}, "faster", "not by the median; the noise covers it"},
		{[]float64{1, 1.1, 1.2}, "no difference shown", "by the median; the noise covers it"},
		{[]float64{1.2, 1.3}, "no difference shown", "yes (rounds: 2)"},
		{[]float64{1.0, 1.05}, "no difference shown", "no (rounds: 2)"},
	} {
		s := spreadOf(c.ratios)
		if got := s.verdict(); got != c.verdict {
			t.Errorf("%v: verdict %q, want %q", c.ratios, got, c.verdict)
		}
		if got := s.reaches(1.1); got != c.reaches {
			t.Errorf("%v: reached %q, want %q", c.ratios, got, c.reaches)
		}
	}
}

func TestAgreement(t *testing.T) {
	if d, step := agreement([]float64{2, 4}, []float64{2, 4.4}); math.Abs(d-0.1) > 1e-12 || step != 1 {
		t.Errorf("got %v at %d, want 0.1 at 1", d, step)
	}
	for name, lists := range map[string][2][]float64{
		"NaN": {{2, 4}, {2, math.NaN()}}, "lengths": {{2, 4}, {2}}, "nothing": {nil, nil},
	} {
		if d, _ := agreement(lists[0], lists[1]); d <= agreed {
			t.Errorf("%s: the losses agree", name)
		}
	}
}

// made returns results with two shapes and a study.
func made() *results {
	own := []float64{0.1, 0.2, 0.1}
	r := &results{}
	r.putShape(shapeResult{Shape: "mini", About: "a BERT", Tokens: 2048, Parameters: 5_400_000, Conditions: conditions{Rounds: 3, Load: 2}, Contestants: []*measured{
		{Contestant: ownName, Steps: own, Own: own, First: 4, Peak: 1234.4, Versions: map[string]string{"gomlx": "v1"}},
		{Contestant: torchCompile, Steps: []float64{0.13, 0.26, 0.14}, Own: own, Peak: 1100, Versions: map[string]string{"torch": "2"}},
		{Contestant: torchAll, Steps: []float64{0.12, 0.23, 0.13}, Own: own, Peak: 1000, Versions: map[string]string{"torch": "2"}},
		{Contestant: jaxTuned, Steps: []float64{0.09, 0.21, 0.1}, Own: own, Peak: 900, Differ: 2e-7},
	}})
	r.putStudy(studyResult{Shape: "quick", Steps: 100, Arrangements: []*studied{
		{Arrangement: "lag, 2, cold", Own: true, Seconds: []float64{60, 62}, Again: []float64{0.4, 0.5}},
		{Arrangement: "lag, 1, cold", Own: true, Seconds: []float64{90, 92}},
		{Arrangement: "torch-eager, 2", Seconds: []float64{90, 93}},
	}})
	r.putStudy(studyResult{Shape: "toy", Steps: 10, Arrangements: []*studied{
		{Arrangement: "lag, 2, cold", Own: true, Seconds: []float64{6}}, {Arrangement: "torch-eager, 2", Seconds: []float64{9}},
	}})
	return r
}

// TestTable looks for the ratios and verdicts of made-up results.
func TestTable(t *testing.T) {
	var table bytes.Buffer
	made().write(&table)
	text := table.String()
	for _, want := range []string{
		"| mini: tokens/s relative to torch.compile (torch-compile-all) | 1.10 | 1.20 (1.15 to 1.30) | yes |",
		"| mini: relative to JAX with the same allocator | 1.00 | 1.00 (0.90 to 1.05) | by the median; the noise covers it |",
		"| study at quick: lag, 2, cold relative to torch-eager, 2 | 1.30 | 1.50 (1.50 to 1.50) | yes (rounds: 2) |",
		"| study at quick: asking again, s | at most 1 | 0.5 (0.4 to 0.5) | yes |",
		"| lag | 20,480 |  |  | 100.0 (100.0 to 200.0) |",
		"lag: no difference shown", "lag: faster", "2e-07", "gomlx v1, torch 2.", "its load before was 2.0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

// TestShortStudy: a study of fewer steps is shown, and reaches no target.
func TestShortStudy(t *testing.T) {
	var targets, all bytes.Buffer
	made().writeTargets(&targets)
	made().write(&all)
	if strings.Contains(targets.String(), "study at toy") || !strings.Contains(all.String(), "The study at toy: 8 candidates x 10 steps") {
		t.Errorf("got %s", all.String())
	}
}

// TestResultsKeep: what is measured again replaces what was there, and the rest
// stays.
func TestResultsKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	before := made()
	before.putShape(shapeResult{Shape: "toy"})
	if err := before.save(path); err != nil {
		t.Fatal(err)
	}
	after, err := loadResults(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Fatalf("read back: %s", diff)
	}
	after.putShape(shapeResult{Shape: "mini", Tokens: 1})
	if len(after.Shapes) != 2 || after.Shapes[0].Tokens != 1 || after.Shapes[1].Shape != "toy" {
		t.Errorf("after mini was measured again: %+v", after.Shapes)
	}
	if none, err := loadResults(filepath.Join(t.TempDir(), "none")); err != nil || len(none.Shapes) != 0 {
		t.Errorf("without a file: %v, %v", none, err)
	}
}

// TestBetween: only what is between the comments changes.
func TestBetween(t *testing.T) {
	got, err := between([]byte("a "+tableBegins+" old "+tableEnds+" z"), []byte("new\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "a " + tableBegins + "\n\nnew\n\n" + tableEnds + " z"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := between([]byte("no comments"), nil); err == nil {
		t.Error("no error without the comments")
	}
}

// TestShapeFiles: what the contestants read is what the shape has.
func TestShapeFiles(t *testing.T) {
	all, err := shapes()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.name != "quick" && s.name != "ul2-tiny" {
			continue // large
		}
		dir := t.TempDir()
		if err := writeShape(dir, s, "go", 2); err != nil {
			t.Fatal(err)
		}
		file, weights, batches, err := readShape(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.model, file.Model.Config); diff != "" {
			t.Errorf("%s: the model differs: %s", s.name, diff)
		}
		parameters := s.model.Parameters()
		for _, p := range parameters {
			if !slices.Equal(p.Initialize(1), weights[p.Name].Data) {
				t.Errorf("%s: %s differs", s.name, p.Name)
			}
		}
		if len(weights) != len(parameters) || len(batches) != batchesOfShape {
			t.Errorf("%s: %d weights and %d batches", s.name, len(weights), len(batches))
		}
		want, err := s.batches(batchesOfShape)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for name, tensor := range want[i] {
				if !tensor.Equal(batches[i][name]) {
					t.Errorf("%s: %s of batch %d differs", s.name, name, i)
				}
			}
		}
	}
}

// TestCacheName: cold and warm share a cache, other arrangements do not.
func TestCacheName(t *testing.T) {
	for name, want := range map[string]string{
		"lag, 2, cold": "lag-2", "lag, 2, warm": "lag-2", "torch-compile, 1, warm": "torch-compile-1", "torch-eager, 2": "torch-eager-2",
	} {
		if got := cacheName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestNames: a wrong name is an error that lists the right ones.
func TestNames(t *testing.T) {
	all, err := shapes()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := named(all, []string{"huge"}); err == nil || !strings.Contains(err.Error(), "ul2-tiny") {
		t.Errorf("of a shape: %v", err)
	}
	if _, err := (peers{}).named([]string{"tensorflow"}); err == nil || !strings.Contains(err.Error(), torchEager) {
		t.Errorf("of a peer: %v", err)
	}
	ways := (peers{}).arrangements("lag")
	if _, err := chosen(ways, "lag, 7"); err == nil || !strings.Contains(err.Error(), "torch-eager, 2") {
		t.Errorf("of an arrangement: %v", err)
	}
	if list, err := chosen(ways, defaultArrangements); err != nil || len(list) != strings.Count(defaultArrangements, ";")+1 {
		t.Errorf("the default's arrangements: %d, %v", len(list), err)
	}
	if list, err := chosen(ways, "all"); err != nil || len(list) != len(ways) {
		t.Errorf("all arrangements: %d, %v", len(list), err)
	}
}

// TestParts: the first step and the first evaluation of a run count as long as
// others; what they took longer is compiling.
func TestParts(t *testing.T) {
	of := func(event train.Event, batches int, seconds float64) train.Metric {
		return train.Metric{Event: event, Batches: make([]float64, batches), Clock: train.Clock{Seconds: seconds}}
	}
	var p parts
	p.add([]train.Metric{
		of(train.EventValidation, 8, 3), of(train.EventTrain, 0, 5), of(train.EventValidation, 2, 0.5), of(train.EventTrain, 0, 1),
		of(train.EventTrain, 0, 1), of(train.EventValidation, 8, 1), of(train.EventCheckpoint, 0, 7), of(train.EventValidation, 8, 1),
	})
	p.add([]train.Metric{of(train.EventTrain, 0, 1), of(train.EventTrain, 0, 2)}) // the first is faster
	// 3 and 1, 1; 5 and 1, 1; a single 0.5.
	want := parts{Steps: 5, Training: 6, Evaluations: 4, Evaluating: 3.5, Compiling: 6}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if share := (presetResult{Wall: 8, parts: p}).share(); share != 0.25 {
		t.Errorf("share %v, want 0.25", share)
	}
}
