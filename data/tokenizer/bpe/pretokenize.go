package bpe

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// cutter calls yield for the parts into which it cuts text; some parts of text
// may be left out. text is not empty, and neither are the parts.
type cutter func(text string, yield func(part string))

// preTokenizer cuts normalized text into pieces.
type preTokenizer struct {
	cuts  []cutter  // one after the other
	scans []scanner // of the cuts that a scanner makes, nil of others
	scan  scanner   // where it is the only cut

	byteLevel bool // ByteLevel was there: what is still to come cuts names of bytes
}

// pieces calls yield for every piece of text.
func (p *preTokenizer) pieces(text string, yield func(string)) {
	if p.scan != nil {
		scanFinder(p.scan)(text, func(start, end int) { yield(text[start:end]) })
	} else if text != "" {
		cutAll(p.cuts, text, yield)
	}
}

func cutAll(cuts []cutter, text string, yield func(string)) {
	if len(cuts) == 0 {
		yield(text)
		return
	}
	cuts[0](text, func(part string) { cutAll(cuts[1:], part, yield) })
}

// parsePreTokenizer reads the pre_tokenizer section, which must hold a ByteLevel.
func parsePreTokenizer(section json.RawMessage) (*preTokenizer, error) {
	p := new(preTokenizer)
	if err := p.parse(section, 0); err != nil {
		return nil, fmt.Errorf("bpe: pre_tokenizer: %w", err)
	}
	if !p.byteLevel {
		return nil, errors.New("bpe: the pre_tokenizer has no ByteLevel: only byte-level BPE is supported")
	}
	if len(p.scans) == 1 {
		p.scan = p.scans[0]
	}
	return p, nil
}

func (p *preTokenizer) parse(section json.RawMessage, depth int) error {
	if isNull(section) {
		return nil
	}
	var s struct {
		Type             string
		PreTokenizers    []json.RawMessage
		AddPrefixSpace   *bool `json:"add_prefix_space"`
		UseRegex         *bool `json:"use_regex"`
		IndividualDigits bool  `json:"individual_digits"`
		Behavior         *behavior
	}
	if err := json.Unmarshal(section, &s); err != nil {
		return err
	}
	switch s.Type {
	case "Sequence":
		if depth > maxNesting {
			return errors.New("sequences are nested too deeply")
		}
		for _, section := range s.PreTokenizers {
			if err := p.parse(section, depth+1); err != nil {
				return err
			}
		}
	case "ByteLevel":
		if p.byteLevel {
			return errors.New("ByteLevel after ByteLevel is not supported")
		}
		if s.AddPrefixSpace == nil {
			return errors.New("ByteLevel does not say whether to add_prefix_space")
		}
		if *s.AddPrefixSpace {
			p.add(prefixSpace)
		}
		if s.UseRegex == nil || *s.UseRegex {
			p.addScanner(newScanner(PatternGPT2))
		}
		p.byteLevel = true
	case "Split":
		return p.parseSplit(section)
	case "Digits":
		p.add(digitsCutter(s.IndividualDigits))
	case "Punctuation":
		b := isolated
		if s.Behavior != nil {
			b = *s.Behavior
		}
		if err := b.validate(); err != nil {
			return fmt.Errorf("%s: %w", s.Type, err)
		}
		p.add(newCutter(characterFinder(utf8text.IsPunctuation), b, false))
	default:
		return fmt.Errorf("%q is not supported: ByteLevel, Split, Digits, Punctuation and Sequence are", s.Type)
	}
	return nil
}

func (p *preTokenizer) add(c cutter) {
	if p.byteLevel {
		c = c.named()
	}
	p.cuts = append(p.cuts, c)
	p.scans = append(p.scans, nil)
}

// named returns a cutter of bytes that cuts their names as c does: the byte 0xB2,
// say, is a number to it, whatever the character it is a part of.
func (c cutter) named() cutter {
	return func(text string, yield func(string)) {
		var names strings.Builder
		for i := range len(text) {
			names.WriteRune(byteRunes[text[i]])
		}
		c(names.String(), func(part string) {
			b, _ := appendBytes(nil, part)
			yield(string(b))
		})
	}
}

// addScanner adds a pattern whose matches are the pieces.
func (p *preTokenizer) addScanner(scan scanner) {
	p.add(newCutter(scanFinder(scan), isolated, false))
	if !p.byteLevel {
		p.scans[len(p.scans)-1] = scan
	}
}

// prefixSpace puts a space before text that begins with none.
func prefixSpace(text string, yield func(string)) {
	if text[0] != ' ' {
		text = " " + text
	}
	yield(text)
}

// digitsCutter cuts at numbers, each character of them by itself or not.
func digitsCutter(individual bool) cutter {
	numbers := property("N")
	numbers.addTable(newerNumbers)
	b := contiguous
	if individual {
		b = isolated
	}
	return newCutter(characterFinder(numbers.contains), b, false)
}

func (p *preTokenizer) parseSplit(section json.RawMessage) error {
	var s struct {
		Pattern  struct{ Regex, String *string }
		Behavior behavior
		Invert   *bool
	}
	if err := json.Unmarshal(section, &s); err != nil {
		return fmt.Errorf("Split: %w", err)
	}
	if err := s.Behavior.validate(); err != nil {
		return fmt.Errorf("Split: %w", err)
	}
	if s.Invert == nil {
		return errors.New("Split does not say whether to invert")
	}
	var find finder
	switch {
	case s.Pattern.String != nil:
		literal := *s.Pattern.String
		if literal == "" {
			return errors.New("Split: the pattern is empty")
		}
		find = literalFinder(literal)
	case s.Pattern.Regex != nil:
		pattern := *s.Pattern.Regex
		if scan := newScanner(pattern); scan != nil {
			if s.Behavior == isolated || s.Behavior == removed && *s.Invert {
				p.addScanner(scan)
				return nil
			}
			find = scanFinder(scan)
			break
		}
		match, err := compilePattern(pattern)
		if err != nil {
			return fmt.Errorf("Split: %w", err)
		}
		find = matchFinder(match)
	default:
		return errors.New("Split has no pattern: a Regex or a String")
	}
	p.add(newCutter(find, s.Behavior, *s.Invert))
	return nil
}

// characterFinder finds the characters of which in holds.
func characterFinder(in func(rune) bool) finder {
	return func(text string, yield func(start, end int)) {
		for i, r := range text {
			if in(r) {
				yield(i, i+utf8.RuneLen(r))
			}
		}
	}
}

func literalFinder(literal string) finder {
	return func(text string, yield func(start, end int)) {
		for from := 0; ; {
			i := strings.Index(text[from:], literal)
			if i < 0 {
				return
			}
			yield(from+i, from+i+len(literal))
			from += i + len(literal)
		}
	}
}

func scanFinder(scan scanner) finder {
	return func(text string, yield func(start, end int)) {
		for i := 0; i < len(text); {
			end := scan(text, i)
			yield(i, end)
			i = end
		}
	}
}

func matchFinder(match matcher) finder {
	return func(text string, yield func(start, end int)) {
		for i := 0; i < len(text); {
			if end := match(text, i); end > i {
				yield(i, end)
				i = end
				continue
			}
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
		}
	}
}
