package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/transformer"
)

// Optimizer turns gradients into updates. It is an [AdamW].
type Optimizer interface {
	Name() string    // as in JSON
	Validate() error // which setting is impossible

	// moments declares the tensors kept of a parameter between updates. They
	// are float32 and start at zero.
	moments(p transformer.Param) []Moment
	// scalars returns the numbers of a parameter's update that depend on how
	// many updates its moments hold, this one included. Their count is fixed.
	scalars(updates int) []float32
	// clipNorm is the greatest global norm of the gradient, 0 for any.
	clipNorm() float64
	// update returns a parameter and its moments after an update with a
	// gradient that is clipped. rate and scalars are scalars.
	update(p transformer.Param, parameter, gradient *Node, moments []*Node, rate *Node, scalars []*Node) (newParameter *Node, newMoments []*Node)
}

// Moment declares a tensor that an optimizer keeps of a parameter.
type Moment struct {
	Name  string
	Shape []int
}

// AnyOptimizer is an [Optimizer] in a configuration. As JSON it is an object of
// name and the settings of the optimizer of that name.
type AnyOptimizer struct{ Optimizer }

// Validate reports a missing optimizer or an impossible setting.
func (o AnyOptimizer) Validate() error {
	if o.Optimizer == nil {
		return errors.New("no optimizer is given")
	}
	return o.Optimizer.Validate()
}

// MarshalJSON writes the name before the settings.
func (o AnyOptimizer) MarshalJSON() ([]byte, error) {
	if o.Optimizer == nil {
		return nil, errors.New("no optimizer is given")
	}
	settings, err := json.Marshal(o.Optimizer)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{%q:%q,%s", "name", o.Name(), settings[1:]), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields are errors.
func (o *AnyOptimizer) UnmarshalJSON(text []byte) error {
	var head struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("optimizer: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	switch head.Name {
	case adamwName:
		var settings struct {
			Name string `json:"name"`
			AdamW
		}
		if err := d.Decode(&settings); err != nil {
			return fmt.Errorf("optimizer %s: %w", head.Name, err)
		}
		o.Optimizer = settings.AdamW
	default:
		return fmt.Errorf("there is no optimizer %q; it is %q", head.Name, adamwName)
	}
	return nil
}
