package bpe

import (
	"slices"
	"unicode/utf8"
)

// finder calls yield for every match in text, in order. Matches are not empty.
type finder interface {
	each(text string, yield func(start, end int))
}

// matcher returns the end of a match that begins at i, or -1. It is a finder.
type matcher func(s string, i int) int

func (m matcher) each(text string, yield func(start, end int)) {
	for i := 0; i < len(text); {
		if end := m(text, i); end > i {
			yield(i, end)
			i = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
}

// node is a part of a pattern.
type node struct {
	// compile returns what matches the node followed by what next matches.
	compile func(c *compiler, next step) step

	set   *set // of the character that it matches, if that is all it matches
	look  bool // it is a lookahead
	least int  // number of characters that it matches at least

	choices int // how many times in a row there is a choice to come back to
	size    int // number of steps
}

// Patterns beyond these limits could take very long, or much memory.
const (
	maxChoices  = 8
	maxSize     = 1 << 12
	maxDepth    = 50
	maxPatterns = 1 << 11 // bytes of all patterns of a pre-tokenizer
)

// one matches a character of a set.
func one(set *set) node {
	return node{set: set, least: 1, size: 1, compile: func(_ *compiler, next step) step {
		if next == nil {
			return func(s *search, i int) int {
				if size := set.member(s.text, i); size > 0 {
					return i + size
				}
				return -1
			}
		}
		return func(s *search, i int) int {
			size := set.member(s.text, i)
			if size == 0 {
				return -1
			}
			return next(s, i+size)
		}
	}}
}

// sequence matches its parts one after the other.
func sequence(parts []node) node {
	if len(parts) == 1 {
		return parts[0]
	}
	n := node{compile: func(c *compiler, next step) step {
		for _, part := range slices.Backward(parts) {
			next = part.compile(c, next)
		}
		return next
	}}
	for _, part := range parts {
		n.least, n.choices, n.size = n.least+part.least, n.choices+part.choices, n.size+part.size
	}
	return n
}

// alternatives matches the first of all that leads to a match of the whole.
func alternatives(all []node) node {
	if len(all) == 1 {
		return all[0]
	}
	n := node{least: all[0].least, compile: func(c *compiler, next step) step {
		next = c.once(next)
		steps := make([]step, len(all))
		for i, a := range all {
			steps[i] = a.compile(c, next).orMatched()
		}
		return func(s *search, i int) int {
			for _, m := range steps {
				if end := m(s, i); end >= 0 {
					return end
				}
			}
			return -1
		}
	}}
	for _, a := range all {
		n.least, n.choices, n.size = min(n.least, a.least), max(n.choices, a.choices), n.size+a.size
	}
	n.choices++
	return n
}

// lookahead matches nothing, where ahead matches or, negated, does not match.
func lookahead(ahead node, negate bool) node {
	return node{look: true, choices: ahead.choices, size: ahead.size, compile: func(c *compiler, next step) step {
		match, next := ahead.compile(c, nil).orMatched(), next.orMatched()
		return func(s *search, i int) int {
			if (match(s, i) >= 0) == negate {
				return -1
			}
			return next(s, i)
		}
	}}
}

// repetition says how often a node is matched: min to max times (max < 0: no limit).
// The matcher tries the largest number first; if lazy, the smallest; if possessive,
// the largest only.
type repetition struct {
	min, max         int
	lazy, possessive bool
}

// repeat matches a node several times.
func (r repetition) repeat(n node) node {
	if n.set != nil {
		repeated := node{least: r.min, size: 1, compile: func(c *compiler, next step) step { return r.repeatSet(c, n.set, next) }}
		if !r.possessive && r.min != r.max {
			repeated.choices = 1
		}
		return repeated
	}
	// A group is written out as often as it can occur: (group(group)?)?
	return node{least: r.min * n.least, choices: r.max - r.min + r.max*n.choices, size: r.max * n.size, compile: func(c *compiler, next step) step {
		next = c.once(next)
		all := next
		for range r.max - r.min {
			first, second := n.compile(c, all).orMatched(), next.orMatched()
			if r.lazy {
				first, second = second, first
			}
			all = c.once(func(s *search, i int) int {
				if end := first(s, i); end >= 0 {
					return end
				}
				return second(s, i)
			})
		}
		for range r.min {
			all = n.compile(c, all)
		}
		return all
	}}
}
