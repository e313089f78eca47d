package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/landscape-aware/growing/data/filetype"
)

// Unmarshal does what [json.Unmarshal] does, with errors for the author of the
// JSON: in plain words, with the path of the field, and the line and column if
// there are several lines. It takes 64.0, as Python writes it, for a whole
// number.
func Unmarshal(text []byte, into any) error {
	return decode(text, func(text []byte) error { return json.Unmarshal(text, into) })
}

// UnmarshalPart does what [Unmarshal] does for a part of a text, whose lines and
// columns say nothing.
func UnmarshalPart(text []byte, into any) error {
	return decodeWith(text, func(err error) error { return explain(text, err) }, func(text []byte) error { return json.Unmarshal(text, into) })
}

// decode calls read with the text. If read refuses a number such as 64.0 as a whole
// number, decode calls it once more with all such numbers written as 64. It explains
// other errors.
func decode(text []byte, read func([]byte) error) error {
	return decodeWith(text, func(err error) error { return explainIn(text, err) }, read)
}

func decodeWith(text []byte, explain func(error) error, read func([]byte) error) error {
	err := read(text)
	if err != nil && refusesPointZero(err) {
		err = read(withWhole(text))
	}
	if err == nil {
		return nil
	}
	return explain(err)
}

// pointZero matches whole numbers as Python writes floats.
var pointZero = regexp.MustCompile(`^-?[0-9]+\.0+$`)

// refusesPointZero reports whether an error is about a number such as 64.0 where a whole
// number must be.
func refusesPointZero(err error) bool {
	wrong, ok := err.(*json.UnmarshalTypeError)
	if !ok || !isWhole(wrong.Type) {
		return false
	}
	number, ok := strings.CutPrefix(wrong.Value, "number ")
	return ok && pointZero.MatchString(number)
}

// withWhole returns the text with spaces in the place of the point and the zeros of
// numbers such as 64.0. Nothing moves, so the places that errors name are right.
func withWhole(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(text); {
		if text[i] == '"' {
			i = afterString(text, i)
			continue
		}
		end := i
		for end < len(text) && isNumber(text[end]) {
			end++
		}
		if number := text[i:end]; pointZero.Match(number) {
			point := bytes.IndexByte(number, '.')
			copy(out[i+point:], bytes.Repeat([]byte(" "), len(number)-point))
		}
		i = max(end, i+1)
	}
	return out
}

// isNumber reports whether c can be in a number.
func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// explainIn does what [Explain] does, and says where in the text.
func explainIn(text []byte, err error) error {
	switch wrong := err.(type) {
	case *json.SyntaxError:
		if other := filetype.Of(text).Err(); other != nil {
			return other
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return errors.New("it is empty, but must be JSON")
		}
		return fmt.Errorf("%s: it is not JSON: %w", place(text, wrong.Offset), errors.New(wrong.Error()))
	case *json.UnmarshalTypeError:
		if bytes.Count(bytes.TrimSpace(text), []byte("\n")) > 0 && wrong.Offset <= int64(len(text)) {
			return fmt.Errorf("%s: %w", place(text, wrong.Offset), explain(text, err))
		}
	}
	return explain(text, err)
}

// place names the place of the byte before offset.
func place(text []byte, offset int64) string {
	before := text[:max(0, min(offset-1, int64(len(text))))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	if line == 1 && bytes.IndexByte(text, '\n') < 0 {
		return fmt.Sprintf("column %d", column)
	}
	return fmt.Sprintf("line %d, column %d", line, column)
}

// Explain rewrites an error of encoding/json for the author of the JSON,
// without the names of Go types.
func Explain(err error) error { return explain(nil, err) }

// explain does what [Explain] does. With the text, if it is known, it tells a
// field from what is in it.
func explain(text []byte, err error) error {
	wrong, ok := err.(*json.UnmarshalTypeError) // not errors.As: another type's error that wraps it would lose its path
	if !ok {
		if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
			return errors.New(text)
		}
		return err
	}
	var path []string
	for _, name := range strings.Split(wrong.Field, ".") {
		if name != "" && !unicode.IsUpper(rune(name[0])) { // skips the names of embedded structs, which JSON does not have
			path = append(path, name)
		}
	}
	where := "it"
	if len(path) > 0 {
		where = fmt.Sprintf("the field %q", strings.Join(path, "."))
	}
	if kind := kindAt(text, path); kind != "" && !strings.HasPrefix(wrong.Value, kind) {
		where = "a value in " + where
	}
	if number, ok := strings.CutPrefix(wrong.Value, "number "); ok && fitsKind(number, wrong.Type) {
		return fmt.Errorf("%s is the number %s, which is out of range", where, number)
	}
	return fmt.Errorf("%s is %s, but must be %s", where, given(wrong.Value), wanted(wrong.Type))
}

// kindAt returns "array" or "object" if that is at a path of fields, and ""
// otherwise.
func kindAt(text []byte, path []string) string {
	for _, name := range path {
		var fields map[string]json.RawMessage
		if json.Unmarshal(text, &fields) != nil {
			return ""
		}
		text = fields[name]
	}
	switch text = bytes.TrimSpace(text); {
	case bytes.HasPrefix(text, []byte("[")):
		return "array"
	case bytes.HasPrefix(text, []byte("{")):
		return "object"
	}
	return ""
}

// given names a JSON value. Its argument is encoding/json's description of the
// value, such as "string" or "number 1.5".
func given(value string) string {
	switch kind, rest, _ := strings.Cut(value, " "); kind {
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "number":
		if rest == "" {
			return "a number"
		}
		return "the number " + rest
	}
	return value
}

func wanted(t reflect.Type) string {
	switch {
	case isWhole(t):
		return "a whole number in digits"
	case isFloat(t):
		return "a number"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}

// wholeDigits matches numbers in digits.
var wholeDigits = regexp.MustCompile(`^-?[0-9]+$`)

// fitsKind reports whether a number is of the kind of a type, so that it can be
// wrong only by its size.
func fitsKind(number string, t reflect.Type) bool {
	return isFloat(t) || isWhole(t) && wholeDigits.MatchString(number)
}

func isFloat(t reflect.Type) bool {
	return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
}

func isWhole(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}
