package hf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/model"
	_ "github.com/landscape-aware/growing/lag/model/families" // registers all families
)

// architectureOf returns the architecture with the given model_type.
func architectureOf(modelType string) (model.Architecture, error) {
	list := model.Architectures()
	i := slices.IndexFunc(list, func(a model.Architecture) bool { return a.ModelType == modelType })
	if i < 0 {
		return model.Architecture{}, fmt.Errorf("model_type is %q, which is not supported; supported are %s", modelType, supported(list))
	}
	return list[i], nil
}

// common are the fixed fields of all architectures.
var common = []model.Fixed{
	{Field: "quantization_config", Value: nil, Why: "quantized weights cannot be read; use the model before quantization"},
	{Field: "pruned_heads", Value: map[string]any{}, Why: "layers of different shapes are not supported"},
}

// check returns an error if a fixed field has another value.
func check(f model.Fixed, fields map[string]json.RawMessage) error {
	raw, ok := fields[f.Field]
	if !ok || string(raw) == "null" {
		return nil
	}
	var value any
	if err := decode(raw, &value); err != nil {
		return fmt.Errorf("%s: %w", f.Field, err)
	}
	if reflect.DeepEqual(value, f.Value) {
		return nil
	}
	if f.Value == nil {
		return fmt.Errorf("it has a %s: %s", f.Field, f.Why)
	}
	want, _ := json.Marshal(f.Value)
	return fmt.Errorf("%s is %.100s and not %s: %s", f.Field, toPython(raw), want, f.Why)
}

// resolve returns the fields of a config.json without aliases. Where a field
// and its alias differ, the field counts, and a warning says so: growth by
// earlier versions left aliases behind.
func resolve(aliases []model.Alias, fields map[string]json.RawMessage) map[string]json.RawMessage {
	isNull := func(raw json.RawMessage) bool { return raw == nil || string(raw) == "null" }
	fields = maps.Clone(fields)
	for _, a := range aliases {
		alias, field := fields[a.Alias], fields[a.Field]
		delete(fields, a.Alias)
		switch {
		case isNull(alias):
		case isNull(field):
			fields[a.Field] = alias
		case !bytes.Equal(alias, field):
			log.Warn("two names of one setting have different values; the first counts", a.Field, string(field), a.Alias, string(alias))
		}
	}
	return fields
}

// parseConfig parses the fields of a config.json.
func parseConfig(fields map[string]json.RawMessage, o Options) (model.Config, error) {
	var head struct {
		ModelType     string   `json:"model_type"`
		Architectures []string `json:"architectures"`
	}
	text, err := json.Marshal(fields)
	if err == nil {
		err = decode(text, &head)
	}
	if err != nil {
		return nil, err
	}
	a, err := architectureOf(head.ModelType)
	if err != nil {
		return nil, err
	}
	class := a.Classes[0]
	if len(head.Architectures) > 0 {
		class = head.Architectures[0]
	}
	switch {
	case slices.Contains(a.Classes, class), o.NewHead && slices.Contains(a.Bodies, class):
	case slices.Contains(a.Bodies, class):
		return nil, advice.Errorf(advice.NewHead, "the architecture %s has another head than the language model's, %s; ask for a new head, in place of that one", class, a.Classes[0])
	default:
		return nil, fmt.Errorf("the architecture %s is not supported; of model_type %q it is %s", class, a.ModelType, strings.Join(a.Classes, ", "))
	}
	for _, f := range slices.Concat(a.Fixed, common) {
		if err := check(f, fields); err != nil {
			return nil, err
		}
	}
	if text, err = json.Marshal(resolve(a.Aliases, fields)); err != nil {
		return nil, err
	}
	config, err := a.Parse(text, class)
	if err != nil {
		return nil, err
	}
	return config, config.Validate()
}

func supported(architectures []model.Architecture) string {
	var list []string
	for _, a := range architectures {
		list = append(list, fmt.Sprintf("%q (%s)", a.ModelType, a.Classes[0]))
	}
	return strings.Join(list, ", ")
}
