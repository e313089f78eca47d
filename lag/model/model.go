package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Model is a model configuration of any family. Its JSON is an object with the
// family and the fields of that family's configuration, all of which are
// required:
//
//	{"family": "bert", "vocab_size": 512, "hidden_size": 48, "num_hidden_layers": 3, ...}
type Model struct{ Config }

// New returns the standard model of a family with the given settings, such as
// "hidden=48 heads=4", applied in order; see [Model.Set].
func New(family, settings string) (Model, error) {
	f, err := familyOf(family)
	if err != nil {
		return Model{}, err
	}
	m := Model{f.standard}
	for _, setting := range strings.Fields(settings) {
		name, value, ok := strings.Cut(setting, "=")
		if !ok {
			return m, fmt.Errorf("%q is not a setting of a model; write NAME=VALUE", setting)
		}
		if m, err = m.Set(name, value); err != nil {
			return m, err
		}
	}
	return m, m.Validate()
}

// Names of settings that every family has.
const (
	SettingLayers     = "layers"     // of each stack, see [growth.ParseDepths]
	SettingVocabulary = "vocabulary" // tokens
	SettingLength     = "length"     // tokens of the longest sequence
)

// Set returns the model with a setting changed. A setting is one of those
// above, one that the family has registered, or a field of the family's JSON.
// The result may be invalid until other settings are changed too. If the family
// does not have the setting, the error is an [UnknownSettingError].
func (m Model) Set(name, value string) (Model, error) {
	if m.Config == nil {
		return m, errNone
	}
	f, err := familyOf(m.Family())
	if err != nil {
		return m, err
	}
	var changed Config
	switch set, ok := f.set[name]; {
	case ok:
		changed, err = set(m.Config, value)
	case name == SettingLayers:
		var depths growth.Depths
		if depths, err = growth.ParseDepths(value); err == nil {
			return m.withDepths(depths)
		}
	case name == SettingVocabulary || name == SettingLength:
		var n int
		if err = Int(&n)(value); err == nil && name == SettingVocabulary {
			changed = m.WithVocabulary(n)
		} else if err == nil {
			changed = m.WithMaxLength(n)
		}
	default:
		changed, err = f.field(m.Config, name, value)
	}
	if err != nil {
		return m, fmt.Errorf("model: %s: %w", name, err)
	}
	return Model{changed}, nil
}

// Int returns a function for a [Setting] that parses a whole number into n.
func Int(n *int) func(value string) error {
	return func(value string) error {
		if err := json.Unmarshal([]byte(value), n); err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		return nil
	}
}

var errNone = errors.New("no model was given")

// Validate returns an error if the model is missing or its configuration is
// invalid.
func (m Model) Validate() error {
	if m.Config == nil {
		return errNone
	}
	return m.Config.Validate()
}

// head is the start of a model's JSON.
type head struct {
	Family string `json:"family"`
}

// MarshalJSON writes the family before the configuration.
func (m Model) MarshalJSON() ([]byte, error) {
	if m.Config == nil {
		return nil, errNone
	}
	return strictjson.Join(head{m.Family()}, m.Config)
}

// UnmarshalJSON reads the output of MarshalJSON. Unknown fields are errors.
func (m *Model) UnmarshalJSON(text []byte) error {
	var h head
	rest, err := strictjson.Cut(text, &h)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	f, err := familyOf(h.Family)
	if err != nil {
		return err
	}
	config, err := f.decode(rest)
	if err != nil {
		return fmt.Errorf("model of family %s: %w", h.Family, err)
	}
	m.Config = config
	return nil
}

// UnmarshalOld reads a model without a family, as in the first runs. Its family
// is the only one with these fields.
func UnmarshalOld(text []byte, m *Model) error {
	var fields map[string]json.RawMessage
	if err := strictjson.Unmarshal(text, &fields); err != nil {
		return err
	}
	if _, ok := fields["family"]; !ok {
		for _, f := range registered.All() {
			if config, err := f.decode(text); err == nil {
				m.Config = config
				return nil
			}
		}
	}
	return json.Unmarshal(text, m)
}

// ParameterCount returns the number of trainable numbers of the model.
func (m Model) ParameterCount() int { return transformer.Count(m.Parameters()) }

// Depths returns the number of layers of each of the model's stacks.
func (m Model) Depths() growth.Depths { return Depths(m.Config) }

// WithDepths returns the model with other depths, one for each stack. It
// returns an error if they are invalid.
func (m Model) WithDepths(depths ...int) (Model, error) {
	changed, err := m.withDepths(depths)
	if err == nil {
		err = changed.Validate()
	}
	return changed, err
}

func (m Model) withDepths(depths growth.Depths) (Model, error) {
	if want := len(m.Stacks()); len(depths) != want {
		return m, fmt.Errorf("the model has %s of layers, but the number of depths given is %d", plain.Count(want, "stack"), len(depths))
	}
	return Model{m.Config.WithDepths(depths)}, nil
}

// Layers describes the model's depth: "3 layers", "1 layer", or "2+2 layers"
// for an encoder and a decoder.
func (m Model) Layers() string { return m.Depths().Layers() }

// Summary describes the model in one line: "bert of 3 layers, 123,456
// parameters".
func (m Model) Summary() string {
	return fmt.Sprintf("%s of %s, %s parameters", m.Family(), m.Layers(), humanize.Comma(int64(m.ParameterCount())))
}
