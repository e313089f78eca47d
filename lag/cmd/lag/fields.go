package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// overrides are the changes to a configuration that a command line requests.
type overrides[T any] []func(*T) error

func (o overrides[T]) apply(config *T) error {
	for _, change := range o {
		if err := change(config); err != nil {
			return err
		}
	}
	return nil
}

// add adds a flag that sets a field. standard is the default shown in the help.
func (o *overrides[T]) add(flags *flag.FlagSet, name, help, standard string, field func(*T) any) {
	change := func(text string) error {
		if _, ok := field(new(T)).(func(string) error); !ok { // a function needs the configuration that it changes, so it cannot check text here
			if err := set(field(new(T)), text); err != nil {
				return err
			}
		}
		*o = append(*o, func(c *T) error { return set(field(c), text) })
		return nil
	}
	if standard != "" && standard != presets { // which the help says once for all flags
		help = fmt.Sprintf("%s (default %s)", help, standard)
	}
	if _, ok := field(new(T)).(*bool); ok {
		flags.BoolFunc(name, help, change)
		return
	}
	flags.Func(name, help, change)
}

// dataFields are the data settings that have a flag.
var dataFields = []struct {
	name, help string
	field      func(*data.Config) any
}{
	{"corpus", "`source` of the text: \"go\" for the prose of the Go installation; paths and globs (in quotes) of text, .jsonl or .parquet files, also .gz and .zst, separated by commas; hf:owner/name for a dataset of the Hugging Face Hub",
		func(c *data.Config) any { return &c.Corpus.Source }},
	{"field", "`name` of the field of JSON lines, or of the column of Parquet, that contains the text (default \"text\")", func(c *data.Config) any { return &c.Corpus.Field }},
	{"subset", "`name` of the configuration of a Hugging Face dataset", func(c *data.Config) any { return &c.Corpus.Config }},
	{"split", "`name` of the split of a Hugging Face dataset (default \"train\")", func(c *data.Config) any { return &c.Corpus.Split }},
	{"revision", "`branch`, tag or commit of a Hugging Face dataset (default \"main\")", func(c *data.Config) any { return &c.Corpus.Revision }},
	{"license", "`licence` of the text, stored with the tokens", func(c *data.Config) any { return &c.Corpus.License }},
	{"normalize", "Unicode normalization `form` to apply to the text first: NFC or NFKC (default none)", func(c *data.Config) any { return &c.Corpus.Clean.Normalization }},
	{"collapse-space", "replace each run of white space by one space or line end", func(c *data.Config) any { return &c.Corpus.Clean.CollapseSpace }},
	{"min-characters", "drop documents with fewer `characters`", func(c *data.Config) any { return &c.Corpus.Clean.MinCharacters }},
	{"drop-duplicates", "drop documents whose text occurred before", func(c *data.Config) any { return &c.Corpus.Clean.DropDuplicates }},
	{"tokenizer", "`file` of a vocabulary to use: tokenizer.json, vocab.txt or .model (default: train one)", func(c *data.Config) any { return &c.TokenizerFile }},
	{"kind", "`kind` of vocabulary to train: wordpiece, bpe or unigram (default wordpiece)", func(c *data.Config) any { return &c.Kind }},
	{"sentinels", "least `number` of T5's sentinels <extra_id_n> in the vocabulary", func(c *data.Config) any { return &c.Sentinels }},
	{"modes", "include UL2's mode tokens [NLU], [NLG] and [S2S] in the vocabulary", func(c *data.Config) any { return &c.Modes }},
	{"min-frequency", "least `occurrences` of a pair that becomes a token (wordpiece and bpe only; default 2)", func(c *data.Config) any { return &c.MinFrequency }},
	{"alphabet", "most different `characters` in the vocabulary (wordpiece only; default an eighth of its size, 40 to 1000)", func(c *data.Config) any { return &c.LimitAlphabet }},
	{"byte-fallback", "encode characters that are not in the vocabulary as bytes (unigram only)", func(c *data.Config) any { return &c.ByteFallback }},
	{"coverage", "`share` of the text's characters that the vocabulary covers (unigram only; default 0.9995)", func(c *data.Config) any { return &c.Coverage }},
	{"validation-fraction", "`share` of the documents used for validation (default 0.05)", func(c *data.Config) any { return &c.ValidationFraction }},
	{"split-seed", "seed `number` for the choice of validation documents", func(c *data.Config) any { return &c.SplitSeed }},
}

// dataFlags adds the flags of a data configuration, except those without a
// meaning for the command.
func dataFlags(flags *flag.FlagSet, without ...string) *overrides[data.Config] {
	o := new(overrides[data.Config])
	for _, f := range dataFields {
		if !slices.Contains(without, f.name) {
			o.add(flags, f.name, f.help, "", f.field)
		}
	}
	o.add(flags, "vocab", "`tokens` in the vocabulary, including special tokens", strconv.Itoa(data.DefaultConfig().VocabSize),
		func(c *data.Config) any { return &c.VocabSize })
	return o
}

// sizer is a configuration in which some sizes depend on whether it starts from
// an existing model.
type sizer[T any] interface {
	*T
	SetSequenceLength(tokens int)
	SetTokenizer(file string)
}

// taskFlags adds flags for the most common settings of a task and its data.
// Their defaults are the preset's.
func taskFlags[T any, C sizer[T]](flags *flag.FlagSet, o *overrides[T], task func(C) *lag.Task) {
	add := func(name, help string, field func(*lag.Task) any) {
		o.add(flags, name, help, presets, func(c *T) any { return field(task(c)) })
	}
	for _, f := range dataFields {
		field := func(c *T) any { return f.field(&task(c).Data) }
		if f.name == "tokenizer" {
			field = func(c *T) any {
				return func(file string) error { C(c).SetTokenizer(file); return nil }
			}
		}
		o.add(flags, f.name, f.help, "", field)
	}
	ofModel := func(name, help string) {
		add(name, help, func(t *lag.Task) any { return func(value string) error { return t.SetModel(name, value) } })
	}
	ofModel("size", "`name` of a published size for the model, such as mini or base")
	add("vocab", "`tokens` in the vocabulary", func(t *lag.Task) any { return t.SetVocabSize })
	o.add(flags, "length", "sequence length in `tokens`", presets, func(c *T) any { return C(c).SetSequenceLength })
	ofModel("hidden", "hidden size in `units`; the feed-forward size changes in proportion")
	ofModel("heads", "attention `heads`")
	ofModel("positions", "`kind` of a BERT's positions: learned, sinusoidal or relative")
	ofModel("precision", "`dtype` of activations: float32 or bfloat16")
	add("set", "any setting of the model, as `NAME=VALUE`, such as pre_norm=true; a wrong name lists the settings", func(t *lag.Task) any {
		return func(text string) error {
			name, value, ok := strings.Cut(text, "=")
			if !ok {
				return fmt.Errorf("%q is not a setting of a model; write NAME=VALUE", text)
			}
			return t.SetModel(name, value)
		}
	})
	add("whole-words", "whether to mask whole words: `true` or false", func(t *lag.Task) any {
		return func(text string) error {
			whole, err := strconv.ParseBool(text)
			if err != nil {
				return fmt.Errorf("%q is neither true nor false", text)
			}
			return t.SetWholeWords(whole)
		}
	})
	add("batch", "batch size in `sequences`", func(t *lag.Task) any { return &t.BatchSize })
	add("validation", "size of the validation set in `batches`", func(t *lag.Task) any { return &t.ValidationBatches })
	add("seed", "seed `number` for weights, batches, masks and dropout", func(t *lag.Task) any { return &t.Seed })
}

const newVocabularyHelp = "train a new vocabulary though the model of -initial came without its own, so that its embeddings become those of other tokens"

// presets is the default of most flags.
const presets = "the preset's"

// studyFlags adds flags for the most common settings of a study. Each sets a
// field in the study's JSON.
func studyFlags(flags *flag.FlagSet) *overrides[lag.StudyConfig] {
	o := new(overrides[lag.StudyConfig])
	taskFlags(flags, o, func(c *lag.StudyConfig) *lag.Task { return &c.Task })
	add := func(name, help string, field func(*lag.StudyConfig) any) { o.add(flags, name, help, presets, field) }
	add("name", "`name` of the study", func(c *lag.StudyConfig) any { return &c.Name })
	add("from", "`layers` of the source model; for an encoder-decoder two numbers, such as 2,2", func(c *lag.StudyConfig) any {
		return func(text string) error {
			from, err := growth.ParseDepths(text)
			if err == nil {
				c.Model, err = c.Model.WithDepths(from...)
			}
			return err
		}
	})
	o.add(flags, "new-vocabulary", newVocabularyHelp, "", func(c *lag.StudyConfig) any { return &c.Pretrain.NewVocabulary })
	add("to", "`layers` of the grown models; for an encoder-decoder two numbers, such as 4,4", func(c *lag.StudyConfig) any { return &c.Growth.To })
	add("pretrain", "pretraining `steps`", func(c *lag.StudyConfig) any { return &c.Pretrain.Schedule.Steps })
	add("pretrain-lr", "peak learning `rate` of pretraining", func(c *lag.StudyConfig) any { return &c.Pretrain.Schedule.Peak })
	add("pretrain-warmup", "`steps` of learning-rate warm-up of pretraining", func(c *lag.StudyConfig) any { return &c.Pretrain.Schedule.WarmUp })
	add("warmup", "`steps` of learning-rate warm-up after growing", func(c *lag.StudyConfig) any { return &c.Growth.Schedule.WarmUp })
	add("steps", "training `steps` after growing", func(c *lag.StudyConfig) any { return &c.Growth.Schedule.Steps })
	add("lr", "peak learning `rate` after growing", func(c *lag.StudyConfig) any { return &c.Growth.Schedule.Peak })
	add("lag", "`steps` after growing at which LAG picks", func(c *lag.StudyConfig) any { return &c.Growth.Lag })
	add("early-validation", "validation `batches` for the evaluations between step 0 and the lag; 0 for all", func(c *lag.StudyConfig) any { return &c.Growth.EarlyBatches })
	add("final-evaluations", "`number` of last evaluations whose mean is the final loss of a strategy; less noise where the learning rate is constant, biased where it falls; trains nothing again", func(c *lag.StudyConfig) any { return &c.Growth.FinalEvaluations })
	add("seeds", "comma-separated seed `numbers` for the training after growing; each strategy is trained with each", func(c *lag.StudyConfig) any { return &c.Growth.Seeds })
	add("rules", "space-separated selection `rules` to compare, such as \"lag:30 halving:2,15\"; `lag select -h` lists them. The steps that they need are part of a run's configuration: a rule that needs other steps trains all candidates again", func(c *lag.StudyConfig) any {
		return func(text string) error { c.Growth.Rules = strings.Fields(text); return nil }
	})
	add("controls", "comma-separated `names` of trainings from scratch for comparison: scratch, at the cost of the source and one candidate together; scratch-steps, with the steps of a candidate; scratch-probes, at that of the source, LAG's probes and one candidate; with a peak learning rate of its own after an @, as in scratch-probes@0.001,scratch-probes@0.003; empty for none", func(c *lag.StudyConfig) any { return &c.Growth.Controls })
	keepFlag(flags, o, func(c *lag.StudyConfig) *lag.Keep { return &c.Keep })
	poolFlags(flags, o, func(c *lag.StudyConfig) *lag.PoolOptions { return &c.Growth.PoolOptions })
	return o
}

// keepFlag adds the flag for the states that stay on disk.
func keepFlag[T any](flags *flag.FlagSet, o *overrides[T], keep func(*T) *lag.Keep) {
	o.add(flags, "keep", "`states` of runs that have ended to keep on disk: needed, for those that something needs, the picks and the best; or all. The results are the same", string(lag.KeepNeeded), func(c *T) any { return keep(c) })
}

// poolFlags adds the flags that select the strategies.
func poolFlags[T any](flags *flag.FlagSet, o *overrides[T], pool func(*T) *lag.PoolOptions) {
	o.add(flags, "strategies", "comma-separated `names` of the strategies to try", "all of the pool, or with -few those that differ most", func(c *T) any { return &pool(c).Strategies })
	o.add(flags, "wide", "use the wide pool, with more places, initializations and schedules", "", func(c *T) any { return &pool(c).Wide })
	o.add(flags, "all", "use all strategies: the wide pool, one layer for all, attenuated and perturbed duplicates, and interposition and LIDAS where they differ from others", "", func(c *T) any { return &pool(c).All })
	o.add(flags, "few", "use only the strategies of the pool that differ most; -few=false for all", presets, func(c *T) any { return &pool(c).Few })
	o.add(flags, "gate", "training `steps` until the gates of gated strategies are open", presets, func(c *T) any { return &pool(c).GateSteps })
	o.add(flags, "moments", "`policy` for the optimizer's moments: copy, zero-duplicates or reset", presets, func(c *T) any { return &pool(c).Moments })
}

// set parses text into the field that target points to.
func set(target any, text string) (err error) {
	switch t := target.(type) {
	case *string:
		*t = text
	case *tokenizer.Kind:
		*t = tokenizer.Kind(text)
	case *bool:
		if *t, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
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
	case *[]result.Control:
		*t = nil
		for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
			*t = append(*t, result.Control(name))
		}
	case func(int):
		var n int
		if n, err = strconv.Atoi(text); err == nil {
			t(n)
		}
	case func(string) error:
		err = t(text)
	case *growth.Depths:
		*t, err = growth.ParseDepths(text)
	case *growth.Moments:
		*t = growth.Moments(text)
	case *lag.Keep:
		*t = lag.Keep(text)
	case *[]int64:
		*t = nil
		for _, field := range strings.Split(text, ",") {
			var n int64
			if n, err = strconv.ParseInt(strings.TrimSpace(field), 10, 64); err != nil {
				return fmt.Errorf("%w; separate several by commas, as in 1,2", numeric(err))
			}
			*t = append(*t, n)
		}
	default:
		panic(fmt.Sprintf("cannot set a %T", target))
	}
	return numeric(err)
}

// numeric returns the error of strconv without the names of its functions.
func numeric(err error) error {
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is not a valid number: %w", number.Num, number.Err)
	}
	return err
}
