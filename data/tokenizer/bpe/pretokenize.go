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
	scan matcher  // what the only cut does, if it is a scanner's

	byteLevel bool // ByteLevel was there: what follows cuts names of bytes
	prefix    bool // it puts a space before text
	patterns  int  // bytes of all patterns
}

// pieces calls yield for every piece of text.
func (p *preTokenizer) pieces(text string, yield func(string)) {
	if p.scan != nil {
		p.scan.each(text, func(start, end int) { yield(text[start:end]) })
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
		return nil, component.Unsupported("the pre_tokenizer has no ByteLevel: only byte-level BPE is supported")
	}
	return p, nil
}

func (p *preTokenizer) parse(c component.Component) error {
	switch c.Type {
	case "ByteLevel":
		switch {
		case p.byteLevel:
			return component.Unsupported("ByteLevel after ByteLevel is not supported")
		case c.AddPrefixSpace == nil:
			return errors.New("ByteLevel does not say whether to add_prefix_space")
		case *c.AddPrefixSpace:
			p.add(prefixSpace)
			p.prefix = true
		}
		if component.Or(c.UseRegex, true) {
			p.addScanner(newScanner(PatternGPT2))
		}
		p.byteLevel = true
	case "Split":
		if err := p.addSplit(c); err != nil {
			return fmt.Errorf("%s: %w", c.Type, err)
		}
	case "Digits":
		p.add(digitsCutter(c.IndividualDigits))
	case "Punctuation":
		b := behavior(component.Or(c.Behavior, string(isolated)))
		if err := b.validate(); err != nil {
			return fmt.Errorf("%s: %w", c.Type, err)
		}
		p.add(newCutter(character(utf8text.IsPunctuation), b, false))
	default:
		return component.Unsupported("%q is not supported: ByteLevel, Split, Digits, Punctuation and Sequence are", c.Type)
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
func (p *preTokenizer) addScanner(scan matcher) {
	p.add(newCutter(scan, isolated, false))
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
	return newCutter(character(numbers.contains), b, false)
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
	var match finder
	switch literal, pattern := c.Pattern.String, c.Pattern.Regex; {
	case literal == nil && pattern == nil:
		return errors.New("it has no pattern: a Regex or a String")
	case literal != nil && *literal == "":
		return errors.New("the pattern is empty")
	case literal != nil && len(*literal) > maxSize:
		return fmt.Errorf("the pattern has %d bytes: the limit is %d", len(*literal), maxSize)
	case literal != nil:
		match = matcher(func(s string, i int) int {
			if strings.HasPrefix(s[i:], *literal) {
				return i + len(*literal)
			}
			return -1
		})
	default:
		scan := newScanner(*pattern)
		if scan != nil && (b == isolated || b == removed && *c.Invert) {
			p.addScanner(scan)
			return nil
		}
		match = scan
		if scan == nil {
			if p.patterns += len(*pattern); p.patterns > maxPatterns {
				return fmt.Errorf("the patterns have more than %d bytes together", maxPatterns)
			}
			var err error
			if match, err = compilePattern(*pattern); err != nil {
				return err
			}
		}
	}
	p.add(newCutter(match, b, *c.Invert))
	return nil
}

// character matches the characters for which in is true.
func character(in func(rune) bool) matcher {
	return func(s string, i int) int {
		if r, size := utf8.DecodeRuneInString(s[i:]); in(r) {
			return i + size
		}
		return -1
	}
}
