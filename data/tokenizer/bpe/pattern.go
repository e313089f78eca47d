package bpe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// matcher returns the end of a match of the rest of a pattern that begins at i,
// or -1.
type matcher func(s string, i int) int

// node is a part of a pattern.
type node interface {
	// compile returns the matcher of the node followed by what next matches.
	compile(next matcher) matcher
	// least is the least number of characters that the node matches.
	least() int
}

type (
	// one matches a character of a set.
	one struct{ set *set }

	// sequence matches its parts one after the other.
	sequence []node

	// alternatives match the first that leads to a match of the whole.
	alternatives []node

	// repeat matches its node min to max times (max < 0: no limit): as many as
	// lead to a match of the whole, or as few where lazy, or as many as there
	// are where possessive.
	repeat struct {
		node             node
		min, max         int
		lazy, possessive bool
	}

	// look matches nothing, where its node matches, or does not.
	look struct {
		node   node
		negate bool
	}
)

func (n one) least() int    { return 1 }
func (n look) least() int   { return 0 }
func (n repeat) least() int { return n.min * n.node.least() }
func (n sequence) least() int {
	sum := 0
	for _, part := range n {
		sum += part.least()
	}
	return sum
}

func (n alternatives) least() int {
	least := n[0].least()
	for _, a := range n[1:] {
		least = min(least, a.least())
	}
	return least
}

func (n one) compile(next matcher) matcher {
	return func(s string, i int) int {
		size := n.set.member(s, i)
		if size == 0 {
			return -1
		}
		return next(s, i+size)
	}
}

func (n sequence) compile(next matcher) matcher {
	for i := len(n) - 1; i >= 0; i-- {
		next = n[i].compile(next)
	}
	return next
}

func (n alternatives) compile(next matcher) matcher {
	matchers := make([]matcher, len(n))
	for i, a := range n {
		matchers[i] = a.compile(next)
	}
	return func(s string, i int) int {
		for _, m := range matchers {
			if end := m(s, i); end >= 0 {
				return end
			}
		}
		return -1
	}
}

func (n look) compile(next matcher) matcher {
	ahead := n.node.compile(func(_ string, i int) int { return i })
	return func(s string, i int) int {
		if (ahead(s, i) >= 0) == n.negate {
			return -1
		}
		return next(s, i)
	}
}

func (n repeat) compile(next matcher) matcher {
	if c, ok := n.node.(one); ok {
		return n.compileOne(c.set, next)
	}
	// A group is written out as often as it can occur: (group(group)?)?
	optional := next
	for range n.max - n.min {
		again := n.node.compile(optional)
		optional = func(s string, i int) int {
			if n.lazy {
				if end := next(s, i); end >= 0 {
					return end
				}
				return again(s, i)
			}
			if end := again(s, i); end >= 0 {
				return end
			}
			return next(s, i)
		}
	}
	for range n.min {
		optional = n.node.compile(optional)
	}
	return optional
}

// compileOne repeats a single character without recursion.
func (n repeat) compileOne(set *set, next matcher) matcher {
	return func(s string, i int) int {
		count, least := 0, i // least: the end of min characters
		end := i
		for n.max < 0 || count < n.max {
			if n.lazy && count >= n.min {
				if e := next(s, end); e >= 0 {
					return e
				}
			}
			size := set.member(s, end)
			if size == 0 {
				break
			}
			end += size
			if count++; count == n.min {
				least = end
			}
		}
		if count < n.min {
			return -1
		}
		if n.lazy && (n.max < 0 || count < n.max) {
			return -1 // tried already
		}
		for {
			if e := next(s, end); e >= 0 {
				return e
			}
			if n.possessive || n.lazy || end <= least {
				return -1
			}
			_, size := utf8.DecodeLastRuneInString(s[:end])
			end -= size
		}
	}
}

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
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not supported: at byte %d: %w", pattern, len(pattern)-len(p.rest), err)
	}
	return n.compile(func(_ string, i int) int { return i }), nil
}

type parser struct {
	rest  string // of the pattern
	depth int    // of groups
}

// take removes prefix from the rest if it begins with it.
func (p *parser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *parser) alternatives(fold bool) (node, error) {
	if p.depth++; p.depth > 50 {
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
		if p.rest != "" && strings.ContainsRune("?+*{", rune(p.rest[0])) {
			return nil, errors.New("{} is followed by another repetition")
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
	return r, nil
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
