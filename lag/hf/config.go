package hf

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
)

// architecture is a kind of model in transformers.
type architecture struct {
	modelType string
	classes   []string // classes of transformers whose checkpoints can be read; the first is the default
	parse     func(text []byte, class string) (train.Model, error)
	fixed     []fixed // required values in the configuration
	names     names   // names of the parameters
}

var architectures = []architecture{
	{"bert", []string{"BertForMaskedLM", "BertForPreTraining", "BertModel"}, parsePostNorm, bertFixed, bertNames},
	{"megatron-bert", []string{"MegatronBertForMaskedLM", "MegatronBertForPreTraining", "MegatronBertModel"}, parsePreNorm, bertFixed, bertNames},
	{"t5", []string{"T5ForConditionalGeneration", "T5WithLMHeadModel", "T5Model"}, parseT5, t5Fixed, t5Names},
}

// architectureOf returns the architecture of one of our models.
func architectureOf(m train.Model) (architecture, error) {
	var modelType string
	switch c := m.(type) {
	case bert.Config:
		modelType = "bert"
		if c.PreNorm {
			modelType = "megatron-bert"
		}
	case ul2.Config:
		modelType = "t5"
	}
	i := slices.IndexFunc(architectures, func(a architecture) bool { return a.modelType == modelType })
	if i < 0 {
		return architecture{}, fmt.Errorf("a model of type %T has no counterpart in transformers", m)
	}
	return architectures[i], nil
}

// fixed is a field of a configuration that must have a certain value.
type fixed struct {
	field string
	value any    // as decoded by encoding/json; also transformers' value if the field is missing
	why   string // why other values are not supported
}

// common are the fixed fields of all architectures.
var common = []fixed{
	{"quantization_config", nil, "quantized weights cannot be read; use the model before quantization"},
	{"pruned_heads", map[string]any{}, "layers of different shapes are not supported"},
}

// check returns an error if the field has another value.
func (f fixed) check(fields map[string]json.RawMessage) error {
	raw, ok := fields[f.field]
	if !ok || string(raw) == "null" {
		return nil
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return fmt.Errorf("%s: %w", f.field, err)
	}
	if reflect.DeepEqual(value, f.value) {
		return nil
	}
	if f.value == nil {
		return fmt.Errorf("it has a %s: %s", f.field, f.why)
	}
	want, _ := json.Marshal(f.value)
	return fmt.Errorf("%s is %.100s and not %s: %s", f.field, raw, want, f.why)
}

// parseConfig parses a config.json. Fields has its fields.
func parseConfig(text []byte, fields map[string]json.RawMessage) (train.Model, error) {
	var head struct {
		ModelType     string   `json:"model_type"`
		Architectures []string `json:"architectures"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(architectures, func(a architecture) bool { return a.modelType == head.ModelType })
	if i < 0 {
		return nil, fmt.Errorf("model_type is %q, which is not supported; supported are %s", head.ModelType, supported())
	}
	a := architectures[i]
	class := a.classes[0]
	if len(head.Architectures) > 0 {
		class = head.Architectures[0]
	}
	if !slices.Contains(a.classes, class) {
		return nil, fmt.Errorf("the architecture %s is not supported; of model_type %q it is %s", class, a.modelType, strings.Join(a.classes, ", "))
	}
	for _, f := range slices.Concat(a.fixed, common) {
		if err := f.check(fields); err != nil {
			return nil, err
		}
	}
	config, err := a.parse(text, class)
	if err != nil {
		return nil, err
	}
	return config, config.Validate()
}

func supported() string {
	var list []string
	for _, a := range architectures {
		list = append(list, fmt.Sprintf("%q (%s)", a.modelType, a.classes[0]))
	}
	return strings.Join(list, ", ")
}
