package objective

import (
	"errors"
	"fmt"
)

// None is the id of a token that a vocabulary does not have.
const None int32 = -1

// Vocabulary holds the properties of a tokenizer that objectives need. A
// missing special token is [None].
type Vocabulary struct {
	Size int // number of ids

	Pad            int32   // padding after the end of a sequence; also starts the decoder, as in T5
	Cls, Sep, Mask int32   // BERT's [CLS], [SEP] and [MASK]
	EOS            int32   // ends inputs and targets of T5 and UL2
	Specials       []int32 // ids of all special tokens; an MLM neither predicts nor draws them
	Sentinels      []int32 // ids of <extra_id_0>, <extra_id_1>, ...
	Modes          Modes   // UL2's mode tokens

	// Continues reports whether a token continues the word of the previous
	// token, as WordPiece's "##" pieces do. It is nil for vocabularies that do
	// not mark words.
	Continues func(id int32) bool
}

// Modes holds the ids of UL2's mode tokens, or [None]. The paper (Tay et al.
// 2022) writes [R], [X] and [S]; the names here are those of the released
// models.
type Modes struct {
	NLU int32 // [NLU] introduces an R denoiser
	NLG int32 // [NLG] introduces an X denoiser
	S2S int32 // [S2S] introduces an S denoiser
}

// of returns the token of a mode.
func (m Modes) of(mode Mode) int32 {
	switch mode {
	case Regular:
		return m.NLU
	case Extreme:
		return m.NLG
	default:
		return m.S2S
	}
}

// named is a special token and its name.
type named struct {
	name string
	id   int32
}

// need returns an error if a special token of the objective is missing, outside
// the vocabulary or equal to another one.
func (v Vocabulary) need(objective string, tokens ...named) error {
	by := make(map[int32]string, len(tokens))
	for _, t := range tokens {
		if t.id == None {
			return fmt.Errorf("objective: the vocabulary has no %s token, and %s needs one: use a tokenizer that has it", t.name, objective)
		}
		if t.id < 0 || int(t.id) >= v.Size {
			return fmt.Errorf("objective: special token %s is %d, outside the vocabulary of %d", t.name, t.id, v.Size)
		}
		if other, ok := by[t.id]; ok {
			return fmt.Errorf("objective: %s and %s must be different tokens, and both are %d", other, t.name, t.id)
		}
		by[t.id] = t.name
	}
	for _, id := range v.Specials {
		if id < 0 || int(id) >= v.Size {
			return fmt.Errorf("objective: special token %d is outside the vocabulary of %d", id, v.Size)
		}
	}
	return nil
}

// needSentinels returns an error unless there are n sentinels that differ from
// each other and from the given tokens.
func (v Vocabulary) needSentinels(objective string, n int, others ...named) error {
	if len(v.Sentinels) < n {
		return fmt.Errorf("objective: %s needs %d sentinel tokens (<extra_id_n>), and the vocabulary has %d: train the tokenizer with %d sentinels or more, shorten the sequences, or lengthen the spans",
			objective, n, len(v.Sentinels), n)
	}
	for i, id := range v.Sentinels[:n] {
		others = append(others, named{fmt.Sprintf("<extra_id_%d>", i), id})
	}
	return v.need(objective, others...)
}

// set returns a slice, indexed by id, that is true for the given ids.
func (v Vocabulary) set(ids ...int32) []bool {
	set := make([]bool, v.Size)
	for _, id := range ids {
		if id >= 0 && int(id) < v.Size {
			set[id] = true
		}
	}
	return set
}

// ends reports whether a token ends a document of the store.
func (v Vocabulary) ends(id int32) bool {
	return id >= 0 && (id == v.Sep || id == v.EOS)
}

// errForeign returns the error for an invalid token in the window that begins
// at the given place.
func (v Vocabulary) errForeign(at int64, id int32) error {
	return fmt.Errorf("objective: near token %d of the store there is %d, outside the vocabulary of %d: the store is damaged or was made with another vocabulary", at, id, v.Size)
}

var errNoOrdinary = errors.New("objective: the vocabulary has only special tokens")
