package figure

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/figure/internal/readback"
	"github.com/landscape-aware/growing/lag/result"
)

// checkTexts reports texts that leave the picture or overlap, and texts that
// only one of the two drawings has.
func checkTexts(t *testing.T, f Figure) {
	t.Helper()
	picture, err := readback.SVG(f.SVG)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
		return
	}
	var texts []string
	for i, text := range picture.Texts {
		if strings.TrimSpace(text.Text) == "" {
			continue
		}
		texts = append(texts, text.Text)
		if !(text.X0 >= 0 && text.Y0 >= 0 && text.X1 <= picture.Width && text.Y1 <= picture.Height) {
			t.Errorf("%s: %q leaves the picture of %.0f x %.0f: %+v", f.Name, text.Text, picture.Width, picture.Height, text)
		}
		for _, other := range picture.Texts[:i] {
			if strings.TrimSpace(other.Text) != "" && text.Overlaps(other) {
				t.Errorf("%s: %+v overlaps %+v", f.Name, text, other)
			}
		}
	}
	slices.Sort(texts)
	titles, panels, err := readback.Vega(f.VegaLite)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
		return
	}
	if strings.Contains(string(f.VegaLite), `"tickCount"`) { // Vega chooses the ticks
		return
	}
	if others := readback.Texts(titles, panels); !slices.Equal(texts, others) {
		t.Errorf("%s: the SVG has the texts %q, Vega-Lite %q", f.Name, texts, others)
	}
}

// shown is a point that a figure must show, and its position.
type shown struct {
	panel  int
	mark   string
	values map[string]any
}

// TestShown checks that figures show known results at the right positions.
func TestShown(t *testing.T) {
	r, stacking := planted(), plantedStacking()
	lengths := &data.Statistics{
		Train:      data.SplitStatistics{Documents: 4, MinLength: 1, MaxLength: 3, Lengths: []data.LengthBin{{Low: 1, High: 2, Documents: 1}, {Low: 2, High: 4, Documents: 3}}},
		Validation: data.SplitStatistics{Documents: 2, Lengths: []data.LengthBin{{Low: 2, High: 4, Documents: 2}}},
	}
	type row = map[string]any
	for _, c := range []struct {
		figure Figure
		x, y   []float64 // domains of the first panel, if they are numbers
		shown  []shown
	}{
		{CorrelationCurve(r), []float64{0, 100}, []float64{-0.94, 1}, []shown{
			{0, "line", row{"measure": "Spearman's ρ", "step": 10.0, "correlation": 0.6}},
			{0, "line", row{"measure": "Pearson's r", "step": 0.0, "correlation": -0.4}},
			{0, "line", row{"measure": "Kendall's τ-b", "step": 10.0, "correlation": 0.45}},
			{0, "area", row{"step": 0.0, "correlation": -0.9, "correlation_to": 0.2}},
			{0, "rule", row{"step": 0.0, "step_to": 100.0, "correlation": 0.9, "correlation_to": 0.9}},
			{0, "rule", row{"step": 100.0, "step_to": 100.0}}, // the lag time
			{0, "rule", row{"step": 10.0, "step_to": 10.0}},   // the lag
			{1, "text", row{"text": "lag time: 100 steps"}},
			{1, "text", row{"text": "LAG picks at 10"}},
		}},
		{LossCurves(r), []float64{0, 100}, nil, []shown{
			{0, "line", row{"strategy": "a", "step": 10.0, "loss": 4.1}},
			{0, "line", row{"strategy": "b", "step": 0.0, "loss": 6.1}},
			{1, "line", row{"strategy": "b", "step": 100.0, "loss": 3.4}},
			{0, "area", row{"strategy": "a", "step": 0.0, "loss": 5.0, "loss_to": 5.2}},
			{0, "point", row{"strategy": "c", "step": 0.0, "loss": 4.6}},
			{0, "rule", row{"step": 10.0, "step_to": 10.0}},
			{2, "text", row{"strategy": "b", "text": "b"}},
			{2, "text", row{"strategy": "b", "text": "LAG's pick"}},
			{2, "text", row{"strategy": "a", "text": "best"}},
			{2, "text", row{"strategy": "c", "text": "c (diverged 1/2)"}},
		}},
		{EarlyVsFinal(r, 0, 10), nil, nil, []shown{
			{0, "point", row{"strategy": "a", "early": 5.1, "final": 3.1}},
			{1, "point", row{"strategy": "b", "early": 4.0, "final": 3.4}},
			{0, "rule", row{"early": 5.0, "early_to": 5.2, "final": 3.1, "final_to": 3.1}},
			{0, "rule", row{"early": 5.1, "early_to": 5.1, "final": 3.0, "final_to": 3.2}},
			{0, "point", row{"strategy": "c", "ended": "diverged 1/2", "loss": 4.6}},
		}},
		{Signals(r), []float64{-1, 1}, nil, []shown{
			{0, "point", row{"signal": "loss at the lag, step 10", "rho": 0.6, "low": 0.1, "high": 0.8}},
			{0, "rule", row{"signal": "loss at initialization", "rho": -0.9, "rho_to": 0.2}},
			{0, "point", row{"signal": "gradient norm, step 0", "rho": -0.7}},
			{0, "text", row{"signal": "loss at the lag, step 10", "text": "0.60  [0.10, 0.80]"}},
			{0, "text", row{"signal": "gradient norm, step 0", "text": "−0.70"}},
		}},
		{Picks(r), []float64{0, 0.306}, nil, []shown{
			{0, "bar", row{"rule": "lag:10", "regret": 0.15, "regret_to": 0.0, "picks": "b", "extra trainings": 2.0}},
			{0, "bar", row{"rule": "random", "regret": 0.3}},
			{0, "point", row{"rule": "lag:10", "regret": 0.3}},
			{0, "text", row{"rule": "lag:10", "text": "0.1500 · +2.00 trainings · b"}},
		}},
		{RegretBudget(r), []float64{0, 11.5}, []float64{-0.03375, 0.375}, []shown{
			{0, "point", row{"of": "lag", "extra": 1.15, "regret": 0.3, "rule": "lag:10", "picks": "b"}},
			{0, "point", row{"of": "lag", "extra": 11.5, "regret": 0.0, "rule": "oracle", "picks": "a"}},
			{0, "point", row{"of": "best of n random", "extra": 1.0, "regret": 0.1, "rule": "best of 2 random"}},
			{0, "point", row{"extra": 2.0, "regret": 0.0, "rule": "best of 3 random"}},
			{0, "rule", row{"regret": 0.1, "regret_to": 0.1}}, // the error of a difference
		}},
		{RegretCost(r), []float64{0, 9}, []float64{-0.027, 0.315}, []shown{
			{0, "point", row{"rule": "lag:10", "extra": 2.0, "regret": 0.15}},
			{0, "point", row{"rule": "oracle", "extra": 9.0, "regret": 0.0}},
			{0, "rule", row{"extra": 2.0, "extra_to": 2.0, "regret": 0.0, "regret_to": 0.3}},
			{0, "line", row{"extra": 2.0, "regret": 0.15}}, // the front
			{0, "text", row{"text": "lag:10"}},
		}},
		{Controls(r), []float64{0, 1.01 * 1.5}, nil, []shown{
			{0, "line", row{"arm": "scratch", "flops": 1.5, "loss": 4.2, "step": 150.0, "layers": "4"}},
			{0, "line", row{"arm": "best: a", "flops": 0.5, "loss": 5.5, "layers": "2"}},
			{0, "point", row{"arm": "best: a", "flops": 0.5, "loss": 5.1, "layers": "4"}},
			{1, "line", row{"arm": "LAG's pick: b", "flops": 1.5, "loss": 3.4}},
		}},
		{Noise(r), nil, nil, []shown{
			{0, "tick", row{"strategy": "a", "loss": 3.1}},
			{0, "point", row{"strategy": "b", "loss": 3.5, "seed": 2.0}},
			{0, "point", row{"strategy": "c", "loss": 4.0, "seed": 1.0}},
			{0, "rule", row{"strategy": "b", "loss": 3.3, "loss_to": 3.5}},
			{0, "text", row{"strategy": "c", "text": "diverged 1/2"}},
		}},
		{Pairs(r), nil, nil, []shown{
			{0, "rect", row{"strategy": "b", "other": "a", "difference": 0.3, "error": 0.1, "errors": 3.0}},
			{0, "text", row{"strategy": "b", "other": "a", "text": "3.0"}},
		}},
		{LayerMaps(r), nil, nil, []shown{
			{0, "rect", row{"strategy": "a", "layer": 3.0, "source": "1"}},
			{0, "rect", row{"strategy": "b", "layer": 2.0, "source": "new"}},
			{0, "text", row{"text": "final 3.400 · LAG 2/2"}},
		}},
		{PretrainCurve(r), []float64{0, 50}, nil, []shown{
			{0, "line", row{"step": 50.0, "loss": 5.5}},
			{0, "rule", row{"step": 0.0, "step_to": 50.0, "loss": 5.6}},
			{0, "text", row{"text": "unigram entropy 5.60", "loss": 5.6}},
		}},
		{TrainingCurve("mine", &result.Training{UnigramEntropy: 6, Curve: []result.Point{{Step: 0, Loss: 8}, {Step: 20, Loss: 4}}}), []float64{0, 20}, []float64{3.68, 8.32}, []shown{
			{0, "line", row{"step": 20.0, "loss": 4.0}},
			{0, "rule", row{"loss": 6.0}},
		}},
		{DocumentLengths(lengths), nil, []float64{0, 106}, []shown{
			{0, "bar", row{"tokens": "2–3", "split": "training", "share": 75.0}},
			{0, "bar", row{"tokens": "1", "split": "training", "share": 25.0}},
			{0, "bar", row{"tokens": "2–3", "split": "validation", "share": 100.0}},
		}},
		{StackingArms(stacking), nil, nil, []shown{
			{0, "tick", row{"arm": "grown", "loss": 2.5}},
			{0, "point", row{"arm": "scratch", "loss": 3.0, "seed": 1.0}},
			{0, "text", row{"arm": "scratch", "text": "3.0000 (+0.5000)"}},
			{1, "bar", row{"arm": "grown", "share": 0.2, "share_to": 0.0}},
			{1, "text", row{"arm": "grown", "text": "20%"}},
		}},
		{StackingCurves(stacking), []float64{0, 30.3}, nil, []shown{
			{0, "line", row{"arm": "scratch", "flops": 30.0, "loss": 3.0}},
			{0, "rule", row{"arm": "grown", "flops": 14.0, "flops_to": 20.0, "loss": 4.0, "loss_to": 5.0}}, // cost of probing
			{0, "point", row{"arm": "grown", "flops": 20.0, "loss": 5.0, "layers": "4"}},
			{1, "line", row{"arm": "grown", "flops": 30.0, "loss": 2.5}},
		}},
		{StackingPicks(stacking), nil, nil, []shown{
			{0, "rect", row{"strategy": "stack", "layer": 2.0, "source": "0"}},
			{0, "text", row{"text": "2 → 4 layers"}},
			{0, "text", row{"text": "of 3, +4 steps"}},
		}},
	} {
		f := c.figure
		checkFigure(t, f)
		_, panels, err := readback.Vega(f.VegaLite)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		for axis, want := range map[*readback.Axis][]float64{&panels[0].X: c.x, &panels[0].Y: c.y} {
			if want != nil && !near(axis.Domain, want) {
				t.Errorf("%s: the axis of %s spans %v, want %v", f.Name, axis.Field, axis.Domain, want)
			}
		}
		for _, s := range c.shown {
			if s.panel >= len(panels) || !panels[s.panel].Has(s.mark, s.values) {
				t.Errorf("%s: panel %d has no %s at %v", f.Name, s.panel, s.mark, s.values)
			}
		}
	}
}

func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) < 1e-9 })
}

// TestOrderOfRows checks that rows are in the order of their values, the best
// first.
func TestOrderOfRows(t *testing.T) {
	r := planted()
	for _, c := range []struct {
		figure Figure
		want   string
	}{
		{Noise(r), "a b c"},
		{Picks(r), "oracle lag:10 random midas"},
		{Signals(r), "gradient norm, step 0 loss at the lag, step 10 loss at initialization"},
		{StackingArms(plantedStacking()), "grown scratch"},
	} {
		_, panels, err := readback.Vega(c.figure.VegaLite)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(panels[0].Y.Bands, " "); got != c.want {
			t.Errorf("%s: rows are %s, want %s", c.figure.Name, got, c.want)
		}
	}
}

// TestPointsLieAtTheirTicks checks that the points of an SVG agree with the
// labels of the ticks.
func TestPointsLieAtTheirTicks(t *testing.T) {
	log := func(v float64) float64 { return math.Log1p(v) }
	same := func(v float64) float64 { return v }
	for _, c := range []struct {
		figure Figure
		x      [2]string // labels of two ticks on x, and on y
		y      [2]string
		scale  func(float64) float64 // of x
		points [][2]float64
	}{
		{CorrelationCurve(planted()), [2]string{"0", "100"}, [2]string{"−0.5", "1.0"}, log, [][2]float64{{0, -0.5}, {10, 0.6}, {100, 1}}},
		{EarlyVsFinal(planted(), 0), [2]string{"5.5", "6.0"}, [2]string{"3.1", "3.4"}, same, [][2]float64{{5.1, 3.1}, {6.1, 3.4}}},
		{PretrainCurve(planted()), [2]string{"0", "50"}, [2]string{"5.5", "7.0"}, same, [][2]float64{{0, 7}, {50, 5.5}}},
		{RegretCost(planted()), [2]string{"0", "5"}, [2]string{"0.1", "0.3"}, log, [][2]float64{{2, 0.15}, {9, 0}, {0, 0.3}}},
	} {
		picture, err := readback.SVG(c.figure.SVG)
		if err != nil {
			t.Fatal(err)
		}
		at := func(label string, vertical bool) float64 { // the lowest text with that label, or the leftmost
			found := picture.Find(label)
			if len(found) == 0 {
				t.Fatalf("%s has no tick %s", c.figure.Name, label)
			}
			best := slices.MinFunc(found, func(a, b readback.Text) int {
				if vertical {
					return cmp.Compare(a.X0, b.X0)
				}
				return cmp.Compare(b.Y0, a.Y0)
			})
			x, y := best.Middle()
			if vertical {
				return y
			}
			return x
		}
		value := func(label string) float64 {
			v, err := strconv.ParseFloat(strings.Replace(label, "−", "-", 1), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		between := func(labels [2]string, vertical bool, scale func(float64) float64, v float64) float64 {
			from, to := at(labels[0], vertical), at(labels[1], vertical)
			lo, hi := scale(value(labels[0])), scale(value(labels[1]))
			return from + (to-from)*(scale(v)-lo)/(hi-lo)
		}
		for _, p := range c.points {
			x, y := between(c.x, false, c.scale, p[0]), between(c.y, true, same, p[1])
			if !slices.ContainsFunc(picture.Circles, func(c readback.Point) bool { return math.Hypot(c.X-x, c.Y-y) < 2 }) {
				t.Errorf("%s: no point at (%v, %v), that is at %.0f, %.0f; points are at %.0f", c.figure.Name, p[0], p[1], x, y, picture.Circles)
			}
		}
	}
}
