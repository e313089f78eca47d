package strictjson

import "bytes"

// FromPython returns a text with null in the place of NaN, Infinity and
// -Infinity, see [ReplaceNotFinite].
func FromPython(text []byte) []byte {
	return ReplaceNotFinite(text, func(string) string { return "null" })
}

// notFinite are the words of Python's json module that JSON does not have.
var notFinite = []string{"NaN", "Infinity", "-Infinity"}

// ReplaceNotFinite returns a text with what value returns in the place of NaN, Infinity
// and -Infinity, which Python's json module writes and JSON does not have. Nothing else
// changes: neither strings nor longer words.
func ReplaceNotFinite(text []byte, value func(word string) string) []byte {
	out := make([]byte, 0, len(text))
	done := 0 // text before it is in out
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			i = afterString(text, i)
			continue
		case 'N', 'I', '-':
			for _, word := range notFinite {
				if end := i + len(word); bytes.HasPrefix(text[i:], []byte(word)) && !isWord(text, i-1) && !isWord(text, end) {
					out = append(append(out, text[done:i]...), value(word)...)
					done, i = end, end-1
					break
				}
			}
		}
		i++
	}
	return append(out, text[done:]...)
}

// afterString returns the index after the string that begins at i.
func afterString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(text))
}

// isWord reports whether a letter or digit is at an index.
func isWord(text []byte, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.'
}
