package train

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/model/transformer"
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
	// update returns what to add to a parameter, and a function that returns
	// its new moments. If apply, a boolean scalar, is false, these are the old
	// ones, whatever numbers the gradient has.
	update(p transformer.Param, t tensorUpdate) (change *Node, moments func(apply *Node) []*Node)
}

// tensorUpdate holds what an optimizer updates a parameter with.
type tensorUpdate struct {
	parameter, gradient *Node // of one shape
	clip                *Node // scalar that the gradient must be multiplied with
	moments             []*Node
	rate                *Node   // scalar
	scalars             []*Node // of [Optimizer.scalars]
}

// choose returns a function that returns the new moments or, unless they
// apply, the old ones.
func (t tensorUpdate) choose(moments []*Node) func(apply *Node) []*Node {
	return func(apply *Node) []*Node {
		chosen := make([]*Node, len(moments))
		for i, m := range moments {
			chosen[i] = Where(apply, m, t.moments[i])
		}
		return chosen
	}
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

// optimizers lists all optimizers with their usual settings.
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
	return AnyOptimizer{}, fmt.Errorf("there is no optimizer %q%s; they are %q", name, closest.Hint(name, Optimizers()), Optimizers())
}

// Validate returns an error if the optimizer is missing or a setting is invalid.
func (o AnyOptimizer) Validate() error {
	if o.Optimizer == nil {
		return fmt.Errorf("no optimizer is given; they are %q", Optimizers())
	}
	return o.Optimizer.Validate()
}

// optimizerHead is the beginning of an optimizer's JSON.
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

// UnmarshalJSON decodes what MarshalJSON writes.
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
