package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag"
)

// overrides are the changes to a configuration of type T that a command line
// asks for.
type overrides[T any] []func(*T) error

func (o overrides[T]) apply(config *T) error {
	for _, change := range o {
		if err := change(config); err != nil {
			return err
		}
	}
	return nil
}

// add makes a flag that sets a field. Standard is the value that help shows.
func (o *overrides[T]) add(flags *flag.FlagSet, name, help, standard string, field func(*T) any) {
	change := func(text string) error {
		if _, ok := field(new(T)).(func(string) error); !ok { // such a one needs the configuration that it changes
			if err := set(field(new(T)), text); err != nil {
				return err
			}
		}
		*o = append(*o, func(c *T) error { return set(field(c), text) })
		return nil
	}
	if standard != "" {
		help = fmt.Sprintf("%s (default %s)", help, standard)
	}
	if _, ok := field(new(T)).(*bool); ok {
		flags.BoolFunc(name, help, change)
		return
	}
	flags.Func(name, help, change)
}

// dataFields are the settings of data that have a flag.
var dataFields = []struct {
	name, help string
	field      func(*data.Config) any
}{
	{"corpus", "`source` of the text: \"go\" for the prose of the Go installation; paths and globs (in quotes) of text, .jsonl or .parquet files, also .gz and .zst, with commas between; hf:owner/name for a dataset of the Hugging Face Hub",
		func(c *data.Config) any { return &c.Corpus.Source }},
	{"field", "`name` of the field of JSON lines, or of the column of Parquet, that holds the text (default \"text\")", func(c *data.Config) any { return &c.Corpus.Field }},
	{"subset", "`name` of the configuration of a Hugging Face dataset", func(c *data.Config) any { return &c.Corpus.Config }},
	{"split", "`name` of the split of a Hugging Face dataset (default \"train\")", func(c *data.Config) any { return &c.Corpus.Split }},
	{"revision", "`branch`, tag or commit of a Hugging Face dataset (default \"main\")", func(c *data.Config) any { return &c.Corpus.Revision }},
	{"license", "`licence` of the text, to be kept with the tokens", func(c *data.Config) any { return &c.Corpus.License }},
	{"normalize", "Unicode normalization `form` that text is brought into first: NFC or NFKC (default none)", func(c *data.Config) any { return &c.Corpus.Clean.Normalization }},
	{"collapse-space", "make every run of white space one space or line end", func(c *data.Config) any { return &c.Corpus.Clean.CollapseSpace }},
	{"min-characters", "drop documents of fewer `characters`", func(c *data.Config) any { return &c.Corpus.Clean.MinCharacters }},
	{"drop-duplicates", "drop documents whose text occurred before", func(c *data.Config) any { return &c.Corpus.Clean.DropDuplicates }},
	{"tokenizer", "`file` of a vocabulary to use: tokenizer.json, vocab.txt or .model (default: one is trained)", func(c *data.Config) any { return &c.TokenizerFile }},
	{"kind", "`kind` of vocabulary to train: wordpiece, bpe or unigram (default wordpiece)", func(c *data.Config) any { return &c.Kind }},
	{"sentinels", "least `number` of T5's sentinels <extra_id_n> in the vocabulary", func(c *data.Config) any { return &c.Sentinels }},
	{"modes", "have UL2's mode tokens [NLU], [NLG] and [S2S] in the vocabulary", func(c *data.Config) any { return &c.Modes }},
	{"min-frequency", "least `occurrences` of a pair that becomes a token, of wordpiece and bpe (default 2)", func(c *data.Config) any { return &c.MinFrequency }},
	{"alphabet", "different `characters` in the vocabulary, of wordpiece (default an eighth of its size, 40 to 1000)", func(c *data.Config) any { return &c.LimitAlphabet }},
	{"byte-fallback", "let what is not in the vocabulary become bytes, of unigram", func(c *data.Config) any { return &c.ByteFallback }},
	{"coverage", "`share` of the text that is made of characters in the vocabulary, of unigram (default 0.9995)", func(c *data.Config) any { return &c.Coverage }},
	{"validation-fraction", "`share` of the documents that is set aside for validation (default 0.05)", func(c *data.Config) any { return &c.ValidationFraction }},
	{"split-seed", "seed `number` of the choice of documents for validation", func(c *data.Config) any { return &c.SplitSeed }},
}

// dataFlags adds the flags of a data configuration but those without a meaning
// for the command.
func dataFlags(flags *flag.FlagSet, without ...string) *overrides[data.Config] {
	o := new(overrides[data.Config])
	for _, f := range dataFields {
		if !slices.Contains(without, f.name) {
			o.add(flags, f.name, f.help, "", f.field)
		}
	}
	o.add(flags, "vocab", "`tokens` in the vocabulary, special ones included", strconv.Itoa(data.DefaultConfig().VocabSize),
		func(c *data.Config) any { return &c.VocabSize })
	return o
}

// studyFlags adds the flags of the settings of a study that are changed most,
// and of its data. Their defaults are the preset's.
func studyFlags(flags *flag.FlagSet) *overrides[lag.Config] {
	o := new(overrides[lag.Config])
	standard, _ := lag.Preset(defaultPreset)
	add := func(name, help string, field func(*lag.Config) any) {
		o.add(flags, name, help, fmt.Sprintf("the preset's, which for %s is %v", defaultPreset, deref(field(&standard))), field)
	}
	for _, f := range dataFields {
		o.add(flags, f.name, f.help, "", func(c *lag.Config) any { return f.field(&c.Data) })
	}
	add("name", "`name` of the study", func(c *lag.Config) any { return &c.Name })
	add("vocab", "`tokens` in the vocabulary", func(c *lag.Config) any { return vocabulary{c} })
	add("from", "`layers` of the source model", func(c *lag.Config) any { return &c.Model.Layers })
	add("to", "`layers` of the grown models", func(c *lag.Config) any { return &c.Growth.To })
	add("hidden", "hidden size in `units`; the feed-forward size is four times that", func(c *lag.Config) any { return hidden{c} })
	add("heads", "attention `heads`", func(c *lag.Config) any { return &c.Model.Heads })
	add("positions", "`kind` of positions: learned, sinusoidal or relative", func(c *lag.Config) any { return (*string)(&c.Model.Positions) })
	add("length", "sequence length in `tokens`", func(c *lag.Config) any { return length{c} })
	add("whole-words", "mask whole words", func(c *lag.Config) any { return &c.Objective.WholeWords })
	add("batch", "batch size in `sequences`", func(c *lag.Config) any { return &c.BatchSize })
	add("validation", "validation set in `batches`", func(c *lag.Config) any { return &c.ValidationBatches })
	add("seed", "seed `number` of weights, batches and masks", func(c *lag.Config) any { return &c.Seed })
	add("pretrain", "pretraining `steps`", func(c *lag.Config) any { return &c.Pretrain.Schedule.Steps })
	add("pretrain-lr", "peak learning `rate` of pretraining", func(c *lag.Config) any { return &c.Pretrain.Schedule.Peak })
	add("steps", "training `steps` after growing", func(c *lag.Config) any { return &c.Growth.Schedule.Steps })
	add("lr", "peak learning `rate` after growing", func(c *lag.Config) any { return &c.Growth.Schedule.Peak })
	add("lag", "`steps` after growing at which LAG picks", func(c *lag.Config) any { return &c.Growth.ProbeSteps })
	add("strategies", "comma-separated `names` of the strategies to try (default all of the pool)",
		func(c *lag.Config) any { return &c.Growth.Strategies })
	return o
}

// Settings that are in several places of the configuration.
type (
	vocabulary struct{ *lag.Config }
	hidden     struct{ *lag.Config }
	length     struct{ *lag.Config }
)

// set parses text into the field that target points to.
func set(target any, text string) (err error) {
	switch t := target.(type) {
	case *string:
		*t = text
	case *tokenizer.Kind:
		*t = tokenizer.Kind(text)
	case *bool:
		*t, err = strconv.ParseBool(text)
	case *int:
		*t, err = strconv.Atoi(text)
	case *int64:
		*t, err = strconv.ParseInt(text, 10, 64)
	case *float64:
		*t, err = strconv.ParseFloat(text, 64)
	case *[]string:
		*t = nil
		for _, name := range strings.Split(text, ",") {
			*t = append(*t, strings.TrimSpace(name))
		}
	case func(int):
		var n int
		if n, err = strconv.Atoi(text); err == nil {
			t(n)
		}
	case func(string) error:
		err = t(text)
	case vocabulary:
		err = set(&t.Data.VocabSize, text)
		t.Model.VocabSize = t.Data.VocabSize
	case hidden:
		err = set(&t.Model.HiddenSize, text)
		t.Model.IntermediateSize = 4 * t.Model.HiddenSize
	case length:
		err = set(&t.Objective.SequenceLength, text)
		t.Model.MaxPositions = t.Objective.SequenceLength
	default:
		panic(fmt.Sprintf("no way to set a %T", target))
	}
	return err
}

func deref(target any) any {
	switch t := target.(type) {
	case *string:
		return *t
	case *int:
		return *t
	case *int64:
		return *t
	case *bool:
		return *t
	case *float64:
		return *t
	case *[]string:
		return "all"
	case vocabulary:
		return t.Data.VocabSize
	case hidden:
		return t.Model.HiddenSize
	case length:
		return t.Objective.SequenceLength
	}
	panic(fmt.Sprintf("no value of a %T", target))
}
