package result

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fieldsOf adds the fields of a type that hold numbers, as keys of limits. It
// fails for a kind of value that checkValues does not check.
func fieldsOf(t *testing.T, key string, of reflect.Type, numbers, texts map[string]bool) {
	t.Helper()
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		fieldsOf(t, key, of.Elem(), numbers, texts)
	case reflect.Struct:
		for i := range of.NumField() {
			if f := of.Field(i); f.Tag.Get("json") != "-" {
				fieldsOf(t, of.Name()+"."+f.Name, f.Type, numbers, texts)
			}
		}
	case reflect.Int, reflect.Int64, reflect.Float64:
		numbers[key] = true
	case reflect.String:
		texts[key] = true
	case reflect.Bool:
	default:
		t.Errorf("%s is a %s, which is not checked", key, of.Kind())
	}
}

// TestLimits checks that every number of a result has a limit.
func TestLimits(t *testing.T) {
	numbers, texts := make(map[string]bool), make(map[string]bool)
	fieldsOf(t, "", reflect.TypeFor[Study](), numbers, texts)
	fieldsOf(t, "", reflect.TypeFor[Stacking](), numbers, texts)
	fieldsOf(t, "", reflect.TypeFor[Downstream](), numbers, texts)
	for key := range numbers {
		if l := limits[key]; l == 0 || l == message {
			t.Errorf("%s has no limit", key)
		}
	}
	for key, l := range limits {
		if !numbers[key] && !(texts[key] && l == message) {
			t.Errorf("no result has the field %s", key)
		}
	}
	if len(numbers) < 60 {
		t.Errorf("there are only %v", slices.Sorted(maps.Keys(numbers)))
	}
}

// TestCheckValues checks values that are impossible, at fields whose names say
// little about them.
func TestCheckValues(t *testing.T) {
	much := 1 << 60
	for _, c := range []struct {
		value any
		want  string
	}{
		{Study{Seeds: []int64{-5}, Noise: Noise{Seeds: Undefined()}, Verdict: "a\n\tb"}, ""},
		{Study{Noise: Noise{Seeds: 1e300}}, "noise.seeds"},
		{Study{Strategies: []Outcome{{Map: []int{0, -2}}}}, "strategies[0].map[1]"},
		{Study{Strategies: []Outcome{{DivergedAt: &much}}}, "strategies[0].diverged_at"},
		{Study{Strategies: []Outcome{{Batches: []BatchLosses{{Losses: []float64{1, -1e46}}}}}}, "strategies[0].batches[0].losses[1]"},
		{Study{Strategies: []Outcome{{Name: "a\nb"}}}, "strategies[0].name"},
		{Study{Failures: []Failure{{Error: "a\u202eb"}}}, "failures[0].error"},
		{Study{Picks: []Pick{{ExtraFLOPs: -1}}}, "picks[0].extra_flops"},
		{Stacking{Budget: -1}, "budget"},
		{Study{Signals: []SignalCorrelation{{Correlation: Correlation{Step: -1}}}}, "signals[0].step"},
		{struct {
			New int `json:"new"`
		}{}, "new has no limit"},
		{struct {
			New map[string]int `json:"new"`
		}{}, "new is a map"},
	} {
		err := checkValues("", "", reflect.ValueOf(c.value))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want %q", err, c.want)
		}
	}
}
