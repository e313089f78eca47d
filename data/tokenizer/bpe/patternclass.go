package bpe

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// class parses a class of characters after its [. A class in it is a part of it.
func (p *parser) class(fold bool) (*set, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("classes are nested too deeply")
	}
	defer func() { p.depth-- }()
	all := new(set)
	negate := p.take("^")
	for first := true; ; first = false {
		if p.rest == "" {
			return nil, errors.New("a class has no ]")
		}
		if p.take("]") {
			if first {
				return nil, errors.New("a class is empty")
			}
			break
		}
		if strings.HasPrefix(p.rest, "[:") || strings.HasPrefix(p.rest, "&&") {
			return nil, fmt.Errorf("%.2q in a class", p.rest)
		}
		if p.take("[") {
			inner, err := p.class(fold)
			if err != nil {
				return nil, err
			}
			all.union(inner)
			continue
		}
		if strings.HasPrefix(p.rest, "-") && !first && !strings.HasPrefix(p.rest, "-]") {
			return nil, errors.New(`a "-" in a class that is neither its first nor its last character: write "\-"`)
		}
		s, low, err := p.character(fold)
		if err != nil {
			return nil, err
		}
		if low >= 0 && strings.HasPrefix(p.rest, "-") && !strings.HasPrefix(p.rest, "-]") {
			p.take("-")
			if strings.HasPrefix(p.rest, "[") {
				return nil, errors.New("a bad range in a class")
			}
			_, high, err := p.character(false)
			switch {
			case err != nil:
				return nil, err
			case high < low:
				return nil, errors.New("a bad range in a class")
			case fold:
				return nil, errors.New("a range whose case is ignored")
			}
			s.addRange(low, high)
		}
		all.union(s)
	}
	if negate {
		if fold {
			return nil, errors.New("a negated class whose case is ignored")
		}
		all.invert()
	}
	return all, nil
}

// character parses a character, or an escape that stands for a set of them. It
// returns the set, and the character or -1.
func (p *parser) character(fold bool) (*set, rune, error) {
	s := new(set)
	r, size := utf8.DecodeRuneInString(p.rest)
	if r == utf8.RuneError && size < 2 {
		return nil, 0, errors.New("no character")
	}
	if r == '\\' {
		if p.rest = p.rest[1:]; p.rest == "" {
			return nil, 0, errors.New(`a "\" at the end`)
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
				return nil, 0, fmt.Errorf(`"\%c" whose case is ignored`, r)
			}
			s, err := p.escapedSet()
			return s, -1, err
		case r >= utf8.RuneSelf || r <= ' ' || r == 0x7F || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z':
			return nil, 0, fmt.Errorf(`no such escape: "\%c"`, r)
		}
	}
	p.rest = p.rest[size:]
	s.add(r)
	if fold {
		lower := r | 0x20
		switch {
		case r >= utf8.RuneSelf:
			return nil, 0, errors.New("a character outside ASCII whose case is ignored")
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
	return s, r, nil
}

// escapedSet parses s, S, d, D, p{Name} or P{Name}.
func (p *parser) escapedSet() (*set, error) {
	c := p.rest[0]
	p.rest = p.rest[1:]
	var s *set
	switch c {
	case 's', 'S':
		s = spaces()
	case 'd', 'D':
		s = property("Nd")
	default:
		if !p.take("{") {
			return nil, fmt.Errorf(`"\%c" without {`, c)
		}
		name, rest, ok := strings.Cut(p.rest, "}")
		if !ok {
			return nil, errors.New("{ has no }")
		}
		p.rest = rest
		if s = property(name); s == nil {
			return nil, fmt.Errorf("no such property: %.20q", name)
		}
	}
	if c == 'S' || c == 'D' || c == 'P' {
		s.invert()
	}
	return s, nil
}
