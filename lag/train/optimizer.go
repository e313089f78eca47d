package train

import (
	"encoding/json"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/transformer"
)

// Optimizer computes updates from gradients. It is an [AdamW], [Adafactor] or [LAMB].
type Optimizer interface {
	Name() string    // the name in JSON
	Validate() error // the first invalid setting

	// moments declares the tensors that the optimizer stores for a parameter.
	// They are float32 and start at zero.
	moments(p transformer.Param) []Moment
	// scalars returns numbers for a parameter's update that depend on the
	// number of updates in its moments, including this one. Their count is
	// fixed.
	scalars(updates int) []float32
	// clipNorm returns the greatest global norm of the gradient; 0 means no limit.
	clipNorm() float64
	// update returns the new parameter and moments. The gradient is already
	// clipped. rate and scalars are scalar nodes.
	update(p transformer.Param, parameter, gradient *Node, moments []*Node, rate *Node, scalars []*Node) (newParameter *Node, newMoments []*Node)
}

// Moment declares a tensor that an optimizer stores for a parameter.
type Moment struct {
	Name  string
	Shape []int
}

// AnyOptimizer is an [Optimizer] in a configuration. In JSON it is an object
// with the name and the settings of the optimizer:
//
//	{"name": "adamw", "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.01, "clip_norm": 1}
//
// All settings are required. Unknown settings are an error.
type AnyOptimizer struct{ Optimizer }

// Optimizers returns the names of all optimizers.
func Optimizers() []string { return []string{adamwName, adafactorName, lambName} }

// NewOptimizer returns an optimizer with its usual settings, see [NewAdamW],
// [NewAdafactor] and [NewLAMB].
func NewOptimizer(name string) (AnyOptimizer, error) {
	switch name {
	case adamwName:
		return AnyOptimizer{NewAdamW()}, nil
	case adafactorName:
		return AnyOptimizer{NewAdafactor()}, nil
	case lambName:
		return AnyOptimizer{NewLAMB()}, nil
	}
	return AnyOptimizer{}, fmt.Errorf("there is no optimizer %q; they are %q", name, Optimizers())
}

// Validate returns an error if the optimizer is missing or a setting is invalid.
func (o AnyOptimizer) Validate() error {
	if o.Optimizer == nil {
		return fmt.Errorf("no optimizer is given; they are %q", Optimizers())
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

// UnmarshalJSON decodes what MarshalJSON writes.
func (o *AnyOptimizer) UnmarshalJSON(text []byte) error {
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(text, &settings); err != nil {
		return fmt.Errorf("optimizer: %w", strictjson.Explain(err))
	}
	var name string
	if raw, ok := settings["name"]; !ok {
		return fmt.Errorf("the optimizer has no name; they are %q", Optimizers())
	} else if err := json.Unmarshal(raw, &name); err != nil {
		return fmt.Errorf("optimizer: name: %w", strictjson.Explain(err))
	}
	delete(settings, "name")
	read, err := NewOptimizer(name)
	if err != nil {
		return err
	}
	switch read.Optimizer.(type) {
	case AdamW:
		read.Optimizer, err = decodeOptimizer[AdamW](settings)
	case Adafactor:
		read.Optimizer, err = decodeOptimizer[Adafactor](settings)
	case LAMB:
		read.Optimizer, err = decodeOptimizer[LAMB](settings)
	}
	if err != nil {
		return fmt.Errorf("optimizer %s: %w", name, err)
	}
	*o = read
	return nil
}

// decodeOptimizer decodes the settings of an optimizer. Missing and unknown settings are
// errors.
func decodeOptimizer[O Optimizer](settings map[string]json.RawMessage) (Optimizer, error) {
	var o O
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	err = strictjson.Decode(text, &o)
	return o, err
}
