package hf

import (
	"bytes"

	"github.com/landscape-aware/growing/data/strictjson"
)

// marked returns the string that stands for a word of Python that JSON does not have:
// NaN, Infinity or -Infinity. It begins with a NUL character. So the word is kept, and is
// an error where a number is needed.
func marked(word string) string { return `"\u0000` + word + `"` }

// fromPython returns JSON for the JSON that Python's writer makes.
func fromPython(text []byte) []byte { return strictjson.ReplaceNotFinite(text, marked) }

// toPython undoes fromPython.
func toPython(text []byte) []byte {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		text = bytes.ReplaceAll(text, []byte(marked(word)), []byte(word))
	}
	return text
}

// decode decodes JSON that may be Python's. Its errors name no Go types.
func decode(text []byte, into any) error {
	return strictjson.Unmarshal(fromPython(text), into)
}
