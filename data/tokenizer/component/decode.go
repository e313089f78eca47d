package component

import (
	"encoding/json"
	"fmt"
)

// Decode decodes JSON as [json.Unmarshal] does. Its errors name no type of Go.
func Decode(data []byte, to any) error {
	err := json.Unmarshal(data, to)
	if e, ok := err.(*json.UnmarshalTypeError); ok {
		if e.Field != "" {
			return fmt.Errorf("%s: a JSON %s is not of the right type", e.Field, e.Value)
		}
		return fmt.Errorf("a JSON %s is not of the right type", e.Value)
	}
	return err
}
