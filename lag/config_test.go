package lag_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
)

// TestConfigJSON checks that a study and a stacking keep every field through
// JSON, and that unknown and missing fields are errors everywhere.
func TestConfigJSON(t *testing.T) {
	for _, name := range lag.Presets() {
		config, err := lag.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		testJSON(t, "study "+name, config, func(text []byte) (c lag.StudyConfig, err error) { err = json.Unmarshal(text, &c); return c, err })
	}
	for _, name := range lag.StackingPresets() {
		config, err := lag.StackingPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		testJSON(t, "stacking "+name, config, func(text []byte) (c lag.Stacking, err error) { err = json.Unmarshal(text, &c); return c, err })
	}
}

// TestAboutPresets checks that every preset says what it is.
func TestAboutPresets(t *testing.T) {
	names := [][]string{lag.Presets(), lag.StackingPresets(), lag.TrainingPresets()}
	for i, list := range [][]lag.About{lag.AboutPresets(), lag.AboutStackingPresets(), lag.AboutTrainingPresets()} {
		if len(list) != len(names[i]) {
			t.Errorf("%d presets of %q say what they are", len(list), names[i])
		}
		for _, a := range list {
			if !slices.Contains(names[i], a.Name) || a.Workers < 1 {
				t.Errorf("%+v is not of one of %q", a, names[i])
			}
			if exports := strings.HasSuffix(a.Exports, "ForMaskedLM") || strings.HasSuffix(a.Exports, "ForConditionalGeneration"); exports == strings.HasSuffix(a.Name, "-lm") {
				t.Errorf("preset %s: transformers loads its models as %q", a.Name, a.Exports)
			}
			for _, text := range []string{a.What, a.Hardware, a.Takes, a.Expect} {
				if text == "" || strings.Contains(text, "_") {
					t.Errorf("preset %s: %+v", a.Name, a)
				}
			}
		}
	}
}

func testJSON[T any](t *testing.T, what string, config T, read func([]byte) (T, error)) {
	t.Helper()
	filled := config
	fill(reflect.ValueOf(&filled).Elem(), new(int))
	for _, c := range []T{config, filled} {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := read(text)
		if diff := cmp.Diff(c, back); diff != "" || err != nil {
			t.Errorf("%s comes back changed: %v, %s", what, err, diff)
		}
	}
	text, err := json.Marshal(filled)
	if err != nil {
		t.Fatal(err)
	}
	objects := 0
	eachObject(t, text, func(path string, object map[string]any, document func() []byte) {
		if strings.HasSuffix(path, ".combine_modules") {
			return // a map with the user's own keys
		}
		objects++
		object["no_such_field"] = 1
		if _, err := read(document()); err == nil {
			t.Errorf("%s: an unknown field in %q is not an error", what, path)
		} else if !strings.Contains(err.Error(), "no_such_field") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: an unknown field in %q: %v", what, path, err)
		}
		delete(object, "no_such_field")
	})
	if objects < 8 {
		t.Errorf("%s has only %d objects; this test expects more", what, objects)
	}
	// Fields at the top level that are always written are required.
	plain, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(plain, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		delete(fields, name)
		rest, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(rest); err == nil && !omitted(config, name) {
			t.Errorf("%s: a missing %q is not an error", what, name)
		}
		fields[name] = value
	}
}

// omitted reports whether JSON omits a field with a zero value.
func omitted(config any, name string) bool {
	return slices.ContainsFunc(reflect.VisibleFields(reflect.TypeOf(config)), func(f reflect.StructField) bool {
		field, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		return field == name && strings.Contains(options, "omit")
	})
}

// eachObject visits the objects in a JSON document. document returns the whole
// document, including changes made by visit.
func eachObject(t *testing.T, text []byte, visit func(path string, object map[string]any, document func() []byte)) {
	t.Helper()
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	document := func() []byte {
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			visit(path, v, document)
			for name, inner := range v {
				walk(path+"."+name, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), inner)
			}
		}
	}
	walk("", whole)
}

// fill sets every field to a different value, except fields that allow only
// certain values.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case model.Model: // with the presets' family
		model := reflect.New(v.Field(0).Elem().Type()).Elem()
		model.Set(v.Field(0).Elem())
		fill(model, n)
		v.Field(0).Set(model)
		return
	case growth.Depths:
		v.Set(reflect.ValueOf(growth.Depths{*n, *n + 1}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		inner := reflect.New(v.Elem().Type()).Elem()
		inner.Set(v.Elem())
		fill(inner, n)
		v.Set(inner)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		if v.String() == "" || v.Type() == reflect.TypeFor[string]() {
			v.SetString(fmt.Sprintf("text %d", *n))
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	default:
		panic(fmt.Sprintf("no way to fill a %s", v.Type()))
	}
}

// TestLeftOut: strategies of the pool that do not fit the training are named with the
// reason, and those that the configuration names are an error instead.
func TestLeftOut(t *testing.T) {
	config, err := lag.Preset("quick")
	if err != nil {
		t.Fatal(err)
	}
	if names, why := config.LeftOut(); len(names) > 0 || why != nil {
		t.Errorf("quick leaves out %q: %v", names, why)
	}
	config.Growth.Schedule.Steps = config.Growth.GateSteps - 1
	names, why := config.LeftOut()
	if want := []string{"stack-gated", "interleave-gated", "repeat-last-1-gated"}; !slices.Equal(names, want) || why == nil || !strings.Contains(why.Error(), `"stack-gated"`) {
		t.Errorf("%q are left out (%v), want %q", names, why, want)
	}
	pool, err := config.Pool()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := pool.ByName(name); ok {
			t.Errorf("%s is left out and in the pool", name)
		}
	}
	config.Growth.Strategies = names
	if names, _ := config.LeftOut(); len(names) > 0 {
		t.Errorf("%q are named and left out", names)
	}
	if _, err := config.Pool(); err == nil {
		t.Error("a named strategy that does not fit is no error")
	}
}
