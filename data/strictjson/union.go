package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Join encodes two structs as one object, with the fields of head first. It
// encodes values that can have several types: head names the type.
func Join(head, body any) ([]byte, error) {
	first, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	rest, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if first[0] != '{' || rest[0] != '{' {
		return nil, fmt.Errorf("%T and %T are not both objects", head, body)
	}
	if len(first) == len("{}") || len(rest) == len("{}") {
		return append(first[:len(first)-1], rest[1:]...), nil
	}
	return append(append(first[:len(first)-1], ','), rest[1:]...), nil
}

// Cut decodes the fields of head from an object and returns the object without
// them. A missing field of head is an error unless it is omitempty.
func Cut[T any](text []byte, head *T) (rest []byte, err error) {
	var fields map[string]json.RawMessage
	if err := Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	names := fieldNames[T](true)
	given := make(map[string]json.RawMessage)
	for name, value := range fields {
		if slices.Contains(names, name) {
			given[name] = value
			delete(fields, name)
		}
	}
	first, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	if err := Decode(first, head); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// Overlay reads those fields of a struct that an object has; the others stay as
// they are. Unknown fields are errors.
func Overlay[T any](text []byte, into *T) error {
	return decode(text, func(text []byte) error {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			return err
		}
		if _, err := d.Token(); err != io.EOF {
			return errors.New("text follows the object")
		}
		return nil
	})
}

// Decoder returns a function that decodes a C, which must implement I, as
// [Decode] does. Use it in tables of the possible types of a value.
func Decoder[C, I any]() func(text []byte) (I, error) {
	return func(text []byte) (value I, err error) {
		var read C
		if err := Decode(text, &read); err != nil {
			return value, err
		}
		return any(read).(I), nil
	}
}
