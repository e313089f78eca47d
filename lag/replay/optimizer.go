package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/train"
)

// optimizer is an optimizer with its learning rate.
type optimizer struct {
	train.Optimizer
	rate     func(step int) float64 // learning rate of a step, from 0
	relative func(step int) float64 // the optimizer's own factor of the rate, except the parameter's scale
}

// rates are the fields that all optimizers share.
type rates struct {
	Name     string             `json:"name,omitempty"`
	Peak     *float64           `json:"lr,omitempty"`
	WarmUp   int                `json:"warmup,omitempty"`
	Schedule train.ScheduleKind `json:"schedule,omitempty"`
	Steps    int                `json:"schedule_steps,omitempty"`  // length of the schedule; 0 means that it ends with the run
	Offset   *int               `json:"schedule_offset,omitempty"` // step t, from 0, has the rate of t+Offset in the warm-up; nil means 1
}

// readOptimizer reads an optimizer for a run with the given number of steps.
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
	var object map[string]json.RawMessage
	if err := strictjson.Unmarshal(text, &object); err != nil {
		return optimizer{}, fmt.Errorf("it is not a JSON object: %w", strictjson.Explain(err))
	}
	r := rates{Schedule: train.Constant}
	settings, err := strictjson.Cut(text, &r)
	if err != nil {
		return optimizer{}, err
	}
	switch r.Name {
	case "adamw":
		o := train.AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01} // PyTorch's
		if err := strictjson.Overlay(settings, &o); err != nil {
			return optimizer{}, err
		}
		return r.scheduled(o, steps)
	case "adafactor":
		o := newAdafactor()
		if err := strictjson.Overlay(settings, &o); err != nil {
			return optimizer{}, err
		}
		return o.scheduled(r, steps)
	}
	return optimizer{}, fmt.Errorf("there is no optimizer %q; name adamw or adafactor", r.Name)
}

// scheduled returns the optimizer with the learning rate of a schedule. The
// warm-up may be longer than the run.
func (r rates) scheduled(o train.Optimizer, steps int) (optimizer, error) {
	if r.Peak == nil {
		return optimizer{}, fmt.Errorf("there is no lr; %s needs one", r.Name)
	}
	if r.Steps != 0 && r.Steps < steps {
		return optimizer{}, fmt.Errorf("schedule_steps is %d, but %s are trained; give the length of the whole schedule, or 0 for one that ends with the run", r.Steps, plain.Count(steps, "step"))
	}
	s := train.Schedule{Kind: r.Schedule, Peak: *r.Peak, WarmUp: r.WarmUp, Steps: max(steps, r.WarmUp, r.Steps)}
	if err := errors.Join(o.Validate(), s.Validate()); err != nil {
		return optimizer{}, err
	}
	rate := s.At
	switch {
	case r.Offset == nil || *r.Offset == 1:
	case *r.Offset == 0:
		rate = func(step int) float64 {
			if step < s.WarmUp {
				return s.Peak * float64(step) / float64(s.WarmUp)
			}
			return s.At(step)
		}
	default:
		return optimizer{}, fmt.Errorf("schedule_offset is %d; it is 1, or 0 as in transformers", *r.Offset)
	}
	return optimizer{o, rate, func(int) float64 { return 1 }}, nil
}

// adafactor holds the settings of transformers' Adafactor, with the same names.
type adafactor struct {
	Epsilon        []float64 `json:"eps"` // for the squared gradient and for the parameter's scale
	ClipThreshold  float64   `json:"clip_threshold"`
	DecayRate      float64   `json:"decay_rate"`
	Beta1          float64   `json:"beta1"` // 0 means none
	WeightDecay    float64   `json:"weight_decay"`
	ScaleParameter bool      `json:"scale_parameter"`
	RelativeStep   bool      `json:"relative_step"`
	WarmUpInit     bool      `json:"warmup_init"`
	ClipNorm       float64   `json:"clip_norm"`
}

// newAdafactor returns the defaults of transformers' Adafactor.
func newAdafactor() adafactor {
	return adafactor{Epsilon: []float64{1e-30, 1e-3}, ClipThreshold: 1, DecayRate: -0.8, ScaleParameter: true, RelativeStep: true}
}

// scheduled returns the optimizer with the learning rate of the schedule, or
// with its own rate: min(0.01, 1/√(step+1)) or, with warmup_init,
// min(1e-6·(step+1), 1/√(step+1)).
func (a adafactor) scheduled(r rates, steps int) (optimizer, error) {
	if len(a.Epsilon) != 2 {
		return optimizer{}, fmt.Errorf("eps has %d numbers; Adafactor's are two, such as [1e-30, 1e-3]", len(a.Epsilon))
	}
	o := train.Adafactor{
		Epsilon1: a.Epsilon[0], Epsilon2: a.Epsilon[1], ClipThreshold: a.ClipThreshold, DecayRate: a.DecayRate, Beta1: a.Beta1,
		WeightDecay: a.WeightDecay, ScaleParameter: a.ScaleParameter, RelativeStep: a.RelativeStep, WarmUpInit: a.WarmUpInit, ClipNorm: a.ClipNorm,
	}
	if !a.RelativeStep {
		return r.scheduled(o, steps)
	}
	if r.Peak != nil || r.WarmUp != 0 || r.Schedule != train.Constant || r.Steps != 0 || r.Offset != nil {
		return optimizer{}, errors.New("with relative_step Adafactor has a learning rate of its own: lr must be null, warmup 0, schedule \"constant\", and schedule_steps and schedule_offset left out; or set relative_step to false")
	}
	return optimizer{o, func(int) float64 { return 1 }, func(step int) float64 {
		n, most := float64(step+1), 1e-2
		if a.WarmUpInit {
			most = 1e-6 * n
		}
		return min(most, 1/math.Sqrt(n))
	}}, o.Validate()
}
