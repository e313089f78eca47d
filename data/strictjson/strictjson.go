// Package strictjson decodes JSON, with errors for the author of the JSON. It has two
// jobs.
//
// [Decode], [Decoder], [Cut] and [Overlay] read what this module defines, such as
// configurations, strictly: fields that a struct does not have are errors. With the
// first three, an object must have every field of its struct that is not tagged
// omitempty or omitzero.
//
// [Unmarshal], [UnmarshalPart], [FromPython] and [ReplaceNotFinite] read what other
// programs write, leniently: as [encoding/json] does, unknown fields are ignored, and
// missing ones stay as they are. Whole numbers such as 64.0 and Python's NaN are read.
// [Explain] rewrites errors of encoding/json alone.
package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Decode decodes a JSON object into a struct. The object may also have the
// fields named in also, which are ignored. Nested structs are decoded as by
// encoding/json, but unknown fields are errors. Types with an UnmarshalJSON
// method decode themselves. After an error the struct holds the fields decoded
// before it.
func Decode[T any](text []byte, into *T, also ...string) error {
	var given map[string]json.RawMessage
	if err := Unmarshal(text, &given); err != nil {
		return err
	}
	rest := text // keeps the places that errors name
	if len(also) > 0 {
		for _, name := range also {
			delete(given, name)
		}
		var err error
		if rest, err = json.Marshal(given); err != nil {
			return err
		}
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
