package objective_test

import (
	"encoding/json"
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// tokens is a store in memory.
type tokens []int32

func (t tokens) Len() int64 { return int64(len(t)) }

func (t tokens) Read(dst []int32, offset int64) error {
	copy(dst, t[offset:])
	return nil
}

func ExampleNewMLMSampler() {
	store := tokens{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26}
	vocabulary := objective.Vocabulary{Size: 30, Cls: 2, Sep: 3, Mask: 4, Specials: []int32{0, 1, 2, 3, 4}}
	sampler, err := objective.NewMLMSampler(objective.DefaultMLM(8), store, vocabulary, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := sampler.Batch(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row := range batch.Size {
		fmt.Println(batch.Tokens[row*batch.Length : (row+1)*batch.Length])
	}
	fmt.Println("positions", batch.Positions, "labels", batch.Labels)
	// Output:
	// [2 10 11 16 13 14 15 3]
	// [2 16 17 18 18 20 21 3]
	// positions [3 4] labels [12 19]
}

// The text 12 to 29 is divided at random into spans that stay and spans that
// are hidden. Sentinels are 99, 98, ..., EOS is 1, padding is 0.
func ExampleNewEncoderDecoderSampler() {
	store := make(tokens, 60)
	for i := range store {
		store[i] = int32(10 + i)
	}
	vocabulary := objective.Vocabulary{Size: 100, Pad: 0, EOS: 1, Sentinels: []int32{99, 98, 97, 96, 95}}
	o := objective.Objective{
		Form:     objective.EncoderDecoder,
		Settings: objective.SpanCorruption{SequenceLength: 16, MeanSpan: 2, Density: 0.3, Roll: objective.RollNone},
	}
	sampler, err := objective.NewEncoderDecoderSampler(o, store, vocabulary, 1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := sampler.Batch(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("inputs  ", batch.Inputs)
	fmt.Println("decoder ", batch.DecoderInputs)
	fmt.Println("targets ", batch.Targets)
	// Output:
	// inputs   [12 13 14 15 16 17 18 19 99 21 22 23 24 25 98 1]
	// decoder  [0 99 20 98 26 27 28 29]
	// targets  [99 20 98 26 27 28 29 1]
}

func ExampleUL2_Table() {
	table, err := objective.DefaultUL2(512).Table(objective.EncoderDecoder)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table)
	// Output:
	// #  mode  mean span  density   rate  text  hidden  spans  rolled  inputs  targets  sentinels
	//   0     R          3     0.15  14.3%   567      85     28      no     512      114         28
	//   1     R          8     0.15  14.3%   587      88     11      no     512      100         11
	//   2     X          3      0.5  14.3%   765     382    127      no     512      510        127
	//   3     X          8      0.5  14.3%   906     453     57      no     512      511         57
	//   4     X         64     0.15  14.3%   598      90      1     yes     512       93          2
	//   5     X         64      0.5  14.3%  1004     502      8      no     512      511          8
	//   6     S          -      0.5  14.3%   511   1-510      1      no     512      511          0
}

func ExampleObjective() {
	var o objective.Objective
	err := json.Unmarshal([]byte(`{"kind": "prefix-lm", "form": "decoder-only", "sequence_length": 128, "density": 0.5}`), &o)
	fmt.Printf("%+v %v\n", o, err)

	err = json.Unmarshal([]byte(`{"kind": "prefix-lm", "form": "decoder-only", "length": 128, "density": 0.5}`), &o)
	fmt.Println(err)

	o, _ = objective.Default(objective.KindUL2, objective.EncoderDecoder, 512)
	fmt.Println(o.Validate(objective.Vocabulary{Size: 1000, EOS: 1, Modes: objective.Modes{NLU: 2, NLG: 3, S2S: 4}}))
	// Output:
	// {Form:decoder-only Settings:{SequenceLength:128 Density:0.5}} <nil>
	// objective: prefix-lm: unknown field "length"
	// objective: UL2 needs 127 sentinel tokens (<extra_id_n>), and the vocabulary has 0: train the tokenizer with 127 sentinels or more, shorten the sequences, or lengthen the spans
}
