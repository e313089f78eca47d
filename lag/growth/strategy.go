package growth

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Moments is the policy for the optimizer's moments. Those of new layers
// always start at zero.
type Moments string

const (
	// MomentsCopy moves the moments with their layer, into duplicates too.
	MomentsCopy Moments = "copy"
	// MomentsZeroDuplicates is MomentsCopy with the moments of duplicates at zero.
	MomentsZeroDuplicates Moments = "zero-duplicates"
	// MomentsReset sets every moment to zero, those outside the stack included.
	MomentsReset Moments = "reset"
)

// Validate reports an unknown policy.
func (m Moments) Validate() error {
	switch m {
	case MomentsCopy, MomentsZeroDuplicates, MomentsReset:
		return nil
	}
	return fmt.Errorf("moments %q is unknown: choose %q, %q or %q", m, MomentsCopy, MomentsZeroDuplicates, MomentsReset)
}

// Strategy is a way to grow a model in depth: a layer map for each of its
// stacks, what becomes of duplicates and of moments, and how training goes on.
type Strategy struct {
	Name    string  `json:"name"`                  // unique in a pool
	Map     Map     `json:"map"`                   // of the stack; of an encoder-decoder model the decoder's
	Encoder Map     `json:"encoder_map,omitempty"` // of an encoder-decoder model the encoder's; nil for a model of one stack
	Init    Init    `json:"init"`
	Moments Moments `json:"moments"`

	// Combine makes grown layer i the sum over j of Combine[i][j] times source
	// layer j, in place of a copy of source layer Map[i], which must be that of
	// the row's largest coefficient by size. First moments, linear in gradients,
	// are combined likewise; all other moments, means of squared gradients, with
	// the coefficients squared: that is the variance of a sum whose terms are
	// independent, and no coefficient can make it negative. For a model of one
	// stack; see [LiGO].
	Combine [][]float64 `json:"combine,omitempty"`

	// CombineModules has coefficients for single modules of a layer, by
	// [Module], in place of Combine's or the map's; "output.dense" is one of
	// BERT's. The map, which then only says what is a duplicate, need not name
	// their largest ones.
	CombineModules map[string][][]float64 `json:"combine_modules,omitempty"`

	// Learn has the coefficients of every module learned before growing,
	// beginning with what the strategy does without it: see [LearnedLiGO]. Nil
	// learns nothing. In a model of two stacks those of each stack are learned
	// whose map does more than leave its layers in place.
	Learn *Learning `json:"learn,omitempty"`

	// How training goes on, in training steps since growing. What the schedule
	// and the frozen layers are is the trainer's to know; see [Strategy.Frozen].
	Rewarm   int  `json:"rewarm,omitempty"`    // steps over which the learning rate rises from 0 to its schedule again
	Restart  bool `json:"restart,omitempty"`   // begin the learning-rate schedule anew instead of keeping its position
	NewFirst int  `json:"new_first,omitempty"` // steps in which only duplicates and new layers are trained

	Source string `json:"source,omitempty"` // the publication it comes from, empty for the user's own
}

// Custom makes a strategy of the user's own: a map, what becomes of its
// duplicates, moments copied with the layers. Gated gets [DefaultGateSteps];
// other values go into the fields of the result. Errors show up in
// [Strategy.Validate], which every user of a strategy calls.
func Custom(name string, m Map, kind InitKind) Strategy {
	s := Strategy{Name: name, Map: slices.Clone(m), Init: Init{Kind: kind}, Moments: MomentsCopy}
	if kind == Gated {
		s.Init.GateSteps = DefaultGateSteps
	}
	return s
}

// WithInit returns the strategy with another init, its kind appended to the
// name: stack becomes stack-zero.
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

// Summary is what the strategy does beside its maps: the init, and what else is
// not the default, such as "zero, restart" or "moments reset, re-warm-up 100".
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

// Validate reports whether the strategy can grow a model of these depths.
func (s Strategy) Validate(from Depths) error {
	if s.Name == "" {
		return errors.New("a strategy has no name: give it one that is unique in its pool")
	}
	if strings.TrimSpace(s.Name) != s.Name || strings.ContainsFunc(s.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("strategy name %q has characters that cannot be printed, or spaces around it: choose a plain name", s.Name)
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
		return fmt.Errorf("rewarm is %d: give the training steps, 0 for none", s.Rewarm)
	case s.NewFirst < 0:
		return fmt.Errorf("new_first is %d: give the training steps, 0 for none", s.NewFirst)
	case s.NewFirst > 0 && s.Added() == 0:
		return fmt.Errorf("new_first is %d, but no layer is a duplicate or new: nothing would be trained; leave it out", s.NewFirst)
	}
	return nil
}

// Key is what the strategy does, without its name and source: strategies with
// equal keys turn a state into equal states and train them alike. In maps
// without duplicates the init has nothing to act on and does not count, nor do
// coefficients that only copy.
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
	if own := s.own(); own != nil {
		fmt.Fprintf(&key, " combine_modules=%v", own) // in the order of the names
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
