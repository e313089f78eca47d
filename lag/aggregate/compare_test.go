package aggregate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/result"
)

// small returns a study with some strategies, all of one seed.
func small(steps int, names ...string) *result.Study {
	r := &result.Study{
		Backend: "go", Steps: steps, Lag: 2, Seeds: []int64{1}, LagTime: new(int),
		Correlation: []result.Correlation{{Step: 0, Spearman: 0.25}, {Step: 2, Spearman: 0.5}, {Step: steps, Spearman: 1}},
	}
	*r.LagTime = steps / 2
	for _, name := range names {
		r.Strategies = append(r.Strategies, result.Outcome{Name: name, Seed: 1, Status: result.StatusComplete, Curve: []result.Point{{Step: steps}}})
	}
	return r
}

func TestCompare(t *testing.T) {
	a, b := small(10, "x", "y", "z"), small(10, "z", "x", "y")
	c, err := Compare(Named{"a", a}, Named{"b", b})
	if err != nil {
		t.Fatal(err)
	}
	if c.ByShare || len(c.Notes) > 0 || !slices.Equal(c.Shared, []string{"x", "y", "z"}) || c.At(c.Studies[0], 5) != 5 {
		t.Errorf("studies that differ in nothing: %+v", c)
	}
	if s := c.Studies[0]; s.AtInit != 0.25 || s.AtLag != 0.5 || s.LagShare != 0.5 || s.Missing != nil {
		t.Errorf("a is %+v", s)
	}

	b = small(40, "y", "w")
	b.LagTime, b.Seeds, b.Backend = nil, []int64{1, 2}, "xla:cpu"
	b.Strategies = append(b.Strategies, b.Strategies...)
	if c, err = Compare(Named{"a", a}, Named{"b", b}); err != nil {
		t.Fatal(err)
	}
	if !c.ByShare || !slices.Equal(c.Shared, []string{"y"}) || c.At(c.Studies[1], 10) != 0.25 || !math.IsNaN(c.Studies[1].LagShare) {
		t.Errorf("studies that differ: %+v", c)
	}
	if a, b := c.Studies[0].Missing, c.Studies[1].Missing; !slices.Equal(a, []string{"w"}) || !slices.Equal(b, []string{"x", "z"}) {
		t.Errorf("a lacks %q, b lacks %q", a, b)
	}
	for _, want := range []string{"share of the training", "a does not have w.", "b does not have x or z.", "(1 are in all", "backends", "number of their seeds"} {
		if !strings.Contains(strings.Join(c.Notes, "\n"), want) {
			t.Errorf("the notes lack %q: %q", want, c.Notes)
		}
	}

	if _, err := Compare(); err == nil {
		t.Error("no studies can be compared")
	}
	if _, err := Compare(Named{"a", a}, Named{"a", b}); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("two of one name: %v", err)
	}
	if _, err := Compare(Named{"a", nil}); err == nil {
		t.Error("a study without a result can be compared")
	}
}

func TestDifferences(t *testing.T) {
	type inner struct {
		Steps int      `json:"steps"`
		Names []string `json:"names,omitempty"`
	}
	type config struct {
		Name  string  `json:"name"`
		Seed  int64   `json:"seed"`
		Inner inner   `json:"inner"`
		Rate  float64 `json:"rate"`
	}
	const large = 1<<62 + 1 // no float64
	got, err := Differences(
		config{"a", large, inner{5, nil}, 0.5},
		config{"b", large + 1, inner{6, []string{"x"}}, 0.5},
		config{"c", large, inner{5, nil}, 0.5},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{"inner.names", []string{"", `["x"]`, ""}},
		{"inner.steps", []string{"5", "6", "5"}},
		{"seed", []string{"4611686018427387905", "4611686018427387906", "4611686018427387905"}},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i].Name != want[i].Name || !slices.Equal(got[i].Values, want[i].Values) {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
	if _, err := Differences(math.NaN()); err == nil {
		t.Error("a value without JSON is compared")
	}
}

// TestVariance: studies of several sources, each with seeds of its own, are divided;
// others are not, and near ones are told what is missing.
func TestVariance(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	effect := map[string]float64{"x": 0, "y": 1, "z": 2, "w": 4}
	source := func(seeds ...int64) *result.Study {
		r := small(10)
		r.Seeds = seeds
		for _, seed := range seeds {
			for _, name := range []string{"x", "y", "z", "w"} {
				r.Strategies = append(r.Strategies, result.Outcome{Name: name, Seed: seed, Status: result.StatusComplete,
					Curve: []result.Point{{Step: 10, Loss: result.Number(effect[name] + 0.01*random.NormFloat64())}}})
			}
		}
		return r
	}
	compare := func(studies ...*result.Study) *Comparison {
		t.Helper()
		var list []Named
		for i, r := range studies {
			list = append(list, Named{string(rune('a' + i)), r})
		}
		c, err := Compare(list...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	differ := []Setting{{Name: "growth.seeds"}, {Name: "seed"}}
	v, note, ok := compare(source(1, 2), source(3, 4), source(5, 6)).Variance(differ)
	if !ok || note != "" || v.Sources != 3 || v.Seeds != 2 || v.Parts.Counted != 4 || v.Parts.Repeatability(1, 1) < 0.99 || math.Abs(v.Parts.Strategies-35.0/12) > 0.1 {
		t.Errorf("three sources: %+v, %q, %v", v, note, ok)
	}
	for want, c := range map[string]*Comparison{
		"share seeds": compare(source(1, 2), source(2, 3)), "the same number of seeds": compare(source(1, 2), source(3)), "fewer than two strategies": compare(small(10, "x"), func() *result.Study { r := small(10, "x"); r.Seeds = []int64{2}; return r }()),
	} {
		if _, note, ok := c.Variance(differ); ok || !strings.Contains(note, want) {
			t.Errorf("%s: %q, %v", want, note, ok)
		}
	}
	two := compare(source(1), source(2))
	if _, note, ok := two.Variance([]Setting{{Name: "seed", Values: []string{"1", "1"}}}); ok || !strings.Contains(note, "the same source") {
		t.Errorf("one source twice: %q, %v", note, ok)
	}
	for _, settings := range [][]Setting{nil, {{Name: "growth.seeds"}}, {{Name: "seed"}, {Name: "growth.lag"}}} {
		if _, note, ok := two.Variance(settings); ok || note != "" {
			t.Errorf("%v: %q, %v", settings, note, ok)
		}
	}
}

// TestRates: of studies that differ in the peak rate alone, each strategy has its own
// best rate, and a rate at which another is ahead is said to mislead.
func TestRates(t *testing.T) {
	study := func(finals map[string]float64) *result.Study {
		r := small(10)
		for _, name := range []string{"x", "y", "z"} {
			o := result.Outcome{Name: name, Seed: 1, Status: result.StatusComplete, Curve: []result.Point{{Step: 10, Loss: result.Number(finals[name])}}}
			r.Strategies = append(r.Strategies, o)
		}
		return r
	}
	c, err := Compare(
		Named{"high", study(map[string]float64{"x": 1.0, "y": 2.0, "z": 3.0})},
		Named{"low", study(map[string]float64{"x": 2.5, "y": 1.5, "z": 2.0})})
	if err != nil {
		t.Fatal(err)
	}
	setting := []Setting{{Name: "growth.schedule.peak", Values: []string{"0.009", "0.001"}}}
	r, ok := c.Rates(setting)
	if !ok || !slices.Equal(r.Peaks, []float64{0.001, 0.009}) || !slices.Equal(r.Best, []string{"y", "x"}) {
		t.Fatalf("the sweep is %+v, %v", r, ok)
	}
	var names []string
	for _, s := range r.Strategies {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"x", "y", "z"}) || r.Strategies[0].Own != 1 || r.Strategies[1].Own != 0 || r.Strategies[2].Own != 0 {
		t.Errorf("strategies %+v", r.Strategies)
	}
	if r.AtEdge != 3 {
		t.Errorf("of two rates all are at the edge, not %d", r.AtEdge)
	}
	if r.Agreement[0] != -0.5 || r.Agreement[1] != 1 || r.Regret[0] != 0.5 || r.Regret[1] != 0 {
		t.Errorf("agreement %v, regret %v", r.Agreement, r.Regret)
	}
	for _, settings := range [][]Setting{nil, {setting[0], {Name: "seed", Values: []string{"1", "2"}}}, {{Name: "growth.lag", Values: []string{"1", "2"}}}, {{Name: "growth.schedule.peak", Values: []string{"", "1"}}}} {
		if r, ok := c.Rates(settings); ok {
			t.Errorf("%v is a sweep: %+v", settings, r)
		}
	}
}
