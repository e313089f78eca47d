package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
)

// check returns an error if the parts of a study do not fit together, as in a
// file that was damaged or edited. The analysis, the report and the figures
// rely on it.
func (r *Study) check() error {
	if err := checkValues("", "", reflect.ValueOf(*r)); err != nil {
		return err
	}
	if err := checkSeeds("strategies", len(r.Strategies), r.Seeds); err != nil {
		return err
	}
	if err := checkSeeds("controls", len(r.Controls), r.Seeds); err != nil {
		return err
	}
	if err := checkCurve("the source", r.Source.Curve, true); err != nil {
		return err
	}
	if len(r.Strategies) == 0 {
		return errors.New("it has no strategies")
	}
	from, to := r.Grown()
	for i := range from {
		if from[i] < 1 || to[i] < from[i] || to[i] > growth.MaxDepth {
			return fmt.Errorf("models of %s layers cannot be grown from models of %s", to, from)
		}
	}
	n := len(r.Strategies) / len(r.Seeds)
	for i, o := range r.Strategies {
		if first := r.Strategies[i%n]; o.Name != first.Name || o.Seed != r.Seeds[i/n] {
			return fmt.Errorf("outcome %d is strategy %q with seed %d, expected %q with seed %d", i, o.Name, o.Seed, first.Name, r.Seeds[i/n])
		}
		what := fmt.Sprintf("strategy %q with seed %d", o.Name, o.Seed)
		if len(o.Curve) == 0 {
			return fmt.Errorf("%s has no losses", what)
		}
		same := func(a, b Signal) bool { return a.Name == b.Name && a.Step == b.Step && a.Decay == b.Decay }
		if !slices.EqualFunc(o.Signals, r.Strategies[0].Signals, same) {
			return fmt.Errorf("%s has other signals than strategy %q", what, r.Strategies[0].Name)
		}
		if err := errors.Join(checkOutcome(what, o.Status, o.Curve, o.Final), checkMap(what, o.Map, r.From, r.To), checkMap(what, o.Encoder, r.EncoderFrom, r.EncoderTo)); err != nil {
			return err
		}
	}
	if err := r.checkFinals(); err != nil {
		return err
	}
	for _, c := range r.Controls {
		if err := checkOutcome(fmt.Sprintf("control %q with seed %d", c.Name, c.Seed), c.Status, c.Curve, c.Final); err != nil {
			return err
		}
	}
	return r.checkAnalysis()
}

// check returns an error if the parts of a stacking do not fit together.
func (r *Stacking) check() error {
	if err := checkValues("", "", reflect.ValueOf(*r)); err != nil {
		return err
	}
	if err := checkSeeds("arms", len(r.Arms), r.Seeds); err != nil {
		return err
	}
	if len(r.Arms) == 0 {
		return errors.New("it has no arms")
	}
	for i, stage := range r.Plan {
		if err := checkStages("the plan", []StageOutcome{{Depths: stage.Depths}}); err != nil {
			return fmt.Errorf("stage %d: %w", i+1, err)
		}
	}
	n := len(r.Arms) / len(r.Seeds)
	for i, o := range r.Arms {
		if first := r.Arms[i%n]; o.Name != first.Name || o.Seed != r.Seeds[i/n] {
			return fmt.Errorf("outcome %d is arm %q with seed %d, expected %q with seed %d", i, o.Name, o.Seed, first.Name, r.Seeds[i/n])
		}
		what := fmt.Sprintf("arm %q with seed %d", o.Name, o.Seed)
		if err := checkStages(what, o.Stages); err != nil {
			return err
		}
		var curve []Point
		for _, p := range o.Curve {
			// Growing is not a step: the losses before and after it have the same.
			if len(curve) > 0 && p.Step == curve[len(curve)-1].Step {
				continue
			}
			curve = append(curve, Point{Step: p.Step, Loss: p.Loss})
		}
		if err := checkOutcome(what, o.Status, curve, o.Final); err != nil {
			return err
		}
	}
	return nil
}

// checkStages checks the depths and layer maps of an arm's stages. An arm that
// stopped before a stage grew has no strategy there, and an arm that starts with
// a model of full depth has one stage.
func checkStages(what string, stages []StageOutcome) error {
	for i, s := range stages {
		if n := len(s.Depths); n == 0 || n > 2 || n != len(stages[0].Depths) || slices.Min(s.Depths) < 1 || slices.Max(s.Depths) > growth.MaxDepth {
			return fmt.Errorf("stage %d of %s has models of %v layers", i+1, what, s.Depths)
		}
		for k := range s.Depths {
			if i > 0 && s.Depths[k] < stages[i-1].Depths[k] {
				return fmt.Errorf("stage %d of %s has models of %v layers, after %v", i+1, what, s.Depths, stages[i-1].Depths)
			}
		}
		if s.Strategy == "" {
			continue
		}
		if i == 0 {
			return fmt.Errorf("the first stage of %s grows by the strategy %s from nothing", what, s.Strategy)
		}
		from := stages[i-1].Depths
		if err := checkMap(what, s.Map, from[len(from)-1], s.Depths[len(from)-1]); err != nil {
			return err
		}
		if len(from) == 2 {
			if err := checkMap(what, s.Encoder, from[0], s.Depths[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSeeds checks that every seed has the same number of outcomes.
func checkSeeds(what string, n int, seeds []int64) error {
	if len(seeds) == 0 {
		return errors.New("it has no seeds")
	}
	if n%len(seeds) != 0 {
		return fmt.Errorf("%d %s cannot be those of %s", n, what, plain.Count(len(seeds), "seed"))
	}
	return nil
}

// checkOutcome checks the status of a training with its losses.
func checkOutcome(what string, s Status, curve []Point, final Number) error {
	switch s {
	case StatusComplete, StatusDiverged, StatusFailed:
	default:
		return fmt.Errorf("%s has the unknown status %q", what, s)
	}
	if s == StatusComplete && math.IsNaN(float64(final)) {
		return fmt.Errorf("%s is complete and has no final loss", what)
	}
	return checkCurve(what, curve, s == StatusComplete)
}

// checkCurve checks that the steps of a curve ascend.
func checkCurve(what string, curve []Point, required bool) error {
	if required && len(curve) == 0 {
		return fmt.Errorf("%s has no losses", what)
	}
	for i, p := range curve {
		if p.Step < 0 || i > 0 && p.Step <= curve[i-1].Step {
			return fmt.Errorf("the losses of %s are not in the order of their steps", what)
		}
	}
	return nil
}

// checkMap checks a layer map from one depth to another.
func checkMap(what string, m []int, from, to int) error {
	if len(m) != to {
		return fmt.Errorf("the map of %s has %s, expected %d", what, plain.Count(len(m), "layer"), to)
	}
	for _, layer := range m {
		if layer < growth.New || layer >= from {
			return fmt.Errorf("the map of %s contains layer %d of a model of %s", what, layer, plain.Count(from, "layer"))
		}
	}
	return nil
}
