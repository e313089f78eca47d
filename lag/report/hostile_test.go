package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

// hostile are values that a damaged or edited result can contain.
var hostile = []string{
	"-1e308", "1e308", "-1e30", "1e17", "1e-320", "null", "-1", "0", "1000000", "9223372036854775807", "-9223372036854775808",
	`""`, `"\u001b[2J"`, `"</script><b>"`, `"a\nb"`, "[]", "{}", "[null]", "true",
}

// leaf is a place in a JSON value.
type leaf struct {
	path string
	set  func(value any)
	get  any
}

// leaves returns all places in a value, in the order of their paths.
func leaves(path string, value any, set func(any)) (list []leaf) {
	list = append(list, leaf{path, set, value})
	switch v := value.(type) {
	case map[string]any:
		var names []string
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list = append(list, leaves(path+"."+name, v[name], func(x any) { v[name] = x })...)
		}
	case []any:
		for i := range v {
			list = append(list, leaves(fmt.Sprintf("%s[%d]", path, i), v[i], func(x any) { v[i] = x })...)
		}
	}
	return list
}

// decoded returns the JSON of a result, decoded, and all places in it.
func decoded(t testing.TB, text string) (root any, list []leaf) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	return root, leaves("", root, nil)[1:] // without the root itself
}

// later are the places of later elements of a list.
var later = regexp.MustCompile(`\[([2-9]|\d\d+)\]|pairs\[1|batches\[1|losses\[1`)

// small are the JSON of results that are drawn fast: of a study with a sweep of
// the learning rate of its controls and final losses that are means, of one of an
// encoder-decoder and of a stacking.
var small = sync.OnceValue(func() (texts []string) {
	swept := synthetic.Swept(1, 3, 2)
	swept.FinalEvaluations = 2
	if err := swept.Again(context.Background()); err != nil {
		panic(err) // as below
	}
	for _, r := range []any{swept, synthetic.TwoStacks(1, 3, 1), synthetic.Stacking(1, 2)} {
		text, err := json.Marshal(r)
		if err != nil {
			panic(err) // nothing of this file can be tested
		}
		texts = append(texts, string(text))
	}
	return texts
})

// show loads a result and, if it is not refused, makes tables of it and, if
// drawn is true, draws it. If again is true, it also analyzes it again. It
// reports whether the result was refused.
func show(t testing.TB, dir string, root any, again, drawn bool) (refused bool) {
	t.Helper()
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, result.StudyResult), text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, result.StackingResult), text, 0o666); err != nil {
		t.Fatal(err)
	}
	study, err := result.LoadStudy(dir)
	if err != nil {
		stacking, err := result.LoadStacking(dir)
		if err != nil {
			return true
		}
		Stacking(stacking)
		if err := StackingCSV(io.Discard, stacking); err != nil {
			t.Error(err)
		}
		stacking.Analyze()
		if drawn { // with the figures
			if err := StackingHTML(io.Discard, stacking, Meta{}); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	Table(study)
	Picks(study)
	Signals(study)
	Controls(study)
	Curve(study, 80)
	if err := CSV(io.Discard, study); err != nil {
		t.Error(err)
	}
	if again {
		_ = study.Again(context.Background()) // an error where it is not possible
	}
	if drawn { // with the figures
		if err := HTML(io.Discard, study, Meta{}); err != nil {
			t.Error(err)
		}
	}
	return false
}

// TestHostile puts hostile values into every place of results. They are refused
// or drawn, and nothing panics or goes on for ever.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("draws hundreds of results")
	}
	dir := t.TempDir()
	for _, r := range small() {
		root, places := decoded(t, r)
		for i, place := range places {
			if later.MatchString(place.path) { // like those before
				continue
			}
			for j, text := range hostile {
				if (i+j)%len(hostile) != 0 { // the fuzz target tries the others
					continue
				}
				var value any
				if err := json.Unmarshal([]byte(text), &value); err != nil {
					t.Fatal(err)
				}
				place.set(json.RawMessage(text))
				show(t, dir, root, i%25 == 1, i%50 == 0)
				place.set(place.get)
			}
		}
		if show(t, dir, root, true, true) {
			t.Errorf("an undamaged result is refused: %.200s", r)
		}
	}
}

// TestRefused checks values that were drawn wrongly, or for ever.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		of          int // of small
		path, value string
	}{
		{0, ".correlation[0].spearman", "-1e308"}, {0, ".correlation[0].spearman_lo", "-2"}, {0, ".correlation[0].pearson", "1.5"}, {0, ".correlation[1].step", "0"},
		{0, ".correlation[0].spearman_hi", "7"}, {0, ".correlation[0].step", "-5"}, {0, ".from", "1000000"}, {0, ".to", "1000000"}, {0, ".steps", "-1"}, {0, ".steps", "9223372036854775807"},
		{0, ".strategies[0].name", `"\u001b[2J"`}, {0, ".strategies[0].curve", "[]"}, {0, ".strategies[0].final", "1e308"}, {0, ".strategies[0].flops", "1e308"},
		{0, ".strategies[0].map[0]", "-2"}, {0, ".strategies[0].curve[0].step", "-1"}, {0, ".strategies[0].curve[1].step", "9000000000000000000"},
		{0, ".noise.separable", "2"}, {0, ".picks[0].regret", "-1"}, {0, ".rules[0].regret", "-1e30"}, {0, ".strategies[0].flops", "-1"}, {0, ".picks[0].extra_flops", "-1e9"}, {0, ".noise.seeds", "-1"}, {0, ".noise.ratio", "-1"}, {0, ".noise.pair_error", "-1"}, {0, ".rules[0].hit_1", "3"}, {0, ".rules[0].hit_3", "-1"},
		{0, ".comparisons[0].beaten_by", "2"}, {0, ".verdict", `"\u001b]0;"`}, {0, ".warnings", `["\u0007"]`}, {0, ".family", `"\u009b"`}, {0, ".source.parameters", "-3"},
		{0, ".signals[0].spearman", "2"}, {0, ".pairs[0].error", "1e300"}, {0, ".lag_steps", "-7"},
		{1, ".encoder_to", "1000000"}, {1, ".encoder_from", "0"},
		{2, ".arms[0].stages[0].depths[0]", "1000000000"}, {2, ".arms[0].stages[1].depths[0]", "1"}, {2, ".arms[0].name", `"\u001b"`}, {2, ".arms[0].final", "1e308"},
		{2, ".arms[0].curve[1].step", "-1"}, {2, ".budget", "1e308"}, {2, ".plan[0].steps", "-1"}, {2, ".plan[0].depths", "[1,2,3]"}, {2, ".summary[0].name", `"\u001b"`}, {2, ".verdict", `"\u001b"`},
	} {
		root, places := decoded(t, small()[c.of])
		i := slices.IndexFunc(places, func(l leaf) bool { return l.path == c.path })
		if i < 0 {
			t.Errorf("there is no %s", c.path)
			continue
		}
		places[i].set(json.RawMessage(c.value))
		if !show(t, dir, root, false, false) {
			t.Errorf("%s in place of %v in %s is not refused", c.value, places[i].get, c.path)
		}
	}
}

// FuzzResult puts any value into any place of a result, and draws it.
func FuzzResult(f *testing.F) {
	for i, text := range hostile {
		f.Add(uint8(i), uint16(17*i), text)
	}
	f.Fuzz(func(t *testing.T, of uint8, place uint16, text string) {
		if !json.Valid([]byte(text)) {
			t.Skip()
		}
		results := small()
		root, places := decoded(t, results[int(of)%len(results)])
		places[int(place)%len(places)].set(json.RawMessage(text))
		show(t, t.TempDir(), root, of%4 == 0, true)
	})
}
