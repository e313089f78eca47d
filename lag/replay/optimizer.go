package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
)

// optimizer is what a file says of how to train.
type optimizer struct {
	train.Optimizer
	rate func(step int) float64 // learning rate of a step, from 0
}

// rates are the fields that all optimizers have: the learning rate.
type rates struct {
	Name     string             `json:"name"`
	Peak     *float64           `json:"lr"`
	WarmUp   int                `json:"warmup"`
	Schedule train.ScheduleKind `json:"schedule"`
}

// readOptimizer reads an optimizer for a run of that many steps.
func readOptimizer(path string, steps int) (optimizer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return optimizer{}, fmt.Errorf("optimizer: %w", err)
	}
	o, err := parseOptimizer(text, steps)
	if err != nil {
		return o, fmt.Errorf("optimizer of %s: %w", path, err)
	}
	return o, nil
}

func parseOptimizer(text []byte, steps int) (optimizer, error) {
	var head struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return optimizer{}, fmt.Errorf("it is not a JSON object: %w", err)
	}
	switch head.Name {
	case "adamw":
		settings := struct {
			rates
			train.AdamW
		}{rates{Schedule: train.Constant}, train.AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}}
		if err := decode(text, &settings); err != nil {
			return optimizer{}, err
		}
		return settings.rates.scheduled(settings.AdamW, steps)
	}
	return optimizer{}, fmt.Errorf("there is no optimizer %q; name adamw or adafactor", head.Name)
}

// decode reads one JSON object. Unknown fields are errors.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// scheduled is the optimizer with the learning rate of a schedule. The
// warm-up may be longer than the run.
func (r rates) scheduled(o train.Optimizer, steps int) (optimizer, error) {
	if r.Peak == nil {
		return optimizer{}, fmt.Errorf("there is no lr; %s needs one", r.Name)
	}
	s := train.Schedule{Kind: r.Schedule, Peak: *r.Peak, WarmUp: r.WarmUp, Steps: max(steps, r.WarmUp)}
	if err := errors.Join(o.Validate(), s.Validate()); err != nil {
		return optimizer{}, err
	}
	return optimizer{o, s.At}, nil
}

// byRank is a model whose weight decay applies to every tensor of two or more
// dimensions and to no other.
type byRank struct{ train.Model }

func (m byRank) Parameters() []transformer.Param {
	parameters := m.Model.Parameters()
	for i, p := range parameters {
		parameters[i].Decay = len(p.Shape) >= 2
	}
	return parameters
}
