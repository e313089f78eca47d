package aggregate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

func TestStrategies(t *testing.T) {
	point := func(step int, loss result.Number) result.Point { return result.Point{Step: step, Loss: loss} }
	nan := result.Number(math.NaN())
	r := &result.Study{
		Seeds: []int64{1, 2},
		Strategies: []result.Outcome{
			{Name: "b", Seed: 1, Final: 4, Status: result.StatusComplete, Curve: []result.Point{point(0, 6), point(10, 4)}},
			{Name: "a", Seed: 1, Final: 1, Status: result.StatusComplete, Curve: []result.Point{point(0, 1), point(10, 1)}},
			{Name: "c", Seed: 1, Final: 2, Status: result.StatusComplete, Curve: []result.Point{point(0, 7), point(10, 2)}},
			{Name: "b", Seed: 2, Final: 2, Status: result.StatusComplete, Curve: []result.Point{point(0, 8), point(10, 2)}},
			{Name: "a", Seed: 2, Final: nan, Status: result.StatusDiverged, Curve: []result.Point{point(0, 1)}},
			{Name: "c", Seed: 2, Final: 2, Status: result.StatusComplete, Curve: []result.Point{point(0, 7), point(10, 2)}},
		},
		Picks: []result.Pick{
			{Rule: "lag:5", Seed: 1, Strategy: "a"}, {Rule: "lag:2", Seed: 1, Strategy: "c"},
			{Rule: "lag:5", Seed: 2, Strategy: "b"}, {Rule: "lag:2", Seed: 2, Strategy: "c"},
		},
	}
	all := Strategies(r)
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	if want := []string{"c", "b", "a"}; !slices.Equal(names, want) {
		t.Fatalf("by final loss: %v, want %v", names, want)
	}
	c, b, a := all[0], all[1], all[2]
	if b.Final != 3 || b.At(0) != 7 || b.Low[0] != 6 || b.High[0] != 8 || !math.IsNaN(b.At(5)) || !slices.Equal(b.Finals, []float64{4, 2}) {
		t.Errorf("means over seeds: %+v", b)
	}
	if !a.Stopped() {
		t.Error("a is not marked as diverged, but it diverged with one seed")
	}
	if b.Picked != 1 || a.Picked != 1 || c.Picked != 0 {
		t.Errorf("picks are %d, %d, %d; the first rule of the kind picks a and b once each", a.Picked, b.Picked, c.Picked)
	}
}

// TestRows checks means and ranks over two seeds that rank the strategies
// differently, and a strategy that diverged with one seed.
func TestRows(t *testing.T) {
	outcome := func(name string, seed int64, at0, final float64) result.Outcome {
		return result.Outcome{Name: name, Map: []int{0, 0}, Seed: seed, Final: result.Number(final), Status: result.StatusComplete,
			Curve: []result.Point{{Step: 0, Loss: result.Number(at0)}, {Step: 5, Loss: result.Number(final)}}}
	}
	lost := outcome("lost", 2, 1, math.NaN())
	lost.Status = result.StatusDiverged
	r := &result.Study{Steps: 5, Seeds: []int64{1, 2}, Strategies: []result.Outcome{
		outcome("a", 1, 5, 3), outcome("lost", 1, 1, 1), outcome("b", 1, 4, 1),
		outcome("a", 2, 6, 2), lost, outcome("b", 2, 4, 3.5),
	}}
	got := Strategies(r)
	var names []string
	for _, w := range got {
		names = append(names, w.Name)
	}
	if strings.Join(names, " ") != "b a lost" {
		t.Fatalf("the order is %v, want b, a, lost", names)
	}
	if got[0].Final != 2.25 || got[0].AtInit != 4 || got[1].Final != 2.5 || got[1].EndRank != 2 || got[2].Status() != "diverged 1/2" {
		t.Errorf("rows: %+v", got)
	}
}

// TestRanks checks that a strategy with an infinite final loss in its curve did
// not reach the end, and that ties share a rank.
func TestRanks(t *testing.T) {
	outcome := func(name string, final float64) result.Outcome {
		return result.Outcome{Name: name, Map: []int{0}, Status: result.StatusComplete, Final: result.Number(final), Curve: []result.Point{{Step: 3, Loss: result.Number(final)}}}
	}
	all := Strategies(&result.Study{Steps: 3, Lag: 3, Seeds: []int64{7}, Strategies: []result.Outcome{outcome("inf", math.Inf(1)), outcome("x", 2), outcome("y", 2)}})
	if all[0].Name != "x" || all[0].EndRank != 1.5 || all[1].EndRank != 1.5 || all[1].LagRank != 1.5 || !all[2].Stopped() || all[2].Order != 2 {
		t.Errorf("%+v, %+v, %+v", all[0], all[1], all[2])
	}
	for picked, want := range map[int]string{0: "", 1: "*"} {
		if s := (Strategy{Finals: []float64{1}, Picked: picked}); s.PickNote("*") != want {
			t.Errorf("picked with %d of one seed: %q, want %q", picked, s.PickNote("*"), want)
		}
	}
	if s := (Strategy{Finals: []float64{1, 2, 3}, Picked: 2}); s.PickNote("*") != "*2/3" {
		t.Errorf("picked with two of three seeds: %q", s.PickNote("*"))
	}
}

// TestRules checks that costs are counted in trainings of one candidate, here
// 50 FLOPs each.
func TestRules(t *testing.T) {
	r := &result.Study{Steps: 5, Seeds: []int64{1, 2},
		Strategies: []result.Outcome{
			{Name: "a", Status: result.StatusComplete, FLOPs: 50, Curve: []result.Point{{Step: 5}}},
			{Name: "a", Status: result.StatusComplete, FLOPs: 50, Curve: []result.Point{{Step: 5}}},
		},
		Rules: []result.RuleSummary{{Rule: "lag:2", ExtraFLOPs: 125}, {Rule: "random"}},
		Picks: []result.Pick{
			{Rule: "lag:2", Seed: 1, Strategy: "a", Regret: 0.5}, {Rule: "random", Seed: 1, Regret: 1},
			{Rule: "lag:2", Seed: 2, Strategy: "b", Regret: 0.25}, {Rule: "random", Seed: 2, Regret: 2},
		},
	}
	rules := Rules(r)
	if one := rules[0]; !one.IsLAG || one.Extra != 2.5 || one.Cost != "2.50 trainings" || one.Choices != "a (1), b (1)" || !slices.Equal(one.Regrets, []float64{0.5, 0.25}) {
		t.Errorf("lag:2 is %+v", one)
	}
	if one := rules[1]; one.IsLAG || one.Extra != 0 || one.Cost != "none" || !slices.Equal(one.Regrets, []float64{1, 2}) {
		t.Errorf("random is %+v", one)
	}
	r.Strategies = nil
	if one := Rules(r)[0]; !math.IsNaN(one.Extra) || one.Cost != "125 FLOPs" {
		t.Errorf("if nothing was trained, lag:2 costs %v, %q", one.Extra, one.Cost)
	}
}

// TestArms uses two seeds of an arm that grows once. The mean curve must end
// where the first seed ends, and have a new piece after the growth.
func TestArms(t *testing.T) {
	curve := func(losses ...float64) (points []result.StackingPoint) {
		for i, l := range losses {
			points = append(points, result.StackingPoint{Step: []int{0, 10, 10, 20}[i], FLOPs: float64(10 * i), Loss: result.Number(l)})
		}
		return points
	}
	stages := []result.StageOutcome{{Depths: growth.Depths{2}}, {Depths: growth.Depths{4}, Strategy: "stack", Map: growth.Map{0, 1, 0, 1}, Candidates: 3, ExtraSteps: 4, Loss: 2}}
	r := &result.Stacking{Seeds: []int64{1, 2},
		Arms: []result.ArmOutcome{
			{Name: "scratch", Seed: 1, Final: 4, FLOPs: 1}, {Name: "grown", Seed: 1, Rule: "lag:4", Final: 2, FLOPs: 30, ExtraFLOPs: 6, Stages: stages, Curve: curve(6, 4, 5, 2)},
			{Name: "scratch", Seed: 2, Final: 4, FLOPs: 1}, {Name: "grown", Seed: 2, Rule: "lag:4", Final: result.Number(math.NaN()), FLOPs: 20, ExtraFLOPs: 4, Stages: stages[:1], Curve: curve(8, 6, 9)},
		},
		Summary: []result.ArmSummary{{Name: "grown"}, {Name: "scratch"}, {Name: "unknown"}},
	}
	arms := Arms(r)
	if len(arms) != 2 {
		t.Fatalf("%d arms, want 2", len(arms))
	}
	a := arms[0]
	if a.Name != "grown" || a.Place != 1 || a.Depths != "2 → 4" || a.Probing != 0.2 || a.Finals[0] != 2 || !math.IsNaN(a.Finals[1]) || a.Rule != "lag:4" {
		t.Errorf("the arm is %+v", a)
	}
	pieces := a.Curve()
	if len(pieces) != 2 || len(pieces[0]) != 2 || len(pieces[1]) != 1 {
		t.Fatalf("the curve is %+v", pieces)
	}
	if p := pieces[1][0]; p.Step != 10 || p.FLOPs != 20 || p.Loss != 7 || p.Low != 5 || p.High != 9 || Join(p.Depths) != "4" {
		t.Errorf("the arm grows at %+v", p)
	}
	growths := Growths(a.Outcomes[0])
	if g := growths[0]; len(growths) != 1 || Join(g.From) != "2" || Join(g.To) != "4" || g.Strategy != "stack" || DrawMaps(g.Maps, g.From) != "[0][1](0)(1)" || g.Candidates != 3 || g.ExtraSteps != 4 {
		t.Errorf("the growth is %+v", g)
	}
}

func TestDrawMaps(t *testing.T) {
	if got := DrawMaps([]growth.Map{{0, 0}, {0, -1}}, growth.Depths{1, 1}); got != "[0](0) | [0]<N>" {
		t.Errorf("two stacks are drawn as %q", got)
	}
}
