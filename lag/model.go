package lag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
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
	return fmt.Appendf(nil, "{%q:%q,%s", "family", m.Family(), config[1:]), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields are errors.
func (m *Model) UnmarshalJSON(text []byte) error {
	var head struct {
		Family string `json:"family"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	switch head.Family {
	case "bert":
		var config struct {
			Family string `json:"family"`
			bert.Config
		}
		if err := d.Decode(&config); err != nil {
			return fmt.Errorf("model of family %s: %w", head.Family, err)
		}
		m.Model = config.Config
	default:
		return fmt.Errorf("there is no model family %q; it is %q", head.Family, "bert")
	}
	return nil
}
