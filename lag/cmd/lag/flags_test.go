package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
)

// leaves returns the values of a JSON document by path; lists are values.
func leaves(t *testing.T, config any) map[string]string {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	var visit func(path string, value any)
	visit = func(path string, value any) {
		if object, ok := value.(map[string]any); ok {
			for name, v := range object {
				visit(strings.TrimPrefix(path+"."+name, "."), v)
			}
			return
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(text)
	}
	visit("", document)
	return found
}

// changed returns the paths whose values differ, with the new values.
func changed(before, after map[string]string) []string {
	var paths []string
	for path := range before {
		if _, ok := after[path]; !ok {
			paths = append(paths, path+" gone")
		}
	}
	for path, value := range after {
		if before[path] != value {
			paths = append(paths, path+"="+value)
		}
	}
	slices.Sort(paths)
	return paths
}

// A flagCase is a flag's value and what it changes in the configuration.
type flagCase struct {
	value string
	want  []string
}

// taskCases are the cases of flags that studies and stackings share.
var taskCases = map[string]flagCase{
	"alphabet":            {"50", []string{`data.limit_alphabet=50`}},
	"keep":                {"all", []string{`keep="all"`}},
	"batch":               {"3", []string{`batch_size=3`}},
	"byte-fallback":       {"", []string{`data.byte_fallback=true`}},
	"collapse-space":      {"", inCorpus(`data.corpus.clean.collapse_space=true`)},
	"corpus":              {"a.txt", []string{`data.corpus="a.txt"`}},
	"coverage":            {"0.5", []string{`data.character_coverage=0.5`}},
	"drop-duplicates":     {"", inCorpus(`data.corpus.clean.drop_duplicates=true`)},
	"field":               {"body", inCorpus(`data.corpus.field="body"`)},
	"heads":               {"4", []string{`model.num_attention_heads=4`}},
	"hidden":              {"32", []string{`model.hidden_size=32`, `model.intermediate_size=128`}},
	"kind":                {"bpe", []string{`data.tokenizer="bpe"`}},
	"length":              {"24", []string{`model.max_position_embeddings=24`, `objective.sequence_length=24`}},
	"license":             {"MIT", inCorpus(`data.corpus.license="MIT"`)},
	"min-characters":      {"7", inCorpus(`data.corpus.clean.min_characters=7`)},
	"min-frequency":       {"3", []string{`data.min_frequency=3`}},
	"modes":               {"", []string{`data.mode_tokens=true`}},
	"name":                {"other", []string{`name="other"`}},
	"normalize":           {"NFKC", inCorpus(`data.corpus.clean.normalization="NFKC"`)},
	"positions":           {"learned", []string{`model.position_embedding_type="learned"`}},
	"precision":           {"bfloat16", []string{`model.precision="bfloat16"`}},
	"set":                 {"pre_norm=true", []string{`model.pre_norm=true`}},
	"revision":            {"v2", inCorpus(`data.corpus.revision="v2"`)},
	"seed":                {"77", []string{`seed=77`}},
	"sentinels":           {"9", []string{`data.sentinels=9`}},
	"size":                {"mini", []string{`model.hidden_size=256`, `model.intermediate_size=1024`, `model.num_attention_heads=4`, `model.num_hidden_layers=4`}},
	"split":               {"validation", inCorpus(`data.corpus.split="validation"`)},
	"split-seed":          {"8", []string{`data.split_seed=8`}},
	"subset":              {"en", inCorpus(`data.corpus.config="en"`)},
	"tokenizer":           {"vocab.txt", []string{`data.tokenizer_file="vocab.txt"`}},
	"validation":          {"5", []string{`validation_batches=5`}},
	"validation-fraction": {"0.25", []string{`data.validation_fraction=0.25`}},
	"vocab":               {"99", []string{`data.vocabulary_size=99`, `model.vocab_size=99`}},
	"whole-words":         {"true", []string{`objective.whole_words=true`}},
}

// inCorpus returns the changes that a flag makes to a corpus that had only its
// source before.
func inCorpus(leaf string) []string {
	want := []string{"data.corpus gone", `data.corpus.source="go"`, leaf}
	slices.Sort(want)
	return want
}

// poolCases returns the cases of the flags for strategies, whose fields are
// below path.
func poolCases(path string) map[string]flagCase {
	return map[string]flagCase{
		"strategies": {"stack, random-top", []string{path + `strategies=["stack","random-top"]`}},
		"wide":       {"", []string{path + `wide=true`}},
		"all":        {"", []string{path + `all=true`}},
		"few":        {"", []string{path + `few=true`}},
		"gate":       {"6", []string{path + `gate_steps=6`}},
		"moments":    {"reset", []string{path + `moments="reset"`}},
	}
}

var studyCases = map[string]flagCase{
	"controls":          {"scratch, scratch-steps,scratch-probes@0.003", []string{`growth.controls=["scratch","scratch-steps","scratch-probes@0.003"]`}},
	"from":              {"3", []string{`model.num_hidden_layers=3`}},
	"early-validation":  {"3", []string{`growth.early_batches=3`}},
	"final-evaluations": {"2", []string{`growth.final_evaluations=2`}},
	"lag":               {"3", []string{`growth.lag=3`}},
	"lr":                {"0.25", []string{`growth.schedule.peak=0.25`}},
	"new-vocabulary":    {"", []string{`pretrain.new_vocabulary=true`}},
	"pretrain":          {"33", []string{`pretrain.schedule.steps=33`}},
	"pretrain-lr":       {"0.5", []string{`pretrain.schedule.peak=0.5`}},
	"pretrain-warmup":   {"7", []string{`pretrain.schedule.warmup=7`}},
	"warmup":            {"8", []string{`growth.schedule.warmup=8`}},
	"rules":             {"lag:3  oracle", []string{`growth.rules=["lag:3","oracle"]`}},
	"seeds":             {"4, 5", []string{`growth.seeds=[4,5]`}},
	"steps":             {"44", []string{`growth.schedule.steps=44`}},
	"to":                {"5", []string{`growth.to=[5]`}},
}

var stackingCases = map[string]flagCase{
	"evaluate-every": {"7", []string{`evaluate_every=7`}},
	"lr":             {"0.25", []string{`schedule.peak=0.25`}},
	"seeds":          {"4, 5", []string{`seeds=[4,5]`}},
	"warmup":         {"3", []string{`schedule.warmup=3`}},
}

// testFlags applies each flag to a preset and checks that it changes only its
// own field.
func testFlags[T any](t *testing.T, preset func(string) (T, error), setup func(*flag.FlagSet) *overrides[T], cases ...map[string]flagCase) {
	t.Helper()
	all := make(map[string]flagCase)
	for _, c := range cases {
		maps.Copy(all, c)
	}
	names := flag.NewFlagSet("names", flag.ContinueOnError)
	setup(names)
	names.VisitAll(func(f *flag.Flag) {
		c, ok := all[f.Name]
		if !ok {
			t.Errorf("flag -%s has no case; add one", f.Name)
			return
		}
		delete(all, f.Name)
		flags := flag.NewFlagSet("lag", flag.ContinueOnError)
		changes := setup(flags)
		argument := "-" + f.Name
		if c.value != "" {
			argument += "=" + c.value
		}
		if err := flags.Parse([]string{argument}); err != nil {
			t.Errorf("%s: %v", argument, err)
			return
		}
		config, err := preset("smoke")
		if err != nil {
			t.Fatal(err)
		}
		before := leaves(t, config)
		if err := changes.apply(&config); err != nil {
			t.Errorf("%s: %v", argument, err)
			return
		}
		if got := changed(before, leaves(t, config)); !slices.Equal(got, c.want) {
			t.Errorf("%s changes %q, want %q", argument, got, c.want)
		}
	})
	for name := range all {
		t.Errorf("there is no flag -%s", name)
	}
}

// TestStudyFlags and TestStackingFlags check that every flag sets its field.
func TestStudyFlags(t *testing.T) {
	testFlags(t, lag.Preset, studyFlags, taskCases, poolCases("growth."), studyCases)
}

// TestFlagsOfInitial: with an initial model, whose shape cannot change, some
// flags change less.
func TestFlagsOfInitial(t *testing.T) {
	cases := map[string]flagCase{
		"length":    {"24", []string{`objective.sequence_length=24`}},
		"tokenizer": {"vocab.txt", []string{`data.tokenizer_file="vocab.txt"`, `data.vocabulary_size=0`}},
	}
	study := maps.Clone(taskCases)
	maps.Copy(study, cases)
	testFlags(t, func(name string) (lag.StudyConfig, error) {
		config, err := lag.Preset(name)
		config.Pretrain.Initial = "model"
		return config, err
	}, studyFlags, study, poolCases("growth."), studyCases)
	for name, c := range cases {
		flags := flag.NewFlagSet("lag", flag.ContinueOnError)
		changes := trainingFlags(flags)
		if err := flags.Parse([]string{"-" + name, c.value}); err != nil {
			t.Fatal(err)
		}
		config, err := lag.TrainingPreset("bert")
		if err != nil {
			t.Fatal(err)
		}
		config.Initial = "model"
		before := leaves(t, config)
		if err := changes.apply(&config); err != nil {
			t.Fatal(err)
		}
		if got := changed(before, leaves(t, config)); !slices.Equal(got, c.want) {
			t.Errorf("-%s changes %q, want %q", name, got, c.want)
		}
	}
}

func TestStackingFlags(t *testing.T) {
	testFlags(t, lag.StackingPreset, stackingFlags, taskCases, poolCases(""), stackingCases)
}

// TestPlanFlags checks the flags that determine stages and arms together.
func TestPlanFlags(t *testing.T) {
	for _, test := range []struct {
		arguments    []string
		depths       string
		steps        string
		rule, layers string
	}{
		{nil, "[2 3 4]", "[40 40 40]", "lag:2", "2"},
		{[]string{"-stages", "1 2"}, "[1 2]", "[60 60]", "lag:2", "1"},
		{[]string{"-steps", "30"}, "[2 3 4]", "[10 10 10]", "lag:2", "2"},
		{[]string{"-stages", "1 2", "-steps", "30", "-alpha", "1"}, "[1 2]", "[10 20]", "lag:2", "1"},
		{[]string{"-rule", "halving:2,3"}, "[2 3 4]", "[40 40 40]", "halving:2,3", "2"},
	} {
		flags := flag.NewFlagSet("lag", flag.ContinueOnError)
		p := planFlags(flags)
		if err := flags.Parse(test.arguments); err != nil {
			t.Fatal(err)
		}
		c, err := lag.StackingPreset("smoke")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.apply(&c); err != nil {
			t.Errorf("%q: %v", test.arguments, err)
			continue
		}
		var depths, steps []string
		for _, s := range c.Stages {
			depths, steps = append(depths, s.Depths.String()), append(steps, fmt.Sprint(s.Steps))
		}
		got := []string{fmt.Sprint(depths), fmt.Sprint(steps), c.Arms[0].Rule, c.Model.Depths().String()}
		if want := []string{test.depths, test.steps, test.rule, test.layers}; !slices.Equal(got, want) {
			t.Errorf("%q: the stages, rule and model are %q, want %q", test.arguments, got, want)
		}
		last := c.Stages[len(c.Stages)-1]
		if scratch := c.Arms[len(c.Arms)-1]; len(scratch.Stages) != 1 || !slices.Equal(scratch.Stages[0].Depths, last.Depths) {
			t.Errorf("%q: the arm from scratch is %+v", test.arguments, scratch)
		}
	}
}
