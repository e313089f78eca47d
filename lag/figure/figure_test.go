package figure

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

// drawAll returns the figures of all functions of the package for a result.
func drawAll(r *result.Study) []Figure {
	return []Figure{
		LossCurves(r), EarlyVsFinal(r), EarlyVsFinal(r, 0, 3, 100, 9999), CorrelationCurve(r),
		LayerMaps(r), PretrainCurve(r), Picks(r), Signals(r), RegretCost(r), RegretBudget(r), Noise(r), Pairs(r), Controls(r), Decisions(r), SignalNoise(r),
	}
}

func checkFigure(t *testing.T, f Figure) {
	t.Helper()
	if f.Err != nil {
		t.Errorf("%s: %v", f.Name, f.Err)
		return
	}
	img, err := png.Decode(bytes.NewReader(f.PNG))
	if err != nil {
		t.Errorf("%s: PNG: %v", f.Name, err)
		return
	}
	// A size in inches is rounded once for CSS and once for the PNG.
	if size := img.Bounds().Size(); abs(size.X-2*f.Width) > 1 || abs(size.Y-2*f.Height) > 1 {
		t.Errorf("%s: PNG of %v, want twice %d x %d", f.Name, size, f.Width, f.Height)
	}
	decoder := xml.NewDecoder(bytes.NewReader(f.SVG))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Errorf("%s: SVG: %v", f.Name, err)
			break
		}
	}
	for _, unwanted := range []string{"NaN", "Inf"} {
		if bytes.Contains(f.SVG, []byte(unwanted)) {
			t.Errorf("%s: SVG contains %s", f.Name, unwanted)
		}
	}
	var spec map[string]any
	if err := json.Unmarshal(f.VegaLite, &spec); err != nil {
		t.Errorf("%s: Vega-Lite: %v", f.Name, err)
	}
	if spec["$schema"] != "https://vega.github.io/schema/vega-lite/v5.json" {
		t.Errorf("%s: $schema is %v", f.Name, spec["$schema"])
	}
	if spec["layer"] != nil && spec["params"] != nil {
		t.Errorf("%s: parameters of a layered view are repeated for each layer, which Vega refuses; set them in one layer", f.Name)
	}
	if f.Title == "" || f.Caption == "" || f.Alt == "" || f.Name == "" {
		t.Errorf("%q: no title, caption, text or name", f.Name)
	}
	checkTexts(t, f)
}

func TestFigures(t *testing.T) {
	r := synthetic.Controlled(6, 16, 1)
	var again []Figure
	if !testing.Short() {
		again = drawAll(synthetic.Controlled(6, 16, 1))
	}
	for i, f := range drawAll(r) {
		checkFigure(t, f)
		if again == nil {
			continue
		}
		if !bytes.Equal(f.PNG, again[i].PNG) || !bytes.Equal(f.SVG, again[i].SVG) || !bytes.Equal(f.VegaLite, again[i].VegaLite) {
			t.Errorf("%s: two drawings of one result differ", f.Name)
		}
	}
	pool, err := growth.DefaultPool(12, 24)
	if err != nil {
		t.Fatal(err)
	}
	checkFigure(t, PoolMaps(12, pool))
	two, err := growth.NewPoolFor(growth.Depths{2, 3}, growth.Depths{4, 6}, &growth.Options{Wide: true})
	if err != nil {
		t.Fatal(err)
	}
	f := PoolMapsFor(growth.Depths{2, 3}, two)
	checkFigure(t, f)
	if want := fmt.Sprintf("%d ways to grow 2+3 layers into 4+6", len(two)); f.Title != want || !bytes.Contains(f.SVG, []byte("left: encoder")) {
		t.Errorf("the title is %q, want %q, with a legend for the two stacks", f.Title, want)
	}
	if f := PoolMapsFor(growth.Depths{3}, two); f.Err == nil {
		t.Error("strategies for two stacks are drawn for a model with one")
	}
	if got := len(All(r)); got != 13 {
		t.Errorf("All has %d figures, want 13", got)
	}
	if got := len(All(synthetic.Result(6, 16, 1))); got != 12 {
		t.Errorf("All has %d figures for a study without controls, want 12", got)
	}
}

// TestOddResults checks results that are hard to draw. Each must give a drawing
// or ErrNoData, without a panic or NaN in the output.
func TestOddResults(t *testing.T) {
	if testing.Short() {
		t.Skip("draws every figure of fourteen results")
	}
	edit := func(f func(r *result.Study)) *result.Study {
		r := synthetic.Result(6, 6, 1)
		f(r)
		return r
	}
	nan := result.Number(math.NaN())
	odd := map[string]*result.Study{
		"empty":     {},
		"two seeds": synthetic.Controlled(6, 5, 2),
		"all stopped but a control": edit(func(r *result.Study) {
			*r = *synthetic.Controlled(6, 5, 2)
			for i := range r.Strategies {
				o := &r.Strategies[i]
				o.Status, o.Final, o.Curve = result.StatusFailed, nan, []result.Point{{Step: 0, Loss: nan}}
			}
			r.Controls[1].Status, r.Controls[1].Final, r.Controls[1].Curve = result.StatusDiverged, nan, []result.Point{{Step: 0, Loss: nan}}
		}),
		"two stacks": synthetic.TwoStacks(6, 8, 2),
		"one strategy": edit(func(r *result.Study) {
			r.Strategies = r.Strategies[:1]
		}),
		"all diverged": edit(func(r *result.Study) {
			for i := range r.Strategies {
				r.Strategies[i].Status, r.Strategies[i].Final = result.StatusDiverged, nan
			}
			for i := range r.Picks {
				r.Picks[i].Regret, r.Picks[i].RegretNorm = nan, nan
			}
			for i := range r.Rules {
				r.Rules[i].Regret, r.Rules[i].RegretNorm = nan, result.Number(math.Inf(1))
			}
		}),
		"losses only at 0": edit(func(r *result.Study) {
			for i := range r.Strategies {
				r.Strategies[i].Curve = r.Strategies[i].Curve[:1]
			}
		}),
		"equal losses": edit(func(r *result.Study) {
			for i := range r.Strategies {
				r.Strategies[i].Final = 3
				for k := range r.Strategies[i].Curve {
					r.Strategies[i].Curve[k].Loss = 3
				}
			}
		}),
		"undefined correlations": edit(func(r *result.Study) {
			for i := range r.Correlation {
				r.Correlation[i] = result.Correlation{Step: i, Pearson: nan, Spearman: nan, Kendall: nan, SpearmanLo: nan, SpearmanHi: nan}
			}
			r.LagTime, r.Picks, r.Rules = nil, nil, nil
		}),
		"names to escape": edit(func(r *result.Study) {
			for i := range r.Strategies {
				r.Strategies[i].Name = strings.Repeat("<b>&\"ü層", i+1)
			}
		}),
		"many steps": edit(func(r *result.Study) {
			for i := range r.Strategies {
				for k := range r.Strategies[i].Curve {
					r.Strategies[i].Curve[k].Step *= 200
				}
				if at := r.Strategies[i].DivergedAt; at != nil {
					*at *= 200
				}
			}
			for i := range r.Correlation {
				r.Correlation[i].Step *= 200
			}
			r.Steps, r.Lag = 200*r.Steps, 200*r.Lag
		}),
		"infinite losses": edit(func(r *result.Study) {
			r.Strategies[0].Curve[3].Loss = result.Number(math.Inf(1))
			r.Strategies[1].Final = result.Number(math.Inf(1))
			r.Source.Curve[1].Loss = nan
		}),
	}
	for name, r := range odd {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range drawAll(r) {
				if !errors.Is(f.Err, ErrNoData) {
					checkFigure(t, f)
				}
			}
		})
	}
	for _, f := range drawAll(odd["empty"]) {
		if !errors.Is(f.Err, ErrNoData) {
			t.Errorf("%s of an empty result: %v", f.Name, f.Err)
		}
	}
}

func TestStackingFigures(t *testing.T) {
	nan := result.Number(math.NaN())
	for _, seeds := range []int{1, 3} {
		figures, again := AllStacking(synthetic.Stacking(6, seeds)), AllStacking(synthetic.Stacking(6, seeds))
		if len(figures) != 3 {
			t.Errorf("AllStacking has %d figures, want 3", len(figures))
		}
		for i, f := range figures {
			checkFigure(t, f)
			if !bytes.Equal(f.SVG, again[i].SVG) || !bytes.Equal(f.VegaLite, again[i].VegaLite) {
				t.Errorf("%s: two drawings of one result differ", f.Name)
			}
		}
	}
	diverged := synthetic.Stacking(6, 2)
	for i := range diverged.Arms {
		o := &diverged.Arms[i]
		o.Status, o.Final, o.Curve, o.Stages = result.StatusDiverged, nan, o.Curve[:5+i], o.Stages[:1]
		o.Curve[4].Loss = nan
	}
	diverged.Analyze()
	one := synthetic.Stacking(6, 2)
	one.Arms[0].Status, one.Arms[0].Final, one.Arms[0].Curve = result.StatusDiverged, nan, one.Arms[0].Curve[:20]
	one.Analyze()
	for name, r := range map[string]*result.Stacking{"empty": {}, "all diverged": diverged, "one diverged": one} {
		for _, f := range []Figure{StackingCurves(r), StackingArms(r), StackingPicks(r)} {
			if !errors.Is(f.Err, ErrNoData) {
				checkFigure(t, f)
			} else if name == "one diverged" {
				t.Errorf("%s, %s: %v", name, f.Name, f.Err)
			}
		}
	}
}

// TestFreePlace checks that names of overlapping points do not overlap.
func TestFreePlace(t *testing.T) {
	var taken []box
	for range 10 {
		p := freePlace(point{10, 50}, 40, 10, 0, 200, taken)
		for _, other := range taken {
			if p.min.y < other.max.y && other.min.y < p.max.y {
				t.Fatalf("%v overlaps with %v", p, other)
			}
		}
		taken = append(taken, p)
	}
}

func TestWriteFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("draws every figure three times")
	}
	dir := filepath.Join(t.TempDir(), "new", "figures")
	f := Picks(synthetic.Result(6, 6, 1))
	if err := f.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"picks.png": f.PNG, "picks.svg": f.SVG, "picks.vl.json": f.VegaLite} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	controls := filepath.Join(dir, "controls.png")
	for _, controlled := range []bool{true, false} {
		study := synthetic.Result(6, 6, 1)
		if controlled {
			study = synthetic.Controlled(6, 6, 1)
		}
		n, err := WriteAll(dir, study)
		if _, gone := os.Stat(controls); n != len(All(study)) || err != nil || (gone == nil) != controlled {
			t.Errorf("%d figures, %v, want %d; %s: %v", n, err, len(All(study)), controls, gone)
		}
	}
	if err := Picks(&result.Study{}).WriteFiles(dir); !errors.Is(err, ErrNoData) {
		t.Errorf("WriteFiles of an empty figure: %v", err)
	}
}

func TestLossRangeIgnoresDiverged(t *testing.T) {
	curves := []curve{
		{data: []chart.Datum{{X: 0, Y: 5}, {X: 10, Y: 3}}},
		{data: []chart.Datum{{X: 0, Y: 4}, {X: 10, Y: 1000}}, stopped: true},
	}
	if lo, hi := lossRange(curves, 0); lo > 3 || hi < 5 || hi > 6 {
		t.Errorf("range %v to %v, want a little beyond 3 to 5", lo, hi)
	}
}

// TestWriteAllCanceled checks that a canceled context leaves the figures that are
// there as they are.
func TestWriteAllCanceled(t *testing.T) {
	dir := t.TempDir()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	if n, err := WriteAllContext(ctx, dir, synthetic.Controlled(6, 16, 1)); n != 0 || err != stopped {
		t.Errorf("%d figures, %v", n, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("it wrote %v, %v", files, err)
	}
}

// TestControlRates checks that the trainings from scratch of a sweep can be told
// apart: the best is as bold as that of one rate, the others are paler.
func TestControlRates(t *testing.T) {
	r := synthetic.Swept(6, 16, 2)
	style := controlStyle(r)
	seen := map[string]string{}
	for _, a := range controlArms(r) {
		s := style(a)
		look := fmt.Sprint(s.Color, s.Dash)
		if other, ok := seen[look]; ok && strings.HasPrefix(a.Name, "scratch") {
			t.Errorf("%s looks like %s", a.Name, other)
		}
		seen[look] = a.Name
		if bold := s.Width == 2.6; strings.HasPrefix(a.Name, "scratch-probes") && bold != (a.Name == "scratch-probes") {
			t.Errorf("the line of %s has the width %v", a.Name, s.Width)
		}
	}
	if len(seen) != 6 {
		t.Errorf("the lines are %v", seen)
	}
	if f := Controls(r); !strings.Contains(f.Caption, "the bold line is the best") || !strings.Contains(f.Alt, "scratch-probes@0.02 (diverged 2/2)") || f.Err != nil {
		t.Errorf("the figure is described as %q, %q, %v", f.Caption, f.Alt, f.Err)
	}
	if f := Controls(synthetic.Controlled(6, 16, 2)); strings.Contains(f.Caption, "@") {
		t.Errorf("without a sweep the caption is %q", f.Caption)
	}
}

// TestFinalEvaluations checks that figures say when final losses are means of several
// evaluations, and that only then.
func TestFinalEvaluations(t *testing.T) {
	r := synthetic.Controlled(6, 6, 2)
	for n, want := range map[int]bool{0: false, 3: true} {
		r.FinalEvaluations = n
		if err := r.Again(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, f := range []Figure{Noise(r), EarlyVsFinal(r), Controls(r)} {
			if says := strings.Contains(string(f.SVG), "final loss, the mean of the last 3 evaluations [nats/token]") || strings.Contains(f.Caption, "The final loss is the mean of the last 3 evaluations."); f.Err != nil || says != (want && f.Name != "controls") {
				t.Errorf("%d evaluations: %s says so: %t, %v", n, f.Name, says, f.Err)
			}
		}
	}
}
