package bpe

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// compilePattern returns the matches of a regular expression. It knows the part
// of Oniguruma's syntax that tokenizers use, and refuses the rest.
func compilePattern(expression string) (*pattern, error) {
	p := &parser{rest: expression}
	n := p.alternatives(false)
	if p.rest != "" {
		p.fail("there is a ) without (")
	}
	if n.least == 0 {
		p.fail("it matches the empty text")
	}
	p.check(n)
	compiled := new(pattern)
	if p.err == nil {
		compiled.first = n.compile(&compiled.compiler, nil).orMatched()
		if compiled.places+compiled.runs > maxMemory {
			p.fail("it has more than %d repetitions and alternatives", maxMemory)
		}
	}
	if p.err != nil {
		return nil, component.Unsupported("the pattern %q is not supported: at byte %d: %w", expression, len(expression)-p.left, p.err)
	}
	return compiled, nil
}

// parser reads a pattern. Its methods return anything after an error.
type parser struct {
	rest  string // of the pattern
	depth int    // of groups and classes
	err   error  // the first error
	left  int    // length of the rest where it was
}

// fail sets the error unless there is one, and ends the pattern.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err, p.left = fmt.Errorf(format, args...), len(p.rest)
	}
	p.rest = ""
}

// check refuses a node that is too costly.
func (p *parser) check(n node) {
	if n.choices > maxChoices {
		p.fail("it has more than %d repetitions and alternatives in a row", maxChoices)
	} else if n.size > maxSize {
		p.fail("it is larger than %d characters", maxSize)
	}
}

// take removes prefix from the rest if it begins with it.
func (p *parser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

// begins reports whether the rest begins with any of the characters.
func (p *parser) begins(chars string) bool {
	return p.rest != "" && strings.IndexByte(chars, p.rest[0]) >= 0
}

func (p *parser) alternatives(fold bool) node {
	if p.depth++; p.depth > maxDepth {
		p.fail("groups are nested too deeply")
	}
	all := []node{p.sequence(fold)}
	for p.take("|") {
		all = append(all, p.sequence(fold))
	}
	p.depth--
	return alternatives(all)
}

func (p *parser) sequence(fold bool) node {
	var parts []node
	folded := "" // letters in a row whose case is ignored
	for p.rest != "" && !p.begins("|)") {
		before := p.rest
		n := p.atom(fold)
		if literal := before[:len(before)-len(p.rest)]; fold && len(literal) == 1 {
			folded += strings.ToLower(literal)
		} else {
			folded = ""
		}
		for _, ligature := range []string{"ss", "st", "ff", "fi", "fl"} {
			if strings.HasSuffix(folded, ligature) {
				p.fail("%q has other forms when case is ignored", ligature)
			}
		}
		parts = append(parts, p.repeat(n))
	}
	return sequence(parts)
}

func (p *parser) atom(fold bool) node {
	switch {
	case p.take("(?:"):
		return p.group(fold)
	case p.take("(?i:"):
		return p.group(true)
	case p.take("(?="):
		return lookahead(p.group(fold), false)
	case p.take("(?!"):
		return lookahead(p.group(fold), true)
	case strings.HasPrefix(p.rest, "(?"), strings.HasPrefix(p.rest, "(*"):
		p.fail("no such groups: %.4q", p.rest)
		return node{}
	case p.take("("):
		return p.group(fold)
	case p.take("["):
		return one(p.class(fold))
	case p.begins("*+?{^$]}"):
		p.fail("unexpected %q", p.rest[0])
		return node{}
	case p.take("."):
		s := new(set)
		s.add('\n')
		s.invert()
		return one(s)
	}
	s, _ := p.character(fold)
	return one(s)
}

func (p *parser) group(fold bool) node {
	n := p.alternatives(fold)
	if !p.take(")") {
		p.fail("a group has no end")
	}
	return n
}

// repeat parses what may follow an atom.
func (p *parser) repeat(n node) node {
	var r repetition
	switch {
	case p.take("?"):
		r.max = 1
	case p.take("*"):
		r.max = -1
	case p.take("+"):
		r.min, r.max = 1, -1
	case p.take("{"):
		r.min, r.max = p.counts()
		// To Oniguruma {2}? and {1,2}+ repeat a repetition.
		if p.begins("+") || p.begins("?") && r.min == r.max {
			p.fail("a repetition is repeated")
		}
	default:
		return n
	}
	if r.lazy = p.take("?"); !r.lazy {
		r.possessive = p.take("+")
	}
	switch {
	case p.begins("?+*{"):
		p.fail("a repetition is repeated")
	case n.look:
		p.fail("a lookahead is repeated")
	case n.set == nil && (r.max < 0 || r.max > 8 || r.possessive || n.least == 0):
		p.fail("only a single character may be repeated without limit, more than 8 times, or possessively")
	}
	repeated := r.repeat(n)
	p.check(repeated)
	return repeated
}

// counts parses n}, n,} or n,m}.
func (p *parser) counts() (low, high int) {
	text, rest, ok := strings.Cut(p.rest, "}")
	if !ok {
		p.fail("{ has no }")
		return 0, 0
	}
	number := func(s string) int {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n > 1000 {
			p.fail("a bad repetition {%s}", text)
		}
		return int(n)
	}
	from, to, two := strings.Cut(text, ",")
	low = number(from)
	high = low
	if two && to == "" {
		high = -1
	} else if two {
		high = number(to)
	}
	if high >= 0 && high < low || high == 0 {
		p.fail("a bad repetition {%s}", text)
	}
	if p.err == nil {
		p.rest = rest
	}
	return low, high
}
