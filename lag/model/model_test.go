package model_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	_ "github.com/landscape-aware/growing/lag/model/families"
	"github.com/landscape-aware/growing/lag/model/ul2"
)

func ExampleNew() {
	m, err := model.New("bert", "layers=3 hidden=48 heads=4 vocabulary=512 length=32 positions=relative")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Describe())
	grown, err := m.WithDepths(6)
	fmt.Println(grown.Summary(), err)
	// Output:
	// bert of 3 layers, hidden size 48, 4 heads, feed-forward 192, vocabulary 512, 32 relative positions
	// bert of 6 layers, 197,488 parameters <nil>
}

func TestNew(t *testing.T) {
	relative := bert.New(3, 48, 4, 512, 32)
	relative.Positions = bert.Relative
	prefix, err := ul2.Preset("mini", ul2.PrefixLM, 2048)
	if err != nil {
		t.Fatal(err)
	}
	deeper := prefix.WithLayers(0, 7)
	deeper.TieEmbeddings, deeper.Dropout, deeper.Activation = true, 0.25, ul2.GatedSilu
	for _, c := range []struct {
		family, settings string
		want             model.Config
	}{
		{"bert", "layers=3 hidden=48 heads=4 vocabulary=512 length=32 positions=relative", relative},
		{"ul2", "form=prefix-lm size=mini vocabulary=2048", prefix},
		// JSON fields are settings too, whatever their type.
		{"ul2", "form=prefix-lm size=mini vocabulary=2048 layers=7 tie_word_embeddings=true dropout_rate=0.25 feed_forward_proj=gated-silu", deeper},
	} {
		m, err := model.New(c.family, c.settings)
		if err != nil || m.Config != c.want {
			t.Errorf("%s %s: got %+v, %v, want %+v", c.family, c.settings, m.Config, err, c.want)
		}
	}
}

// TestNewErrors checks that unknown settings and invalid values are errors with
// a clear text.
func TestNewErrors(t *testing.T) {
	for _, c := range []struct{ family, settings, want string }{
		{"gpt", "", `there is no model family "gpt"; the families are ["bert"`},
		{"bert", "hidden", "NAME=VALUE"},
		{"bert", "hiden=48", `has no setting "hiden" (did you mean "hidden"?); it has ["size" "hidden"`},
		{"ul2", "positions=learned", `has no setting "positions"`},
		{"bert", "layers=2,2", "1 stack of layers, but the number of depths given is 2"},
		{"bert", "heads=none", `"none" is not a whole number`},
		{"bert", "hidden=0", "give at least 1"},
		{"bert", "heads=3", "do not divide"},
		{"bert", "pre_norm=5", "pre_norm"},
		{"bert", "size=enormous", "there is no preset"},
		{"ul2", "dropout=2", "is not a share"},
	} {
		_, err := model.New(c.family, c.settings)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got error %v, want %q", c.family, c.settings, err, c.want)
		}
	}
	_, err := model.New("bert", "hiden=48")
	unknown, ok := errors.AsType[*model.UnknownSettingError](err)
	if !ok || unknown.Setting != "hiden" || !slices.Contains(unknown.Known, "pre_norm") {
		t.Errorf("an unknown setting: got %#v", err)
	}
}

func TestRegisterTwice(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "two families") {
			t.Errorf("a family registered twice: got panic %v", p)
		}
	}()
	model.Register(bert.New(1, 2, 1, 8, 8), nil, nil)
}

func TestModelJSON(t *testing.T) {
	for _, family := range model.Families() {
		m, err := model.New(family, "")
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(m)
		if err != nil || !strings.HasPrefix(string(text), fmt.Sprintf(`{"family":%q,`, family)) {
			t.Errorf("%s: got JSON %s, %v", family, text, err)
		}
		var back model.Model
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Errorf("%s: read back %+v, %v", family, back, err)
		}
		// The first runs had no family.
		old := strings.Replace(string(text), fmt.Sprintf(`"family":%q,`, family), "", 1)
		var read model.Model
		if err := model.UnmarshalOld([]byte(old), &read); err != nil || read != m {
			t.Errorf("%s without its name: read back %+v, %v", family, read, err)
		}
	}
	var m model.Model
	for text, want := range map[string]string{
		`{"hidden_size":3}`: `"family" is missing`,
		`{"family":"gpt"}`:  `no model family "gpt"`,
		`{"family":"bert"}`: "is missing",
		`[]`:                "a list",
	} {
		if err := json.Unmarshal([]byte(text), &m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", text, err, want)
		}
	}
}

func TestFromParameters(t *testing.T) {
	for _, family := range model.Families() {
		m, err := model.New(family, "")
		if err != nil {
			t.Fatal(err)
		}
		m.Config = m.Config.WithDepths(slices.Repeat(growth.Depths{9}, len(m.Stacks())))
		missing := map[string]int{"bert": 10, "ul2": 10}[family] // they are known without the first ones
		var names []string
		for _, p := range m.Parameters()[missing:] {
			names = append(names, p.Name)
		}
		if got := model.FromParameters(names); got != family {
			t.Errorf("tensors of %s are recognized as %q", family, got)
		}
	}
	if got := model.FromParameters([]string{"bert.encoder.layer.7.output.dense.bias"}); got != "bert" {
		t.Errorf("a tensor of BERT's layer 7 is recognized as %q", got)
	}
	if got := model.FromParameters([]string{"x"}); got != "" {
		t.Errorf("a tensor x is recognized as %q", got)
	}
}

// TestProjections: a family that has output projections, or queries and keys, lists
// tensors that its layers have, so that strategies can zero, scale or attenuate them.
func TestProjections(t *testing.T) {
	for _, c := range []struct{ family, settings string }{{"bert", ""}, {"ul2", ""}, {"ul2", "form=prefix-lm"}, {"ul2", "form=causal-lm"}} {
		m, err := model.New(c.family, c.settings)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range m.Parameters() {
			names = append(names, p.Name)
		}
		for _, stack := range m.Stacks() {
			if len(stack.OutputProjections) == 0 || len(stack.AttentionProjections) == 0 {
				t.Errorf("%s %s: the stack %s lists output projections %q, queries and keys %q", c.family, c.settings, stack.Prefix, stack.OutputProjections, stack.AttentionProjections)
			}
			for _, suffix := range slices.Concat(stack.OutputProjections, stack.AttentionProjections) {
				for layer := range stack.Depth {
					if name := fmt.Sprintf("%s%d.%s", stack.Prefix, layer, suffix); !slices.Contains(names, name) {
						t.Errorf("%s %s: there is no parameter %s", c.family, c.settings, name)
					}
				}
			}
		}
	}
}

func TestWithDepths(t *testing.T) {
	m, err := model.New("ul2", "")
	if err != nil {
		t.Fatal(err)
	}
	grown, err := m.WithDepths(4, 5)
	if got := grown.Depths(); err != nil || !slices.Equal(got, growth.Depths{4, 5}) {
		t.Errorf("got depths %v, %v", got, err)
	}
	if _, err := m.WithDepths(4); err == nil || !strings.Contains(err.Error(), "2 stacks") {
		t.Errorf("one depth for two stacks: got error %v", err)
	}
	if _, err := m.WithDepths(0, 5); err == nil || !strings.Contains(err.Error(), "at least 1 layer") {
		t.Errorf("an encoder without layers: got error %v", err)
	}
}
