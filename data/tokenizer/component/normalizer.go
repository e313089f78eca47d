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

// NormalizerMaker makes the normalizer that a component describes.
type NormalizerMaker func(c Component) (Normalizer, error)

// Normalizers reads a normalizer section. It knows the types NFC, NFD, NFKC, NFKD,
// Lowercase and StripAccents, and those of more.
func Normalizers(section json.RawMessage, more map[string]NormalizerMaker) ([]Normalizer, error) {
	var all []Normalizer
	err := Each("normalizer", section, func(c Component) error {
		var n Normalizer
		switch c.Type {
		case "NFC":
			n = unicodeForm(norm.NFC)
		case "NFD":
			n = unicodeForm(norm.NFD)
		case "NFKC":
			n = unicodeForm(norm.NFKC)
		case "NFKD":
			n = unicodeForm(norm.NFKD)
		case "Lowercase":
			n = utf8text.Lower
		case "StripAccents":
			n = utf8text.StripAccents
		default:
			make, ok := more[c.Type]
			if !ok {
				supported := append([]string{"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}, slices.Sorted(maps.Keys(more))...)
				return Unsupported("%q is not supported: %s and Sequence are", c.Type, strings.Join(supported, ", "))
			}
			var err error
			if n, err = make(c); err != nil {
				return fmt.Errorf("%s: %w", c.Type, err)
			}
		}
		all = append(all, n)
		return nil
	})
	return all, err
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
