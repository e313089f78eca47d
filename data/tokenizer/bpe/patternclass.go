package bpe

import (
	"strings"
	"unicode/utf8"
)

// class parses a class of characters after its [. A class in it is a part of it.
func (p *parser) class(fold bool) *set {
	if p.depth++; p.depth > maxDepth {
		p.fail("classes are nested too deeply")
	}
	all := new(set)
	negate := p.take("^")
	for first := true; first || !p.take("]"); first = false {
		switch {
		case p.rest == "":
			p.fail("a class has no ]")
			return all
		case first && p.begins("]"):
			p.fail("a class is empty")
		case strings.HasPrefix(p.rest, "[:") || strings.HasPrefix(p.rest, "&&"):
			p.fail("%.2q in a class", p.rest)
		case p.take("["):
			all.union(p.class(fold))
		case p.begins("-") && !first && !strings.HasPrefix(p.rest, "-]"):
			p.fail(`a "-" in a class that is neither its first nor its last character: write "\-"`)
		default:
			all.union(p.member(fold))
		}
	}
	if negate {
		if fold {
			p.fail("a negated class whose case is ignored")
		}
		all.invert()
	}
	p.depth--
	return all
}

// member parses a character of a class, or a range of them.
func (p *parser) member(fold bool) *set {
	s, low := p.character(fold)
	if low < 0 || !p.begins("-") || strings.HasPrefix(p.rest, "-]") {
		return s
	}
	p.take("-")
	if p.begins("[") {
		p.fail("a bad range in a class")
	}
	_, high := p.character(false)
	switch {
	case high < low:
		p.fail("a bad range in a class")
	case fold:
		p.fail("a range whose case is ignored")
	}
	s.addRange(low, high)
	return s
}

// character parses a character, or an escape that stands for a set of them. It
// returns the set, and the character or -1.
func (p *parser) character(fold bool) (*set, rune) {
	s := new(set)
	r, size := utf8.DecodeRuneInString(p.rest)
	if r == utf8.RuneError && size < 2 {
		p.fail("no character")
		return s, -1
	}
	if p.take(`\`) {
		if p.rest == "" {
			p.fail(`a "\" at the end`)
			return s, -1
		}
		r, size = utf8.DecodeRuneInString(p.rest)
		switch {
		case r == 'r':
			r = '\r'
		case r == 'n':
			r = '\n'
		case r == 't':
			r = '\t'
		case strings.ContainsRune("sSdDpP", r):
			if fold {
				p.fail(`"\%c" whose case is ignored`, r)
				return s, -1
			}
			return p.escapedSet(), -1
		case r >= utf8.RuneSelf || r <= ' ' || r == 0x7F || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z':
			p.fail(`no such escape: "\%c"`, r)
			return s, -1
		}
	}
	p.rest = p.rest[size:]
	s.add(r)
	if fold {
		lower := r | 0x20
		switch {
		case r >= utf8.RuneSelf:
			p.fail("a character outside ASCII whose case is ignored")
		case 'a' <= lower && lower <= 'z':
			s.add(lower)
			s.add(lower - 0x20)
		}
		switch lower {
		case 's':
			s.add('ſ') // U+017F, long s
		case 'k':
			s.add('\u212A') // Kelvin sign
		}
	}
	return s, r
}

// escapedSet parses s, S, d, D, p{Name} or P{Name}.
func (p *parser) escapedSet() *set {
	c := p.rest[0]
	p.rest = p.rest[1:]
	var s *set
	switch c {
	case 's', 'S':
		s = spaces()
	case 'd', 'D':
		s = property("Nd")
	default:
		name, rest, ok := strings.Cut(p.rest, "}")
		name, opened := strings.CutPrefix(name, "{")
		if s = property(name); !ok || !opened || s == nil {
			p.fail("no such property: %.20q", p.rest)
			return new(set)
		}
		p.rest = rest
	}
	if c == 'S' || c == 'D' || c == 'P' {
		s.invert()
	}
	return s
}
