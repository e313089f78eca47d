// Package strictjson reads configurations: an object must have every field of
// its struct that is not omitempty or omitzero, and no others.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// Decode reads an object into a struct. Beside the struct's fields it may have
// those named also, which are not read. Structs within are read as encoding/json
// reads them, unknown fields being errors; those with an UnmarshalJSON of their
// own decide for themselves.
// After an error the struct holds what was read until then.
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
	d := json.NewDecoder(bytes.NewReader(rest))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return Explain(err)
	}
	for _, name := range fieldNames[T]() {
		if value, ok := given[name]; !ok || string(value) == "null" {
			return fmt.Errorf("the field %q is missing", name)
		}
	}
	return nil
}

// fieldNames returns the names of the fields that an object must have for T.
func fieldNames[T any]() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || strings.Contains(options, "omit") {
			continue
		}
		if name == "" {
			name = f.Name
		}
		names = append(names, name)
	}
	return names
}

// Explain says an error of encoding/json in the words of who wrote the JSON,
// without the names of Go's types.
func Explain(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok { // not one that another type's error wraps, whose path would be lost
		var path []string
		for _, name := range strings.Split(wrong.Field, ".") {
			if name != "" && !unicode.IsUpper(rune(name[0])) { // the name of an embedded struct, which JSON does not have
				path = append(path, name)
			}
		}
		where := "it"
		if len(path) > 0 {
			where = fmt.Sprintf("the field %q", strings.Join(path, "."))
		}
		return fmt.Errorf("%s is %s, where %s is wanted", where, given(wrong.Value), wanted(wrong.Type))
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return errors.New(text)
	}
	return err
}

// given names a value as encoding/json describes it: "string", or "number 1.5".
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
