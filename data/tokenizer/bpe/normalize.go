package bpe

import (
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// maxNesting bounds sequences in sequences.
const maxNesting = 16

// normalizer changes a whole text before it is cut.
type normalizer func(text string) string

// parseNormalizer reads the normalizer section; nil is none.
func parseNormalizer(section json.RawMessage) (normalizer, error) {
	var all []normalizer
	if err := appendNormalizers(&all, section, 0); err != nil {
		return nil, fmt.Errorf("bpe: normalizer: %w", err)
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return func(text string) string {
		for _, n := range all {
			text = n(text)
		}
		return text
	}, nil
}

func appendNormalizers(all *[]normalizer, section json.RawMessage, depth int) error {
	if isNull(section) {
		return nil
	}
	if depth > maxNesting {
		return errors.New("sequences are nested too deeply")
	}
	var s struct {
		Type        string
		Normalizers []json.RawMessage
	}
	if err := json.Unmarshal(section, &s); err != nil {
		return err
	}
	switch s.Type {
	case "NFC":
		*all = append(*all, unicodeForm(norm.NFC))
	case "NFD":
		*all = append(*all, unicodeForm(norm.NFD))
	case "NFKC":
		*all = append(*all, unicodeForm(norm.NFKC))
	case "NFKD":
		*all = append(*all, unicodeForm(norm.NFKD))
	case "Lowercase":
		*all = append(*all, utf8text.Lower)
	case "StripAccents":
		*all = append(*all, utf8text.StripAccents)
	case "Sequence":
		for _, section := range s.Normalizers {
			if err := appendNormalizers(all, section, depth+1); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%q is not supported: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents and Sequence are", s.Type)
	}
	return nil
}

// unicodeForm returns the normalizer to a form.
func unicodeForm(form norm.Form) normalizer {
	return func(text string) string { return utf8text.Normalize(form, text) }
}
