package hf

import (
	"bytes"

	"github.com/landscape-aware/growing/data/strictjson"
)

// Python writes NaN, Infinity and -Infinity, which JSON does not have. Here each
// becomes a string that begins with a NUL character. So it is kept, and is an
// error where a number is needed.
var notFinite = []struct{ python, text string }{
	{"NaN", `"\u0000NaN"`}, {"-Infinity", `"\u0000-Infinity"`}, {"Infinity", `"\u0000Infinity"`},
}

// fromPython returns JSON for the JSON that Python's writer makes.
func fromPython(text []byte) []byte {
	var out []byte
	inString, done := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == 'N' || c == 'I' || c == '-'):
			for _, n := range notFinite {
				if bytes.HasPrefix(text[i:], []byte(n.python)) {
					out = append(append(out, text[done:i]...), n.text...)
					i += len(n.python) - 1
					done = i + 1
					break
				}
			}
		}
	}
	return append(out, text[done:]...)
}

// toPython undoes fromPython.
func toPython(text []byte) []byte {
	for _, n := range notFinite {
		text = bytes.ReplaceAll(text, []byte(n.text), []byte(n.python))
	}
	return text
}

// decode decodes JSON that may be Python's. Its errors name no Go types.
func decode(text []byte, into any) error {
	return strictjson.Unmarshal(fromPython(text), into)
}
