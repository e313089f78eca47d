package bpe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// compilePattern returns the matcher of a regular expression. It knows the part
// of Oniguruma's syntax that tokenizers use, and refuses the rest.
func compilePattern(pattern string) (matcher, error) {
	p := &parser{rest: pattern}
	n, err := p.alternatives(false)
	if err == nil && p.rest != "" {
		err = errors.New("there is a ) without (")
	}
	if err == nil && n.least() == 0 {
		err = errors.New("it matches the empty text")
	}
	if err == nil {
		err = checkCost(n)
	}
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not supported: at byte %d: %w", pattern, len(pattern)-len(p.rest), err)
	}
	return n.compile(func(_ string, i int) int { return i }), nil
}

func checkCost(n node) error {
	choices, size := n.cost()
	switch {
	case choices > maxChoices:
		return fmt.Errorf("it has more than %d repetitions and alternatives in a row", maxChoices)
	case size > maxSize:
		return fmt.Errorf("it is larger than %d characters", maxSize)
	}
	return nil
}

type parser struct {
	rest  string // of the pattern
	depth int    // of groups and classes
}

// take removes prefix from the rest if it begins with it.
func (p *parser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *parser) alternatives(fold bool) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("groups are nested too deeply")
	}
	defer func() { p.depth-- }()
	var all alternatives
	for {
		s, err := p.sequence(fold)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		if !p.take("|") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) sequence(fold bool) (node, error) {
	var s sequence
	folded := "" // letters in a row whose case is ignored
	for p.rest != "" && p.rest[0] != '|' && p.rest[0] != ')' {
		before := p.rest
		n, err := p.atom(fold)
		if err != nil {
			return nil, err
		}
		if literal := before[:len(before)-len(p.rest)]; fold && len(literal) == 1 {
			folded += strings.ToLower(literal)
		} else {
			folded = ""
		}
		for _, ligature := range []string{"ss", "st", "ff", "fi", "fl"} {
			if strings.HasSuffix(folded, ligature) {
				return nil, fmt.Errorf("%q has other forms when case is ignored", ligature)
			}
		}
		if n, err = p.repeat(n); err != nil {
			return nil, err
		}
		s = append(s, n)
	}
	if len(s) == 1 {
		return s[0], nil
	}
	return s, nil
}

func (p *parser) atom(fold bool) (node, error) {
	switch {
	case p.take("(?:"):
		return p.group(fold)
	case p.take("(?i:"):
		return p.group(true)
	case p.take("(?="):
		n, err := p.group(fold)
		return look{n, false}, err
	case p.take("(?!"):
		n, err := p.group(fold)
		return look{n, true}, err
	case strings.HasPrefix(p.rest, "(?"), strings.HasPrefix(p.rest, "(*"):
		return nil, fmt.Errorf("no such groups: %.4q", p.rest)
	case p.take("("):
		return p.group(fold)
	case p.take("["):
		s, err := p.class(fold)
		return one{s}, err
	case strings.ContainsRune("*+?{^$]}", rune(p.rest[0])):
		return nil, fmt.Errorf("unexpected %q", p.rest[0])
	case p.take("."):
		s := new(set)
		s.add('\n')
		s.invert()
		return one{s}, nil
	}
	s, _, err := p.character(fold)
	return one{s}, err
}

func (p *parser) group(fold bool) (node, error) {
	n, err := p.alternatives(fold)
	if err == nil && !p.take(")") {
		err = errors.New("a group has no end")
	}
	return n, err
}

// repeat parses what may follow an atom.
func (p *parser) repeat(n node) (node, error) {
	r := repeat{node: n}
	switch {
	case p.take("?"):
		r.max = 1
	case p.take("*"):
		r.max = -1
	case p.take("+"):
		r.min, r.max = 1, -1
	case p.take("{"):
		if err := p.counts(&r); err != nil {
			return nil, err
		}
		// To Oniguruma {2}? and {1,2}+ repeat a repetition.
		if strings.HasPrefix(p.rest, "+") || strings.HasPrefix(p.rest, "?") && r.min == r.max {
			return nil, errors.New("a repetition is repeated")
		}
	default:
		return n, nil
	}
	switch {
	case p.take("?"):
		r.lazy = true
	case p.take("+"):
		r.possessive = true
	}
	if p.rest != "" && strings.ContainsRune("?+*{", rune(p.rest[0])) {
		return nil, errors.New("a repetition is repeated")
	}
	switch n.(type) {
	case one:
		return r, nil
	case look:
		return nil, errors.New("a lookahead is repeated")
	}
	if r.max < 0 || r.max > 8 || r.possessive || n.least() == 0 {
		return nil, errors.New("only a single character may be repeated without limit, more than 8 times, or possessively")
	}
	return r, checkCost(r)
}

// counts parses n}, n,} or n,m}.
func (p *parser) counts(r *repeat) error {
	text, rest, ok := strings.Cut(p.rest, "}")
	if !ok {
		return errors.New("{ has no }")
	}
	low, high, two := strings.Cut(text, ",")
	parse := func(s string) (int, error) {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n > 1000 {
			return 0, fmt.Errorf("a bad repetition {%s}", text)
		}
		return int(n), nil
	}
	var err error
	if r.min, err = parse(low); err != nil {
		return err
	}
	r.max = r.min
	if two && high == "" {
		r.max = -1
	} else if two {
		if r.max, err = parse(high); err != nil {
			return err
		}
	}
	if r.max >= 0 && r.max < r.min || r.max == 0 {
		return fmt.Errorf("a bad repetition {%s}", text)
	}
	p.rest = rest
	return nil
}
