package lag

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// Model is the configuration of a model of any family. As JSON it is an object
// of family and the fields of that family's configuration.
type Model struct{ train.Model }

// Validate reports a missing model or an impossible configuration.
func (m Model) Validate() error {
	if m.Model == nil {
		return errors.New("no model is given")
	}
	return m.Model.Validate()
}

// MarshalJSON writes the family before the configuration.
func (m Model) MarshalJSON() ([]byte, error) {
	if m.Model == nil {
		return nil, errors.New("no model is given")
	}
	config, err := json.Marshal(m.Model)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{%q:%q,%s", familyField, m.Family(), config[1:]), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields are errors.
func (m *Model) UnmarshalJSON(text []byte) error {
	var head struct {
		Family string `json:"family"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("model: %w", strictjson.Explain(err))
	}
	var err error
	switch head.Family {
	case bert.Config{}.Family():
		m.Model, err = decodeModel[bert.Config](text)
	case ul2.Config{}.Family():
		m.Model, err = decodeModel[ul2.Config](text)
	default:
		return fmt.Errorf("there is no model family %q; it is %q or %q", head.Family, bert.Config{}.Family(), ul2.Config{}.Family())
	}
	if err != nil {
		return fmt.Errorf("model of family %s: %w", head.Family, err)
	}
	return nil
}

// decodeModel reads a configuration whose fields must all be given, beside the family.
func decodeModel[C train.Model](text []byte) (train.Model, error) {
	var config C
	err := strictjson.Decode(text, &config, familyField)
	return config, err
}

const familyField = "family"

// ParameterCount is the number of trainable numbers of the model.
func (m Model) ParameterCount() int { return transformer.Count(m.Parameters()) }

// change changes the model's configuration, by the one of its family.
func (m *Model) change(b func(*bert.Config), u func(*ul2.Config)) {
	switch c := m.Model.(type) {
	case bert.Config:
		b(&c)
		m.Model = c
	case ul2.Config:
		u(&c)
		m.Model = c
	}
}

// Depths are the layers of each of the model's stacks.
func (m Model) Depths() growth.Depths {
	var depths growth.Depths
	for _, stack := range m.Stacks() {
		depths = append(depths, stack.Depth)
	}
	return depths
}

// describeDepths is "3 layers", "1 layer", or "2+2 layers" of an encoder and a decoder.
func (m Model) describeDepths() string {
	depths := strings.ReplaceAll(m.Depths().String(), ",", "+")
	if depths == "1" {
		return "1 layer"
	}
	return depths + " layers"
}

// VocabSize is the number of tokens that the model knows.
func (m Model) VocabSize() int {
	switch c := m.Model.(type) {
	case bert.Config:
		return c.VocabSize
	case ul2.Config:
		return c.VocabSize
	}
	return 0
}
