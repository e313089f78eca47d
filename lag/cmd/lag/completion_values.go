package main

import (
	"strings"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// A known flag is one whose values, or parts of them, can be listed. Flags of one
// name take the same in all commands, but for presets.
type known struct {
	values     func(path string) []string
	separators string // between the parts of a value; "" if it has one
	orFile     bool   // also a file
}

func texts[S ~string](list ...S) []string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func always[S ~string](list ...S) func(string) []string {
	return func(string) []string { return texts(list...) }
}

var knownValues = map[string]known{
	"preset":      {values: presetsOf},
	"strategies":  {values: strategyNames, separators: ","},
	"map":         {values: strategyNames},
	"decoder-map": {values: strategyNames},
	"rules":       {values: ruleNames, separators: " "},
	"rule":        {values: ruleNames, separators: " "},
	"select":      {values: ruleNames},
	"controls":    {values: always(result.Controls()...), separators: ","},
	"backend":     {values: always(backend.Auto, backend.Go, backend.CPU, backend.CUDA, backend.TPU), orFile: true},
	"kind":        {values: always(tokenizer.WordPiece, tokenizer.BPE, tokenizer.Unigram)},
	"objective":   {values: always(append(objective.Kinds(), midasObjective)...)},
	"form":        {values: always(objective.Encoder, objective.EncoderDecoder, objective.DecoderOnly)},
	"positions":   {values: always("learned", "sinusoidal", "relative")},
	"precision":   {values: always("float32", "bfloat16")},
	"moments":     {values: always(growth.MomentsCopy, growth.MomentsZeroDuplicates, growth.MomentsReset)},
	"init":        {values: always(growth.Copy, growth.Zero)},
	"normalize":   {values: always("NFC", "NFKC")},
	"whole-words": {values: always("true", "false")},
	"keep":        {values: always(lag.Keeps()...)},
	"on":          {values: always(cluster.Names()...)},
	"corpus":      {values: always("go", "hf:"), orFile: true},
}

// presetsOf returns the names of a command's presets.
func presetsOf(path string) []string {
	switch path {
	case "lag stack":
		return lag.StackingPresets()
	case "lag train":
		return lag.TrainingPresets()
	}
	return lag.Presets()
}

// strategyNames returns the names of all strategies from 4 to 8 layers. Among them
// is nearly every name.
func strategyNames(string) []string {
	pool, err := growth.NewPool(4, 8, &growth.Options{All: true})
	if err != nil {
		return nil
	}
	return pool.Names()
}

// ruleNames returns the names of rules, with a colon where numbers follow.
func ruleNames(string) []string {
	var names []string
	for _, k := range selection.Kinds() {
		name := k.Name()
		if strings.Contains(k.Form, ":") {
			name += ":"
		}
		names = append(names, name)
	}
	return names
}
