package bpe

import "strings"

// Patterns for which there is a scanner: a matcher that is faster than that of
// compilePattern. They match every text without gaps.
const (
	// PatternGPT2 cuts words, with a space before them, numbers, and runs of
	// other characters from each other.
	PatternGPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

	// PatternGPT4 is that of GPT-4 (cl100k_base) and Llama 3: numbers are cut
	// after three digits, newlines are kept together.
	PatternGPT4 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

	// PatternQwen2 is GPT-4's, every digit by itself.
	PatternQwen2 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// newScanner returns the scanner for a pattern, or nil.
func newScanner(pattern string) matcher {
	t := characterClasses()
	switch pattern {
	case PatternGPT2:
		return t.gpt2
	case PatternGPT4:
		return func(s string, i int) int { return t.gpt4(s, i, 3) }
	case PatternQwen2:
		return func(s string, i int) int { return t.gpt4(s, i, 1) }
	}
	return nil
}

// gpt2 is PatternGPT2.
func (t *classes) gpt2(s string, i int) int {
	c := s[i]
	if c == '\'' {
		if end := contraction(s, i); end > i {
			return end
		}
	}
	j := i
	if c == ' ' {
		j++
	}
	if j < len(s) {
		if d, size := t.at(s, j); d != space {
			return t.run(s, j+size, d)
		}
	}
	return t.spaces(s, i)
}

// gpt4 is PatternGPT4 with numbers of up to the given number of digits.
func (t *classes) gpt4(s string, i, digits int) int {
	c := s[i]
	if c == '\'' {
		if end := contractionAnyCase(s, i); end > i {
			return end
		}
	}
	first, size := t.at(s, i)
	next := i + size
	switch first {
	case letter:
		return t.run(s, next, letter)
	case number:
		for n := 1; n < digits && next < len(s); n++ {
			d, size := t.at(s, next)
			if d != number {
				break
			}
			next += size
		}
		return next
	}
	following, size := space, 0
	if next < len(s) {
		following, size = t.at(s, next)
	}
	if following == letter && c != '\r' && c != '\n' {
		return t.run(s, next+size, letter)
	}
	if first == other || c == ' ' && following == other {
		end := t.run(s, next, other)
		for end < len(s) && (s[end] == '\r' || s[end] == '\n') {
			end++
		}
		return end
	}
	end := t.run(s, i, space)
	for j := end; j > i; j-- {
		if s[j-1] == '\r' || s[j-1] == '\n' {
			return j
		}
	}
	return t.spaces(s, i)
}

// spaces is \s+(?!\S)|\s+: all white space at the end of the text; before
// another character all but the last, which may belong to what follows.
func (t *classes) spaces(s string, i int) int {
	end, last := i, i
	for end < len(s) {
		c, size := t.at(s, end)
		if c != space {
			if last > i {
				return last
			}
			return end
		}
		last = end
		end += size
	}
	return end
}

// contraction returns the end of 's, 't, 're, 've, 'm, 'll or 'd at i, or i.
func contraction(s string, i int) int {
	for _, c := range [...]string{"s", "t", "re", "ve", "m", "ll", "d"} {
		if strings.HasPrefix(s[i+1:], c) {
			return i + 1 + len(c)
		}
	}
	return i
}

// contractionAnyCase is contraction with letters of any case. A long s is an s.
func contractionAnyCase(s string, i int) int {
	const longS = "ſ"
	var lower [3]byte
	n := copy(lower[:], s[i:])
	for j := range lower[:n] {
		if 'A' <= lower[j] && lower[j] <= 'Z' {
			lower[j] += 'a' - 'A'
		}
	}
	if end := contraction(string(lower[:n]), 0); end > 0 {
		return i + end
	}
	if strings.HasPrefix(s[i+1:], longS) {
		return i + 1 + len(longS)
	}
	return i
}
