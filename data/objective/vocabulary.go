package objective

import (
	"errors"
	"fmt"
)

// None stands for a token that a vocabulary does not have.
const None int32 = -1

// Vocabulary is what objectives need to know of a tokenizer. A special token
// that it lacks is [None].
type Vocabulary struct {
	Size int // number of ids

	Pad            int32   // fills what is beyond a sequence's end; also starts the decoder, as in T5
	Cls, Sep, Mask int32   // BERT's [CLS], [SEP] and [MASK]
	EOS            int32   // ends inputs and targets of T5 and UL2
	Specials       []int32 // ids of all special tokens, which are neither predicted by an MLM nor drawn by it
	Sentinels      []int32 // ids of <extra_id_0>, <extra_id_1>, ...; the first stands for the first span
	Modes          Modes   // UL2's mode tokens

	// Continues tells whether a token continues the word of the one before it,
	// as WordPiece's "##" pieces do. Nil where words cannot be told from tokens.
	Continues func(id int32) bool
}

// Modes holds UL2's mode tokens, [None] where there is none. The paper (Tay et al.
// 2022) writes them [R], [X] and [S]; the names are those of the released models.
type Modes struct {
	NLU int32 // [NLU] introduces an R denoiser
	NLG int32 // [NLG] introduces an X denoiser
	S2S int32 // [S2S] introduces an S denoiser
}

// of returns the token that introduces a denoiser of the mode.
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

// named is a special token and what it is called.
type named struct {
	name string
	id   int32
}

// need reports which of the special tokens an objective cannot do without are
// missing, outside the vocabulary or the same as another.
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

// needSentinels checks that there are n different sentinels, and that none of
// them is another of the given tokens.
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

// set returns which ids are among the given ones.
func (v Vocabulary) set(ids ...int32) []bool {
	set := make([]bool, v.Size)
	for _, id := range ids {
		if id >= 0 && int(id) < v.Size {
			set[id] = true
		}
	}
	return set
}

// ends tells whether a token ends a document of the store.
func (v Vocabulary) ends(id int32) bool {
	return id >= 0 && (id == v.Sep || id == v.EOS)
}

// errForeign says that a token of the window that begins at the given place
// cannot be.
func (v Vocabulary) errForeign(at int64, id int32) error {
	return fmt.Errorf("objective: near token %d of the store there is %d, outside the vocabulary of %d: the store is damaged or was made with another vocabulary", at, id, v.Size)
}

var errNoOrdinary = errors.New("objective: the vocabulary has no tokens but special ones")
