package downstream

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/mixer"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model"
	_ "github.com/landscape-aware/growing/lag/model/families"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

// initialized saves a model with random weights and loads it.
func initialized(t *testing.T, b *backend.Backend, m model.Config) *loaded {
	t.Helper()
	params := make(growth.Tensors)
	for _, p := range m.Parameters() {
		params[p.Name] = growth.Tensor{Shape: p.Shape, Data: p.Initialize(1)}
	}
	dir := t.TempDir()
	one := trained.Model{Model: model.Model{Config: m}, Snapshot: train.Snapshot{State: growth.State{Params: params}}}
	if err := one.Save(dir); err != nil {
		t.Fatal(err)
	}
	p := &programs{backend: b, compiled: make(map[string]*train.Forward)}
	t.Cleanup(p.close)
	if _, err := p.load(lag.FinalModel{Dir: dir, Steps: 5}); err == nil || !strings.Contains(err.Error(), "after 0 steps, not after 5") {
		t.Errorf("a state before the end passes for the final one: %v", err)
	}
	l, err := p.load(lag.FinalModel{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.close() })
	return l
}

// TestFamilies reads the features of each family: padding and the other rows of a batch
// change nothing, and in a causal decoder the second text not the first one's mean.
func TestFamilies(t *testing.T) {
	vocabulary := objective.Vocabulary{Size: 40, Pad: 0, Cls: 1, Sep: 2, Mask: 5, EOS: 3}
	b := testbackend.Go(t)
	for _, c := range []struct {
		family, settings string
		o                objective.Objective
		sees             bool // the first text attends to the second
	}{
		{"bert", "hidden=8 heads=2 layers=2 vocabulary=40 length=32", objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(32)}, true},
		{"ul2", "hidden=8 heads=2 layers=1,1 vocabulary=40", objective.Objective{Form: objective.EncoderDecoder, Settings: objective.DefaultSpanCorruption(32)}, true},
		{"ul2", "form=prefix-lm hidden=8 heads=2 layers=2 vocabulary=40", objective.Objective{Form: objective.DecoderOnly, Settings: objective.DefaultPrefixLM(32)}, true},
		{"ul2", "form=causal-lm hidden=8 heads=2 layers=2 vocabulary=40", objective.Objective{Form: objective.DecoderOnly, Settings: objective.DefaultCausalLM(32)}, false},
	} {
		t.Run(c.family+" "+c.settings, func(t *testing.T) {
			m, err := model.New(c.family, c.settings)
			if err != nil {
				t.Fatal(err)
			}
			l := initialized(t, b, m.Config)
			r, err := readingOf(c.o, vocabulary)
			if err != nil {
				t.Fatal(err)
			}
			read := func(rows ...row) *mat.Dense {
				t.Helper()
				x, err := l.features(t.Context(), r, rows)
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			long := make([]int32, 20)
			for i := range long {
				long[i] = int32(10 + i)
			}
			short := r.row([]int32{11, 12, 13}, []int32{21, 22})
			together, alone := read(r.row(long, []int32{7}), short), read(short)
			if _, d := alone.Dims(); d != 4*8 {
				t.Fatalf("%d features", d)
			}
			const rounding = 1e-5
			near := func(a, b []float64) bool {
				return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) < rounding })
			}
			if !near(together.RawRowView(1), alone.RawRowView(0)) {
				t.Errorf("padding changes the features:\n%v\n%v", together.RawRowView(1), alone.RawRowView(0))
			}
			other := read(r.row([]int32{11, 12, 13}, []int32{30, 31})).RawRowView(0)
			if first := near(other[:8], alone.RawRowView(0)[:8]); first == c.sees {
				t.Errorf("another second text leaves the mean of the first unchanged: %t", first)
			}
			if near(other[8:16], alone.RawRowView(0)[8:16]) {
				t.Error("another second text has the same mean")
			}
			u, v := other[:8], other[8:16]
			for k := range u {
				if math.Abs(other[16+k]-math.Abs(u[k]-v[k])) > rounding || math.Abs(other[24+k]-u[k]*v[k]) > rounding {
					t.Fatalf("features %v", other)
				}
			}
		})
	}
	l := initialized(t, b, mixer.Config{VocabSize: 40, Hidden: 4, Layers: 1, Length: 8})
	if _, err := l.features(t.Context(), reading{length: 8}, []row{{tokens: []int32{1}, spans: [][2]int{{0, 1}}}}); err == nil || !strings.Contains(err.Error(), "family mixer") {
		t.Errorf("a family without hidden states: %v", err)
	}
}

// TestScores compares with scores by hand.
func TestScores(t *testing.T) {
	// From the documentation of sklearn.metrics.matthews_corrcoef: +1 +1 +1 -1 against +1 -1 +1 +1 is -0.33.
	want, got := []int{1, 1, 1, 0}, []int{1, 0, 1, 1}
	s := scoreClasses("matthews", 2, got, want, []int{0, 1, 2, 3})
	if math.Abs(s.score+1./3) > 1e-12 {
		t.Errorf("Matthews' correlation %g, want -1/3", s.score)
	}
	if s := scoreClasses("accuracy", 2, got, want, []int{0, 0, 1, 1}); s.score != 0.5 || s.lo != 0.5 || s.hi != 0.5 {
		t.Errorf("two documents with one of two right examples each: %+v", s)
	}
	if s := scoreClasses("accuracy", 3, []int{0, 1, 2, 2}, []int{0, 1, 2, 1}, []int{0, 1, 2, 3}); s.score != 0.75 || s.lo > 0.5 || s.hi != 1 || s.halves != [2]float64{1, 0.5} {
		t.Errorf("three of four: %+v", s)
	}
	if matthews(3, 0, 2, 0) != 0 || matthews(2, 0, 0, 2) != 1 || matthews(0, 2, 2, 0) != -1 {
		t.Error("Matthews' correlation of one class, of all right and of all wrong is not 0, 1, -1")
	}
	loss, right := scoreTokens([]predicted{{loss: 6, count: 2, right: 1}, {loss: 2, count: 2, right: 2}})
	if loss.score != 2 || right.score != 0.75 || loss.lo != 1 || loss.hi != 3 {
		t.Errorf("loss %+v, right %+v", loss, right)
	}
	if baseline("accuracy", 3, []int{0, 1, 1, 2}) != 0.5 || baseline("matthews", 2, want) != 0 {
		t.Error("the baselines are not those of the most frequent class")
	}
}
