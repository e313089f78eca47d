package strictjson

import "bytes"

// FromPython returns a text with null in the place of NaN, Infinity and
// -Infinity, which Python's json module writes and JSON does not have. Nothing
// else changes, also within strings.
func FromPython(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] == '"' {
			end := i + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			out = append(out, text[i:end]...)
			i = end
			continue
		}
		word := 0
		for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(text[i:], []byte(w)) && !isWord(text, i-1) && !isWord(text, i+len(w)) {
				word = len(w)
			}
		}
		if word > 0 {
			out = append(out, "null"...)
			i += word
			continue
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// isWord reports whether a letter or digit is at an index.
func isWord(text []byte, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.'
}
