package bpe

import "unicode/utf8"

// matcher returns the end of a match of the rest of a pattern that begins at i,
// or -1.
type matcher func(s string, i int) int

// node is a part of a pattern.
type node interface {
	// compile returns the matcher of the node followed by what next matches.
	compile(next matcher) matcher
	// least is the least number of characters that the node matches.
	least() int
	// cost returns how many times in a row there is a choice to come back to,
	// and the number of matchers.
	cost() (choices, size int)
}

// Patterns beyond these limits could take very long, or much memory.
const (
	maxChoices = 8
	maxSize    = 1 << 12
	maxDepth   = 50
)

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

func (n one) cost() (choices, size int) { return 0, 1 }

func (n look) cost() (choices, size int) { return n.node.cost() }

func (n sequence) cost() (choices, size int) {
	for _, part := range n {
		c, s := part.cost()
		choices, size = choices+c, size+s
	}
	return choices, size
}

func (n alternatives) cost() (choices, size int) {
	for _, a := range n {
		c, s := a.cost()
		choices, size = max(choices, c), size+s
	}
	return choices + 1, size
}

func (n repeat) cost() (choices, size int) {
	if _, ok := n.node.(one); !ok {
		choices, size = n.node.cost()
		return n.max - n.min + n.max*choices, n.max * size
	}
	if n.possessive || n.min == n.max {
		return 0, 1
	}
	return 1, 1
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
