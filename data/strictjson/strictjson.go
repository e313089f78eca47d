// Package strictjson reads configurations: an object must have every field of
// its struct that is not omitempty or omitzero, and no others.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Decode reads an object into a struct. Beside the struct's fields it may have
// those named also, which are not read. Structs within are read as encoding/json
// reads them, unknown fields being errors; those with an UnmarshalJSON of their
// own decide for themselves.
// After an error the struct holds what was read until then.
func Decode[T any](text []byte, into *T, also ...string) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return err
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
		return err
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || strings.Contains(options, "omit") {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if value, ok := given[name]; !ok || string(value) == "null" {
			return fmt.Errorf("the field %q is missing", name)
		}
	}
	return nil
}
