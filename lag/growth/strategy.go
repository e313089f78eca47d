package growth

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Moments is the policy for the optimizer's moments. The moments of new layers
// are always zero.
type Moments string

const (
	// MomentsCopy copies the moments of each layer with its parameters, also
	// into duplicates.
	MomentsCopy Moments = "copy"
	// MomentsZeroDuplicates is MomentsCopy with zero moments for duplicates.
	MomentsZeroDuplicates Moments = "zero-duplicates"
	// MomentsReset sets all moments to zero, also those outside the stack.
	MomentsReset Moments = "reset"
)

// Validate returns an error if the policy is unknown.
func (m Moments) Validate() error {
	switch m {
	case MomentsCopy, MomentsZeroDuplicates, MomentsReset:
		return nil
	}
	return fmt.Errorf("moments %q is unknown: choose %q, %q or %q", m, MomentsCopy, MomentsZeroDuplicates, MomentsReset)
}

// Strategy is a way to grow a model in depth: a layer map for each of its
// stacks, the treatment of duplicates and moments, and options for the training
// after growing.
type Strategy struct {
	Name    string  `json:"name"`                  // unique in a pool
	Map     Map     `json:"map"`                   // map of the stack; in an encoder-decoder model, of the decoder
	Encoder Map     `json:"encoder_map,omitempty"` // map of the encoder of an encoder-decoder model; otherwise nil
	Init    Init    `json:"init"`
	Moments Moments `json:"moments"`

	// Combine makes grown layer i the sum over j of Combine[i][j] times source
	// layer j, instead of a copy of source layer Map[i]. Map[i] must be the
	// layer of the row's coefficient with the largest absolute value. First
	// moments, which are linear in gradients, are combined in the same way. All
	// other moments are means of squared gradients and are combined with
	// squared coefficients: that is the variance of a sum of independent terms,
	// and it cannot be negative. Combine is for models with one stack; see
	// [LiGO].
	Combine [][]float64 `json:"combine,omitempty"`

	// CombineModules has coefficients for single modules of a layer, by
	// [Module], in place of those of Combine or the map; "output.dense" is a
	// module of BERT. The map then only determines the duplicates, and need not
	// match their largest coefficients.
	CombineModules map[string][][]float64 `json:"combine_modules,omitempty"`

	// Learn makes the trainer learn the coefficients of every module before
	// growing. They start with those that the strategy has without Learn: see
	// [LearnedLiGO]. Nil means no learning. In a model with two stacks, only
	// the coefficients of stacks that the map changes are learned.
	Learn *Learning `json:"learn,omitempty"`

	// Options for the training after growing, in training steps since growing.
	// The trainer implements the schedule and frozen layers; see
	// [Strategy.Frozen].
	Rewarm   int  `json:"rewarm,omitempty"`    // steps in which the learning rate rises from 0 to its schedule
	Restart  bool `json:"restart,omitempty"`   // restart the learning-rate schedule instead of continuing it
	NewFirst int  `json:"new_first,omitempty"` // steps that train only duplicates and new layers

	Source string `json:"source,omitempty"` // publication; empty for the user's own strategies
}

// Custom returns a user-defined strategy with the given map and init; moments
// are copied with the layers. The number of gate steps is [DefaultGateSteps].
// Set other options in the fields of the result. [Strategy.Validate], which all
// users of a strategy call, reports errors.
func Custom(name string, m Map, kind InitKind) Strategy {
	s := Strategy{Name: name, Map: slices.Clone(m), Init: Init{Kind: kind}, Moments: MomentsCopy}
	if kind == Gated {
		s.Init.GateSteps = DefaultGateSteps
	}
	return s
}

// WithInit returns the strategy with another init and with its kind appended to
// the name: stack becomes stack-zero.
func (s Strategy) WithInit(init Init) Strategy {
	s = s.clone()
	s.Name += "-" + string(init.Kind)
	s.Init = init
	return s
}

// clone returns a copy that shares no memory with s.
func (s Strategy) clone() Strategy {
	s.Map, s.Encoder, s.Combine = slices.Clone(s.Map), slices.Clone(s.Encoder), cloneRows(s.Combine)
	s.CombineModules = maps.Clone(s.CombineModules)
	for module, rows := range s.CombineModules {
		s.CombineModules[module] = cloneRows(rows)
	}
	if s.Learn != nil {
		learn := *s.Learn
		s.Learn = &learn
	}
	return s
}

// Summary describes the strategy without its maps: the init and other options
// that are not the default, such as "zero, restart" or "moments reset,
// re-warm-up 100".
func (s Strategy) Summary() string {
	var parts []string
	if s.combines() {
		parts = append(parts, "combined")
	}
	if s.Learn != nil {
		parts = append(parts, fmt.Sprintf("learned(%d)", s.Learn.Steps))
	}
	if s.Init.Kind != Copy {
		parts = append(parts, s.Init.String())
	}
	if s.Moments != MomentsCopy {
		parts = append(parts, "moments "+string(s.Moments))
	}
	if s.Rewarm != 0 {
		parts = append(parts, fmt.Sprintf("re-warm-up %d", s.Rewarm))
	}
	if s.Restart {
		parts = append(parts, "restart")
	}
	if s.NewFirst != 0 {
		parts = append(parts, fmt.Sprintf("new first %d", s.NewFirst))
	}
	if parts == nil {
		return string(Copy)
	}
	return strings.Join(parts, ", ")
}

// Validate returns an error if the strategy cannot grow a model of these depths.
func (s Strategy) Validate(from Depths) error {
	if s.Name == "" {
		return errors.New("a strategy has no name: give it one that is unique in its pool")
	}
	if err := plain.CheckName(s.Name); err != nil {
		return fmt.Errorf("strategy %w", err)
	}
	if err := s.validate(from); err != nil {
		return fmt.Errorf("strategy %q: %w", s.Name, err)
	}
	return nil
}

func (s Strategy) validate(from Depths) error {
	if err := s.fits(len(from)); err != nil {
		return err
	}
	for i, m := range s.maps() {
		err := m.Validate(from[i])
		if err != nil && len(from) == 2 {
			err = fmt.Errorf("%s: %w", stackNames[i], err)
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(s.Init.Validate(), s.Moments.Validate()); err != nil {
		return err
	}
	if err := s.validateCombine(from); err != nil {
		return err
	}
	if err := s.validateLearn(from); err != nil {
		return err
	}
	switch {
	case s.Rewarm < 0:
		return fmt.Errorf("rewarm is %d: give a number of training steps, or 0", s.Rewarm)
	case s.NewFirst < 0:
		return fmt.Errorf("new_first is %d: give a number of training steps, or 0", s.NewFirst)
	case s.NewFirst > 0 && s.Added() == 0:
		return fmt.Errorf("new_first is %d, but no layer is a duplicate or new: nothing would be trained; leave it out", s.NewFirst)
	}
	return nil
}

// Key describes the effect of the strategy, without its name and source.
// Strategies with equal keys turn a state into equal states and train them in
// the same way. The init does not count if the maps have no duplicates, and
// coefficients that only copy do not count.
func (s Strategy) Key() string {
	init, moments := s.Init, s.Moments
	if init.Kind == Interpolate && !slices.ContainsFunc(s.maps(), func(m Map) bool { return m.interpolates() }) {
		init = Init{Kind: Copy}
	}
	if !slices.ContainsFunc(s.maps(), func(m Map) bool { return slices.Contains(m.Duplicates(), true) }) {
		init = Init{Kind: Copy}
		if moments == MomentsZeroDuplicates {
			moments = MomentsCopy
		}
	}
	var key strings.Builder
	if s.Encoder != nil {
		fmt.Fprintf(&key, "encoder=%v ", s.Encoder)
	}
	fmt.Fprintf(&key, "map=%v init=%v moments=%s", s.Map, init, moments)
	if !s.oneHot() {
		fmt.Fprintf(&key, " combine=%v", s.Combine)
	}
	if overrides := s.moduleOverrides(); overrides != nil {
		fmt.Fprintf(&key, " combine_modules=%v", overrides) // fmt prints maps sorted by key
	}
	if s.Learn != nil {
		fmt.Fprintf(&key, " learn=%+v", *s.Learn)
	}
	if s.Rewarm != 0 {
		fmt.Fprintf(&key, " rewarm=%d", s.Rewarm)
	}
	if s.Restart {
		key.WriteString(" restart")
	}
	if s.NewFirst != 0 {
		fmt.Fprintf(&key, " new_first=%d", s.NewFirst)
	}
	return key.String()
}
