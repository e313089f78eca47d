package objective

import (
	"errors"
	"fmt"
	"math"
)

// MLM is BERT's masked language model objective (Devlin et al. 2019, section
// 3.1, task 1) with masks drawn anew for every batch.
//
// Of a sequence of L tokens, [CLS] and [SEP] counted,
//
//	min(MaxPredictions, max(1, round(MaskProbability L)))
//
// are to be predicted, rounding half to even in float64. Special tokens are
// never among them. Of those chosen 80% are replaced by [MASK], 10% by a random
// token that is not special, 10% stay as they are.
type MLM struct {
	SequenceLength  int     `json:"sequence_length"`  // L, tokens of a sequence with [CLS] and [SEP]
	MaskProbability float64 `json:"mask_probability"` // share of the sequence that is predicted
	MaxPredictions  int     `json:"max_predictions"`  // most predictions a sequence; 0 means no limit
}

// DefaultMLM returns BERT's settings for sequences of the given length: 15% of
// the tokens are predicted, without a limit.
func DefaultMLM(sequenceLength int) MLM {
	return MLM{SequenceLength: sequenceLength, MaskProbability: 0.15}
}

// Validate reports what is wrong with the objective.
func (m MLM) Validate() error {
	switch {
	case m.SequenceLength < 3:
		return fmt.Errorf("objective: sequence length %d is too short: [CLS] and [SEP] take two tokens", m.SequenceLength)
	case !(m.MaskProbability > 0 && m.MaskProbability < 1):
		return fmt.Errorf("objective: mask probability %v must lie between 0 and 1", m.MaskProbability)
	case m.MaxPredictions < 0:
		return fmt.Errorf("objective: at most %d predictions a sequence; give 0 for no limit", m.MaxPredictions)
	}
	return nil
}

// Predictions returns how many tokens of a sequence of the given length, [CLS]
// and [SEP] counted, are to be predicted.
func (m MLM) Predictions(length int) int {
	n := max(1, int(math.RoundToEven(m.MaskProbability*float64(length))))
	if m.MaxPredictions > 0 {
		n = min(n, m.MaxPredictions)
	}
	return max(0, min(n, length-2))
}

// Vocabulary is what the objective needs to know of a tokenizer.
type Vocabulary struct {
	Size           int     // number of ids
	Cls, Sep, Mask int32   // ids of [CLS], [SEP] and [MASK]
	Specials       []int32 // ids of all special tokens, which are neither predicted nor drawn
}

// validate reports what is wrong with the vocabulary.
func (v Vocabulary) validate() error {
	for _, id := range append([]int32{v.Cls, v.Sep, v.Mask}, v.Specials...) {
		if id < 0 || int(id) >= v.Size {
			return fmt.Errorf("objective: special token %d is outside the vocabulary of %d", id, v.Size)
		}
	}
	if v.Cls == v.Sep || v.Cls == v.Mask || v.Sep == v.Mask {
		return errors.New("objective: [CLS], [SEP] and [MASK] must be three different tokens")
	}
	return nil
}

// Batch is a batch of B sequences of L tokens with P predictions each. All
// slices are row-major.
type Batch struct {
	Size        int // B
	Length      int // L
	Predictions int // P, the predictions of a full row

	Tokens    []int32   // [B, L] input ids, masked
	Positions []int32   // [B, P] positions in the row that are predicted, ascending
	Labels    []int32   // [B, P] ids that stood there
	Weights   []float32 // [B, P] 1, or 0 where a row has fewer predictions; position and label are then 0
}
