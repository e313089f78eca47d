package objective

import (
	"fmt"
	"math"
	"slices"
)

// MLM is BERT's masked language model objective (Devlin et al. 2019, section
// 3.1, task 1) with new random masks for every batch.
//
// In a sequence of L tokens, including [CLS] and [SEP],
//
//	min(MaxPredictions, max(1, round(MaskProbability L)))
//
// tokens are predicted, rounding half to even in float64. Special tokens are
// never chosen. Of the chosen tokens 80% are replaced by [MASK] and 10% by a
// random token that is not special; 10% stay as they are.
//
// A sequence is [CLS], L-2 consecutive tokens of the store, [SEP], across
// document boundaries. With Pairs it is [CLS] A [SEP] B [SEP] and padding.
type MLM struct {
	SequenceLength  int     `json:"sequence_length"`  // L, in tokens, including [CLS] and [SEP]
	MaskProbability float64 `json:"mask_probability"` // share of predicted tokens
	MaxPredictions  int     `json:"max_predictions"`  // most predictions in a sequence; 0 means no limit

	// WholeWords chooses whole words, as do_whole_word_mask does in Google
	// BERT's create_pretraining_data.py. A word is a token and the tokens that
	// continue it. Words are chosen in random order; a word that would exceed
	// the number of predictions is skipped, so a row may have fewer
	// predictions. Each token of a chosen word is replaced or kept
	// independently (80%, 10%, 10%).
	WholeWords bool `json:"whole_words,omitempty"`

	Pairs *SentencePairs `json:"pairs,omitempty"` // nil for packed sequences
}

// DefaultMLM returns BERT's settings for sequences of the given length: it
// predicts 15% of the tokens, without a limit.
func DefaultMLM(sequenceLength int) MLM {
	return MLM{SequenceLength: sequenceLength, MaskProbability: 0.15}
}

// Kind returns [KindMLM].
func (m MLM) Kind() Kind { return KindMLM }

func (m MLM) length() int { return m.SequenceLength }

func (m MLM) withLength(tokens int) Settings { m.SequenceLength = tokens; return m }

// Validate reports the first error in the settings.
func (m MLM) Validate() error {
	switch {
	case m.SequenceLength < 3:
		return fmt.Errorf("objective: sequence length %d is too short: [CLS] and [SEP] take two tokens", m.SequenceLength)
	case !(m.MaskProbability > 0 && m.MaskProbability < 1):
		return fmt.Errorf("objective: mask probability %v must lie between 0 and 1", m.MaskProbability)
	case m.MaxPredictions < 0:
		return fmt.Errorf("objective: the limit of %d predictions a sequence is negative; give 0 for no limit", m.MaxPredictions)
	}
	if m.Pairs != nil {
		return m.Pairs.validate(m.SequenceLength)
	}
	return nil
}

// validate also checks the form and the vocabulary.
func (m MLM) validate(form Form, v Vocabulary) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if form != Encoder {
		return fmt.Errorf("objective: a masked language model attends to both sides of a masked token, but a model of form %q does not: its form is %q; for that form use %q or %q",
			form, Encoder, KindUL2, KindPrefixLM)
	}
	tokens := []named{{"[CLS]", v.Cls}, {"[SEP]", v.Sep}, {"[MASK]", v.Mask}}
	if m.Pairs != nil {
		tokens = append(tokens, named{"padding", v.Pad})
	}
	if err := v.need("a masked language model", tokens...); err != nil {
		return err
	}
	if m.WholeWords && v.Continues == nil {
		return fmt.Errorf("objective: whole-word masking needs a vocabulary that marks tokens which continue a word, such as WordPiece: use one, or mask tokens")
	}
	return nil
}

// Predictions returns the number of predicted tokens in a sequence of the given
// length, including [CLS] and [SEP].
func (m MLM) Predictions(length int) int {
	n := max(1, int(math.RoundToEven(m.MaskProbability*float64(length))))
	if m.MaxPredictions > 0 {
		n = min(n, m.MaxPredictions)
	}
	return max(0, min(n, length-2))
}

// NewMLMSampler returns a sampler of batches of batchSize sequences. For
// sentence pairs the store must implement [Documents].
func NewMLMSampler(mlm MLM, store Tokens, vocab Vocabulary, batchSize int, seed int64) (*Sampler[MLMBatch], error) {
	if err := mlm.validate(Encoder, vocab); err != nil {
		return nil, err
	}
	rows := &mlmRows{MLM: mlm, vocab: vocab, store: store, special: vocab.set(slices.Concat(vocab.Specials, []int32{vocab.Cls, vocab.Sep, vocab.Mask})...)}
	for id, special := range rows.special {
		if !special {
			rows.ordinary = append(rows.ordinary, int32(id))
		}
	}
	if len(rows.ordinary) == 0 {
		return nil, errNoOrdinary
	}
	if mlm.WholeWords {
		rows.continues = make([]bool, vocab.Size)
		for id := range rows.continues {
			rows.continues[id] = vocab.Continues(int32(id))
		}
	}
	if mlm.Pairs != nil {
		documents, err := newDocuments(store, vocab)
		if err != nil {
			return nil, err
		}
		rows.documents = documents
	}
	return newSampler(rows, store, batchSize, seed)
}
