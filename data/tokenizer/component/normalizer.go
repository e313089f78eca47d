package component

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// Normalizer changes a whole text before it is cut. Text is valid UTF-8.
type Normalizer func(text string) string

// Step is a normalizer with the most bytes that it makes of one byte of a text, and
// those that it puts before a text.
type Step struct {
	Normalizer
	Growth float64
	Before int
}

// NormalizerMaker makes the step that a component describes.
type NormalizerMaker func(c Component) (Step, error)

// Bounds of what all steps together make of a text, far above those of tokenizers in
// use. Without them a short file could make a text of any length: 34 steps that double
// it make 16 gigabytes of a byte.
const (
	MaxGrowth = 1024 // bytes made of one byte
	MaxBefore = 1024 // bytes put before a text
)

// Growth of normalizers, as the most bytes for one byte: of normal forms by Unicode's
// FAQ on normalization, and of lower case by U+0130.
const (
	formGrowth          = 3
	compatibilityGrowth = 11
	lowerGrowth         = 1.5
)

// Normalizers reads a normalizer section. It knows the types NFC, NFD, NFKC, NFKD,
// Lowercase and StripAccents, and those of more. Steps that may make more than
// [MaxGrowth] bytes of one, or put more than [MaxBefore] bytes before a text, are an
// error that names the step.
func Normalizers(section json.RawMessage, more map[string]NormalizerMaker) ([]Normalizer, error) {
	var all []Normalizer
	total := Step{Growth: 1}
	settled, form := 0.0, 1.0 // growth when the text was last in a normal form, and that of the form
	err := Each("normalizer", section, func(c Component) error {
		step, isForm, err := newStep(c, more)
		if err != nil {
			return err
		}
		grows := step.Growth
		unchanged := total.Growth == settled // nothing else has grown since
		if isForm && unchanged {
			step.Growth /= form
		}
		if err := total.add(c.Type, step, len(all)); err != nil {
			return err
		}
		switch {
		case c.Type == "Lowercase" && unchanged: // it makes no characters that forms enlarge
			settled = total.Growth
		case isForm:
			settled, form = total.Growth, max(grows, form)
		}
		all = append(all, step.Normalizer)
		return nil
	})
	return all, err
}

// add adds a step after others.
func (s *Step) add(name string, next Step, place int) error {
	s.Growth *= max(next.Growth, 1)
	s.Before += next.Before
	if s.Growth > MaxGrowth {
		return fmt.Errorf("step %d, %s, could make a text %.0f times as long, together with the steps before it: the limit is %d", place+1, name, s.Growth, MaxGrowth)
	}
	if s.Before > MaxBefore {
		return fmt.Errorf("step %d, %s, could put %d bytes before a text, together with the steps before it: the limit is %d", place+1, name, s.Before, MaxBefore)
	}
	return nil
}

// newStep makes the step of a component, and reports whether it is a normal form.
func newStep(c Component, more map[string]NormalizerMaker) (s Step, isForm bool, err error) {
	switch c.Type {
	case "NFC":
		return Step{unicodeForm(norm.NFC), formGrowth, 0}, true, nil
	case "NFD":
		return Step{unicodeForm(norm.NFD), formGrowth, 0}, true, nil
	case "NFKC":
		return Step{unicodeForm(norm.NFKC), compatibilityGrowth, 0}, true, nil
	case "NFKD":
		return Step{unicodeForm(norm.NFKD), compatibilityGrowth, 0}, true, nil
	case "Lowercase":
		return Step{utf8text.Lower, lowerGrowth, 0}, false, nil
	case "StripAccents":
		return Step{utf8text.StripAccents, 1, 0}, false, nil
	}
	make, ok := more[c.Type]
	if !ok {
		supported := append([]string{"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}, slices.Sorted(maps.Keys(more))...)
		return s, false, Unsupported("%q is not supported: %s and Sequence are", c.Type, strings.Join(supported, ", "))
	}
	if s, err = make(c); err != nil {
		err = fmt.Errorf("%s: %w", c.Type, err)
	}
	return s, false, err
}

func unicodeForm(form norm.Form) Normalizer {
	return func(text string) string { return utf8text.Normalize(form, text) }
}

// Normalize applies all of the normalizers to text, which is repaired before.
func Normalize(all []Normalizer, text string) string {
	text = utf8text.Repair(text)
	for _, n := range all {
		text = n(text)
	}
	return text
}
