package bpe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// normalizer changes a whole text before it is cut.
type normalizer func(text string) string

// parseNormalizer reads the normalizer section; nil is none.
func parseNormalizer(section json.RawMessage) (normalizer, error) {
	if isNull(section) {
		return nil, nil
	}
	var s struct {
		Type        string
		Normalizers []json.RawMessage
	}
	if err := json.Unmarshal(section, &s); err != nil {
		return nil, fmt.Errorf("bpe: normalizer: %w", err)
	}
	switch s.Type {
	case "NFC":
		return unicodeForm(norm.NFC), nil
	case "NFD":
		return unicodeForm(norm.NFD), nil
	case "NFKC":
		return unicodeForm(norm.NFKC), nil
	case "NFKD":
		return unicodeForm(norm.NFKD), nil
	case "Lowercase":
		return utf8text.Lower, nil
	case "Sequence":
		var all []normalizer
		for _, section := range s.Normalizers {
			n, err := parseNormalizer(section)
			if err != nil {
				return nil, err
			}
			if n != nil {
				all = append(all, n)
			}
		}
		return func(text string) string {
			for _, n := range all {
				text = n(text)
			}
			return text
		}, nil
	}
	return nil, fmt.Errorf("bpe: the normalizer %q is not supported: NFC, NFD, NFKC, NFKD, Lowercase and Sequence are", s.Type)
}

// starters returns the characters of unnormalized as a set.
var starters = sync.OnceValue(func() *set {
	s := new(set)
	each(unnormalized, s.add)
	return s
})

// longRun is the number of combining characters in a row from which x/text is
// not trusted: it puts a U+034F after the thirtieth, decomposed, one.
const longRun = 12

// unicodeForm returns the normalizer to a form.
func unicodeForm(form norm.Form) normalizer {
	starters := starters()
	return func(text string) string {
		i := 0
		for i < len(text) && text[i] < utf8.RuneSelf {
			i++
		}
		if i == len(text) {
			return text
		}
		var b strings.Builder
		from, combining, long := 0, 0, false
		flush := func(to int) {
			switch segment := text[from:to]; {
			case long:
				b.WriteString(normalizeExactly(form, segment))
			case form.IsNormalString(segment):
				b.WriteString(segment)
			default:
				b.WriteString(form.String(segment))
			}
			from, combining, long = to, 0, false
		}
		for i < len(text) {
			if text[i] < utf8.RuneSelf {
				combining = 0
				i++
				continue
			}
			r, size := utf8.DecodeRuneInString(text[i:])
			if starters.contains(r) {
				flush(i)
				b.WriteRune(r)
				i += size
				from = i
				continue
			}
			if form.PropertiesString(text[i:i+size]).CCC() == 0 {
				combining = 0
			} else if combining++; combining > longRun {
				long = true
			}
			i += size
		}
		flush(len(text))
		return b.String()
	}
}

// normalizeExactly is form.String without its limit on combining characters
// (Unicode Standard Annex 15; algorithm in Unicode 15, section 3.11).
func normalizeExactly(form norm.Form, text string) string {
	decomposition := norm.NFD
	if form == norm.NFKC || form == norm.NFKD {
		decomposition = norm.NFKD
	}
	type character struct {
		r   rune
		ccc uint8
	}
	var all []character
	for _, r := range text {
		for _, d := range decomposition.String(string(r)) {
			all = append(all, character{d, decomposition.PropertiesString(string(d)).CCC()})
		}
	}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].ccc > 0 {
			j++
		}
		slices.SortStableFunc(all[i:j], func(a, b character) int { return int(a.ccc) - int(b.ccc) })
		i = max(j, i+1)
	}
	if form == norm.NFD || form == norm.NFKD {
		var b strings.Builder
		for _, c := range all {
			b.WriteRune(c.r)
		}
		return b.String()
	}

	var out []rune
	starter := -1 // index in out of the last starter
	last := uint8(0)
	for _, c := range all {
		// A character is blocked from the starter by one of its own class or a
		// higher one between them, or by another starter.
		adjacent := starter == len(out)-1
		if starter >= 0 && (adjacent || last != 0 && last < c.ccc) {
			composed := []rune(norm.NFC.String(string(out[starter]) + string(c.r)))
			if len(composed) == 1 {
				out[starter] = composed[0]
				continue
			}
		}
		if c.ccc == 0 {
			starter = len(out)
		}
		last = c.ccc
		out = append(out, c.r)
	}
	return string(out)
}
