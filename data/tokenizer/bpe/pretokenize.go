package bpe

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// cutter calls yield for the parts into which it cuts text; some parts of text
// may be left out. text is not empty, and neither are the parts.
type cutter func(text string, yield func(part string))

// preTokenizer cuts normalized text into pieces.
type preTokenizer struct {
	cuts []cutter // each cuts the parts of the one before
	scan scanner  // what the only cut does, if it is a scanner's

	byteLevel bool // ByteLevel was there: what follows cuts names of bytes
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
	if err := component.Each("pre_tokenizer", section, p.parse); err != nil {
		return nil, err
	}
	if !p.byteLevel {
		return nil, errors.New("the pre_tokenizer has no ByteLevel: only byte-level BPE is supported")
	}
	return p, nil
}

func (p *preTokenizer) parse(c component.Component) error {
	switch c.Type {
	case "ByteLevel":
		switch {
		case p.byteLevel:
			return errors.New("ByteLevel after ByteLevel is not supported")
		case c.AddPrefixSpace == nil:
			return errors.New("ByteLevel does not say whether to add_prefix_space")
		case *c.AddPrefixSpace:
			p.add(prefixSpace)
		}
		if component.Or(c.UseRegex, true) {
			p.addScanner(newScanner(PatternGPT2))
		}
		p.byteLevel = true
	case "Split":
		if err := p.addSplit(c); err != nil {
			return fmt.Errorf("Split: %w", err)
		}
	case "Digits":
		p.add(digitsCutter(c.IndividualDigits))
	case "Punctuation":
		b := behavior(component.Or(c.Behavior, string(isolated)))
		if err := b.validate(); err != nil {
			return fmt.Errorf("Punctuation: %w", err)
		}
		p.add(newCutter(characterFinder(utf8text.IsPunctuation), b, false))
	default:
		return fmt.Errorf("%q is not supported: ByteLevel, Split, Digits, Punctuation and Sequence are", c.Type)
	}
	return nil
}

// add adds a cut after the others.
func (p *preTokenizer) add(c cutter) {
	if p.byteLevel {
		c = c.named()
	}
	p.cuts, p.scan = append(p.cuts, c), nil
}

// addScanner adds a pattern whose matches are the pieces.
func (p *preTokenizer) addScanner(scan scanner) {
	p.add(newCutter(scanFinder(scan), isolated, false))
	if len(p.cuts) == 1 && !p.byteLevel {
		p.scan = scan
	}
}

// named returns a cutter that cuts the names of the bytes of a text as c cuts text.
// It sees the byte 0xB2 as the number "²", whatever character the byte is part of.
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

// addSplit adds the cuts of a Split.
func (p *preTokenizer) addSplit(c component.Component) error {
	b := behavior(component.Or(c.Behavior, ""))
	if err := b.validate(); err != nil {
		return err
	}
	if c.Invert == nil {
		return errors.New("it does not say whether to invert")
	}
	if literal := c.Pattern.String; literal != nil {
		if *literal == "" {
			return errors.New("the pattern is empty")
		}
		p.add(newCutter(literalFinder(*literal), b, *c.Invert))
		return nil
	}
	if c.Pattern.Regex == nil {
		return errors.New("it has no pattern: a Regex or a String")
	}
	if scan := newScanner(*c.Pattern.Regex); scan != nil {
		if b == isolated || b == removed && *c.Invert {
			p.addScanner(scan)
		} else {
			p.add(newCutter(scanFinder(scan), b, *c.Invert))
		}
		return nil
	}
	match, err := compilePattern(*c.Pattern.Regex)
	if err != nil {
		return err
	}
	p.add(newCutter(matchFinder(match), b, *c.Invert))
	return nil
}

// characterFinder finds the characters for which in is true.
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
