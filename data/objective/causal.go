package objective

import (
	"fmt"
	"math/rand/v2"
)

// CausalLM predicts every token from the tokens before it.
//
// A window has L+1 tokens of the store. The model reads the first L, and each
// predicts its successor. All weights are 1 and there is no padding. Windows
// cross documents. The special token at the end of a document ([SEP] or EOS) is
// predicted like any other.
type CausalLM struct {
	SequenceLength int `json:"sequence_length"` // L, in tokens

	// SeparateDocuments numbers the documents of each row in Segments, so that
	// the model can keep attention within a document. The first token of a
	// document is then not predicted, because the previous document does not
	// determine it.
	SeparateDocuments bool `json:"separate_documents"`
}

// DefaultCausalLM returns a causal LM whose attention crosses documents.
func DefaultCausalLM(sequenceLength int) CausalLM { return CausalLM{SequenceLength: sequenceLength} }

// Kind returns [KindCausalLM].
func (c CausalLM) Kind() Kind { return KindCausalLM }

func (c CausalLM) length() int { return c.SequenceLength }

func (c CausalLM) withLength(tokens int) Settings { c.SequenceLength = tokens; return c }

func (c CausalLM) validate(form Form, v Vocabulary) error {
	if form != DecoderOnly {
		return fmt.Errorf("objective: a causal LM has no inputs separate from its targets, which form %q needs: its form is %q; for %q use %q", form, DecoderOnly, form, KindPrefixLM)
	}
	if c.SequenceLength < 1 {
		return fmt.Errorf("objective: sequence length %d must be 1 or more", c.SequenceLength)
	}
	if v.Size < 1 {
		return errNoOrdinary
	}
	if c.SeparateDocuments && v.Sep < 0 && v.EOS < 0 {
		return fmt.Errorf("objective: the vocabulary has neither [SEP] nor EOS to end a document: use a tokenizer that has one, or do not separate documents")
	}
	return nil
}

// causalRows makes the rows of a [CausalLM]'s batches.
type causalRows struct {
	CausalLM
	store Tokens
	vocab Vocabulary
}

func (c *causalRows) window() int64 { return int64(c.SequenceLength) + 1 }

func (c *causalRows) newScratch() *scratch { return &scratch{raw: make([]int32, c.SequenceLength+1)} }

func (c *causalRows) newBatch(size int) *DecoderBatch {
	b := newDecoderBatch(size, c.SequenceLength)
	if c.SeparateDocuments {
		b.Segments = make([]int32, size*c.SequenceLength)
	}
	return b
}

func (c *causalRows) fill(b *DecoderBatch, row int, at int64, _ *rand.Rand, s *scratch) error {
	if err := c.store.Read(s.raw, at); err != nil {
		return fmt.Errorf("objective: reading a window: %w", err)
	}
	for _, id := range s.raw {
		if id < 0 || int(id) >= c.vocab.Size {
			return c.vocab.errForeign(at, id)
		}
	}
	lo, hi := row*b.Length, (row+1)*b.Length
	copy(b.Tokens[lo:hi], s.raw)
	copy(b.Targets[lo:hi], s.raw[1:])
	segment := int32(0)
	for i := lo; i < hi; i++ {
		b.Weights[i] = 1
		if !c.SeparateDocuments {
			continue
		}
		b.Segments[i] = segment
		if c.vocab.ends(b.Tokens[i]) {
			b.Weights[i] = 0
			segment++
		}
	}
	b.Lengths[row] = int32(b.Length)
	return nil
}
