package bpe

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// step returns the end of a match of the rest of a pattern that begins at i, or -1. A nil
// step stands for the end of the pattern, which always matches.
type step func(s *search, i int) int

// orMatched returns next, or a step that matches nothing if next is nil.
func (next step) orMatched() step {
	if next == nil {
		return func(_ *search, i int) int { return i }
	}
	return next
}

// pattern is a compiled pattern. It looks for its matches by trying one way after the
// other, but tries no step twice at one place where it has failed. So the time is
// proportional to the length of the text, whatever the pattern.
type pattern struct {
	first step
	compiler
	searches sync.Pool // of *search, which are made once
}

// compiler counts what a search must remember.
type compiler struct{ places, runs int }

const (
	// maxMemory bounds places and runs, for each of which a search keeps a bit a byte of
	// the text, or a few numbers.
	maxMemory = 256

	// maxKept is the number of words of bits that a search keeps of a step for the next
	// text: of texts of 256 KiB. All steps together keep 8 MiB at most.
	maxKept = 1 << 12
)

// search is the state of looking for matches in a text.
type search struct {
	text   string
	failed [][]uint64 // of steps: bits of the places where they have failed
	runs   []run      // of repetitions
}

// run is where a repeated character is found without a gap, and where what follows the
// repetition has failed: at every character from low to high, none if high < low.
type run struct{ from, end, low, high int }

func (p *pattern) each(text string, yield func(start, end int)) {
	s, _ := p.searches.Get().(*search)
	if s == nil {
		s = &search{failed: make([][]uint64, p.places), runs: make([]run, p.runs)}
	}
	s.text = text
	for i := range s.failed {
		s.failed[i] = s.failed[i][:0]
	}
	for i := range s.runs {
		s.runs[i] = run{-1, -1, 0, -1}
	}
	for i := 0; i < len(text); {
		if end := p.first(s, i); end > i {
			yield(i, end)
			i = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	s.text = ""
	s.dropLarge()
	p.searches.Put(s)
}

// dropLarge leaves the memory of a long text to the garbage collector. Later texts are
// seldom so long.
func (s *search) dropLarge() {
	for i, failed := range s.failed {
		if cap(failed) > maxKept {
			s.failed[i] = nil
		}
	}
}

// once returns a step that fails at once where it has failed before.
func (c *compiler) once(next step) step {
	if next == nil {
		return nil
	}
	id := c.places
	c.places++
	return func(s *search, i int) int {
		if failed := s.failed[id]; len(failed) > 0 && failed[i/64]>>(i%64)&1 != 0 {
			return -1
		}
		end := next(s, i)
		if end < 0 {
			s.fail(id, i)
		}
		return end
	}
}

// fail notes that a step has failed at i.
func (s *search) fail(id, i int) {
	if len(s.failed[id]) == 0 {
		words := len(s.text)/64 + 1
		s.failed[id] = slices.Grow(s.failed[id], words)[:words]
		clear(s.failed[id])
	}
	s.failed[id][i/64] |= 1 << (i % 64)
}

// repeatSet repeats a single character without recursion.
func (r repetition) repeatSet(c *compiler, set *set, next step) step {
	if r.max >= 0 {
		return r.repeatBounded(set, c.once(next).orMatched())
	}
	next = next.orMatched()
	id := c.runs
	c.runs++
	return func(s *search, i int) int {
		least := i // the end of min characters
		for range r.min {
			size := set.member(s.text, least)
			if size == 0 {
				return -1
			}
			least += size
		}
		one := &s.runs[id]
		one.extend(s.text, set, i)
		switch {
		case r.possessive:
			if one.low <= one.end && one.end <= one.high {
				return -1
			}
			end := next(s, one.end)
			if end < 0 {
				one.low, one.high = one.end, one.end
			}
			return end
		case r.lazy:
			return one.forwards(s, least, next)
		}
		return one.backwards(s, least, next)
	}
}

// extend makes the run one that i is in.
func (r *run) extend(text string, set *set, i int) {
	if r.from <= i && i <= r.end {
		return
	}
	end := i
	for end != r.from {
		size := set.member(text, end)
		if size == 0 {
			*r = run{i, end, 0, -1}
			return
		}
		end += size
	}
	r.from = i // it runs into the one that is known
}

// backwards tries what follows from the end of the run down to least.
func (r *run) backwards(s *search, least int, next step) int {
	at := r.end
	if r.low <= r.high {
		if r.low <= least {
			return -1
		}
		_, size := utf8.DecodeLastRuneInString(s.text[:r.low])
		at = r.low - size
	}
	for {
		if end := next(s, at); end >= 0 {
			return end
		}
		r.low, r.high = at, r.end
		if at <= least {
			return -1
		}
		_, size := utf8.DecodeLastRuneInString(s.text[:at])
		at -= size
	}
}

// forwards tries what follows from least up to the end of the run.
func (r *run) forwards(s *search, least int, next step) int {
	low, at := least, least
	for {
		if r.low <= at && at <= r.high {
			low, at = min(low, r.low), r.high
		} else if end := next(s, at); end >= 0 {
			return end
		}
		r.low, r.high = low, at
		if at >= r.end {
			return -1
		}
		_, size := utf8.DecodeRuneInString(s.text[at:])
		at += size
	}
}

// repeatBounded repeats a single character up to max times.
func (r repetition) repeatBounded(set *set, next step) step {
	return func(s *search, i int) int {
		count, least := 0, i // least: the end of min characters
		end := i
		for count < r.max {
			if r.lazy && count >= r.min {
				if e := next(s, end); e >= 0 {
					return e
				}
			}
			size := set.member(s.text, end)
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
		if r.lazy && count < r.max {
			return -1 // tried already
		}
		for {
			if e := next(s, end); e >= 0 {
				return e
			}
			if r.possessive || r.lazy || end <= least {
				return -1
			}
			_, size := utf8.DecodeLastRuneInString(s.text[:end])
			end -= size
		}
	}
}
