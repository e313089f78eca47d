// Package strictjson decodes configurations. A JSON object must have every
// field of its struct that is not tagged omitempty or omitzero, and no other
// fields.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// Decode decodes a JSON object into a struct. The object may also have the
// fields named in also, which are ignored. Nested structs are decoded as by
// encoding/json, but unknown fields are errors. Types with an UnmarshalJSON
// method decode themselves. After an error the struct holds the fields decoded
// before it.
func Decode[T any](text []byte, into *T, also ...string) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return Explain(err)
	}
	for _, name := range also {
		delete(given, name)
	}
	rest, err := json.Marshal(given)
	if err != nil {
		return err
	}
	if err := Overlay(rest, into); err != nil {
		return err
	}
	for _, name := range fieldNames[T](false) {
		if value, ok := given[name]; !ok || string(value) == "null" {
			return fmt.Errorf("the field %q is missing", name)
		}
	}
	return nil
}

// fieldNames returns the names of the fields that an object must have for T, and
// of those that it may leave out.
func fieldNames[T any](optional bool) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || strings.Contains(options, "omit") && !optional {
			continue
		}
		if name == "" {
			name = f.Name
		}
		names = append(names, name)
	}
	return names
}

// Explain rewrites an error of encoding/json for the author of the JSON,
// without the names of Go types.
func Explain(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok { // not errors.As: another type's error that wraps it would lose its path
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
		return fmt.Errorf("%s is %s, but must be %s", where, given(wrong.Value), wanted(wrong.Type))
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return errors.New(text)
	}
	return err
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
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number in digits"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
