package bpe

import (
	"strings"
	"unicode"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// The regular expressions of Hugging Face's tokenizers (Oniguruma) use Unicode 16,
// their Digits pre-tokenizer Unicode 17, and Go 1.26 Unicode 15. These tables hold
// what Go lacks. testdata/classes.py lists the classes of every code point, for the
// tests to compare. White space is the same in all of them.

// newerNumbers are the numbers (N) that Unicode 17 added.
var newerNumbers = utf8text.Table(`11de0-11de9 16ff4-16ff6`)

// ahomMark is a spacing mark (Mc) since Unicode 16; before, it was a nonspacing one (Mn).
const ahomMark = 0x1171e

// newIn16 holds what Unicode 15.1 and 16 added to general categories and scripts.
// A category of one letter has the additions of its parts, such as L those of Lu.
var newIn16 = map[string]*unicode.RangeTable{
	"Lu": utf8text.Table(`1c89 a7cb-a7cc a7da a7dc 10d50-10d65`),
	"Ll": utf8text.Table(`1c8a a7cd a7db 10d70-10d85`),
	"Lm": utf8text.Table(`10d4e 10d6f 16d40-16d42 16d6b-16d6c`),
	"Lo": utf8text.Table(`
		105c0-105f3 10d4a-10d4d 10d4f 10ec2-10ec4 11380-11389 1138b 1138e 11390-113b5 113b7 113d1 113d3
		11bc0-11be0 13460-143fa 16100-1611d 16d43-16d6a 18cff 1e5d0-1e5ed 1e5f0 2ebf0-2ee5d`),
	"Mn": utf8text.Table(`
		897 10d69-10d6d 10efc 113bb-113c0 113ce 113d0 113d2 113e1-113e2 11f5a 1611e-16129 1612d-1612f
		1e5ee-1e5ef`),
	"Mc": utf8text.Table(`113b8-113ba 113c2 113c5 113c7-113ca 113cc-113cd 113cf 1171e 1612a-1612c`),
	"Nd": utf8text.Table(`10d40-10d49 116d0-116e3 11bf0-11bf9 16130-16139 16d70-16d79 1ccf0-1ccf9 1e5f1-1e5fa`),
	"P":  utf8text.Table(`1b4e-1b4f 1b7f 10d6e 113d4-113d5 113d7-113d8 11be1 16d6d-16d6f 1e5ff`),
	"S": utf8text.Table(`
		2427-2429 2ffc-2fff 31e4-31e5 31ef 10d8e-10d8f 1cc00-1ccef 1cd00-1ceb3 1f8b2-1f8bb 1f8c0-1f8c1 1fa89
		1fa8f 1fabe 1fac6 1fadc 1fadf 1fae9 1fbcb-1fbef`),
	"Han":      utf8text.Table(`2ebf0-2ee5d`),
	"Latin":    utf8text.Table(`a7cb-a7cd a7da-a7dc`),
	"Cyrillic": utf8text.Table(`1c89-1c8a`),
	"Arabic":   utf8text.Table(`897 10ec2-10ec4 10efc`),
	"Lt":       {}, "Nl": {}, "No": {}, "Hiragana": {}, "Katakana": {}, "Hangul": {}, "Thai": {}, "Greek": {}, "Hebrew": {},
}

// oneLetter are the general categories whose parts newIn16 holds.
var oneLetter = map[string]bool{"L": true, "M": true, "N": true}

// property returns the characters of a general category or script by the Unicode
// version of Oniguruma, or nil if that is not known.
func property(name string) *set {
	if newIn16[name] == nil && !oneLetter[name] {
		return nil
	}
	table, ok := unicode.Categories[name]
	if !ok {
		table = unicode.Scripts[name]
	}
	s := new(set)
	s.addTable(table)
	for part, added := range newIn16 {
		if part == name || oneLetter[name] && len(part) == 2 && strings.HasPrefix(part, name) {
			s.addTable(added)
		}
	}
	if name == "Mn" {
		s.remove(ahomMark)
	}
	return s
}
