package bpe

import (
	"slices"
	"unicode/utf8"
)

// matcher returns the end of a match of a pattern, or of its rest, that begins at i,
// or -1.
type matcher func(s string, i int) int

// each calls yield for every match in text, in order.
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
	// compile returns the matcher of the node followed by what next matches.
	compile func(next matcher) matcher

	set   *set // of the character that it matches, if that is all it matches
	look  bool // it is a lookahead
	least int  // number of characters that it matches at least

	choices int // how many times in a row there is a choice to come back to
	size    int // number of matchers
}

// Patterns beyond these limits could take very long, or much memory.
const (
	maxChoices = 8
	maxSize    = 1 << 12
	maxDepth   = 50
)

// one matches a character of a set.
func one(set *set) node {
	return node{set: set, least: 1, size: 1, compile: func(next matcher) matcher {
		return func(s string, i int) int {
			size := set.member(s, i)
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
	n := node{compile: func(next matcher) matcher {
		for _, part := range slices.Backward(parts) {
			next = part.compile(next)
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
	n := node{least: all[0].least, compile: func(next matcher) matcher {
		matchers := make([]matcher, len(all))
		for i, a := range all {
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
	}}
	for _, a := range all {
		n.least, n.choices, n.size = min(n.least, a.least), max(n.choices, a.choices), n.size+a.size
	}
	n.choices++
	return n
}

// lookahead matches nothing, where ahead matches or, negated, does not match.
func lookahead(ahead node, negate bool) node {
	return node{look: true, choices: ahead.choices, size: ahead.size, compile: func(next matcher) matcher {
		match := ahead.compile(func(_ string, i int) int { return i })
		return func(s string, i int) int {
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
		repeated := node{least: r.min, size: 1, compile: func(next matcher) matcher { return r.repeatSet(n.set, next) }}
		if !r.possessive && r.min != r.max {
			repeated.choices = 1
		}
		return repeated
	}
	// A group is written out as often as it can occur: (group(group)?)?
	return node{least: r.min * n.least, choices: r.max - r.min + r.max*n.choices, size: r.max * n.size, compile: func(next matcher) matcher {
		all := next
		for range r.max - r.min {
			first, second := n.compile(all), next
			if r.lazy {
				first, second = second, first
			}
			all = func(s string, i int) int {
				if end := first(s, i); end >= 0 {
					return end
				}
				return second(s, i)
			}
		}
		for range r.min {
			all = n.compile(all)
		}
		return all
	}}
}

// repeatSet repeats a single character without recursion.
func (r repetition) repeatSet(set *set, next matcher) matcher {
	return func(s string, i int) int {
		count, least := 0, i // least: the end of min characters
		end := i
		for r.max < 0 || count < r.max {
			if r.lazy && count >= r.min {
				if e := next(s, end); e >= 0 {
					return e
				}
			}
			size := set.member(s, end)
			if size == 0 {
				break
			}
			end += size
			if count++; count == r.min {
				least = end
			}
		}
		if count < r.min {
			return -1
		}
		if r.lazy && (r.max < 0 || count < r.max) {
			return -1 // tried already
		}
		for {
			if e := next(s, end); e >= 0 {
				return e
			}
			if r.possessive || r.lazy || end <= least {
				return -1
			}
			_, size := utf8.DecodeLastRuneInString(s[:end])
			end -= size
		}
	}
}
