package train

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Optimizer turns gradients into updates. It is an [AdamW], [Adafactor] or [LAMB].
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
// name and the settings of the optimizer of that name:
//
//	{"name": "adamw", "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.01, "clip_norm": 1}
//
// All settings must be given; an unknown one is an error.
type AnyOptimizer struct{ Optimizer }

// optimizers are all kinds, each with its usual settings.
var optimizers = []struct {
	usual  Optimizer
	decode func(text []byte) (Optimizer, error)
}{
	{NewAdamW(), strictjson.Decoder[AdamW, Optimizer]()},
	{NewAdafactor(), strictjson.Decoder[Adafactor, Optimizer]()},
	{NewLAMB(), strictjson.Decoder[LAMB, Optimizer]()},
}

// Optimizers returns the names of all optimizers.
func Optimizers() []string {
	var names []string
	for _, o := range optimizers {
		names = append(names, o.usual.Name())
	}
	return names
}

// NewOptimizer returns an optimizer with its usual settings, see [NewAdamW],
// [NewAdafactor] and [NewLAMB].
func NewOptimizer(name string) (AnyOptimizer, error) {
	for _, o := range optimizers {
		if o.usual.Name() == name {
			return AnyOptimizer{o.usual}, nil
		}
	}
	return AnyOptimizer{}, fmt.Errorf("there is no optimizer %q; they are %q", name, Optimizers())
}

// Validate reports a missing optimizer or an impossible setting.
func (o AnyOptimizer) Validate() error {
	if o.Optimizer == nil {
		return fmt.Errorf("no optimizer is given; they are %q", Optimizers())
	}
	return o.Optimizer.Validate()
}

// optimizerHead is what the JSON of an optimizer begins with.
type optimizerHead struct {
	Name string `json:"name"`
}

// MarshalJSON writes the name before the settings.
func (o AnyOptimizer) MarshalJSON() ([]byte, error) {
	if o.Optimizer == nil {
		return nil, errors.New("no optimizer is given")
	}
	return strictjson.Join(optimizerHead{o.Name()}, o.Optimizer)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *AnyOptimizer) UnmarshalJSON(text []byte) error {
	var h optimizerHead
	rest, err := strictjson.Cut(text, &h)
	if err != nil {
		return fmt.Errorf("optimizer: %w; the names are %q", err, Optimizers())
	}
	for _, kind := range optimizers {
		if kind.usual.Name() != h.Name {
			continue
		}
		read, err := kind.decode(rest)
		if err != nil {
			return fmt.Errorf("optimizer %s: %w", h.Name, err)
		}
		o.Optimizer = read
		return nil
	}
	_, err = NewOptimizer(h.Name)
	return err
}
