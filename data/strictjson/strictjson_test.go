package strictjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/strictjson"
)

type Size struct {
	Layers int     `json:"layers"`
	Rate   float64 `json:"rate,omitzero"`
}

func ExampleDecode() {
	var s Size
	for _, text := range []string{`{"layers": 3}`, `{"rate": 0.5}`, `{"layer": 3}`} {
		fmt.Println(strictjson.Decode([]byte(text), &s), s.Layers)
	}
	// Output:
	// <nil> 3
	// the field "layers" is missing 3
	// unknown field "layer" 3
}

func TestDecode(t *testing.T) {
	type outer struct {
		Size
		Name string `json:"name"`
	}
	var o outer
	if err := strictjson.Decode([]byte(`{"kind":"x","layers":2,"rate":0.5,"name":"n"}`), &o, "kind"); err != nil || o.Layers != 2 || o.Name != "n" {
		t.Errorf("got %+v and error %v", o, err)
	}
	for text, want := range map[string]string{
		`{"name":"n"}`:                             `"layers" is missing`,
		`{"layers":null,"name":"n"}`:               `"layers" is missing`,
		`{"layers":"2","name":"n"}`:                `the field "layers" is a text, but must be a whole number in digits`,
		`{"layers":2.5,"name":"n"}`:                `the field "layers" is the number 2.5, but must be a whole number in digits`,
		`{"layers":2,"rate":[1],"name":"n"}`:       `the field "rate" is a list, but must be a number`,
		`{"layers":2,"name":{}}`:                   `the field "name" is an object, but must be a text`,
		`[1]`:                                      "it is a list, but must be an object",
		`{"layers":1,"name":"n"} {}`:               "after top-level value",
		`{"kind":"x","layers":1,"name":"n","y":0}`: `unknown field "y"`,
	} {
		if err := strictjson.Decode([]byte(text), new(outer), "kind"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
}
