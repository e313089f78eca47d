package result

import (
	"fmt"
	"math"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
)

const plateauMargin = 0.3 // nats, see [Source.LeftPlateau]

// LeftPlateau reports whether the source model has learned more than the
// frequencies of tokens. A masked language model first learns the frequencies
// in the corpus and then those in the document. It stays on that plateau until
// it learns attention to positions; growing such a model measures nothing. A
// model has left the plateau if its loss is at least 0.3 nats below the unigram
// entropy, and at least 0.3 nats below its loss on the same sequences with
// their context in random order. The second condition separates a model that
// reads from one that counts. If that loss is not known, as for a UL2, only the
// first condition applies.
func (s Source) LeftPlateau() bool {
	return len(s.above()) == 0
}

func (s Source) plateauWarning(words advice.Words) string {
	mend := fmt.Sprintf("Pretrain it longer than its %s", plain.Count(s.Steps, "step"))
	if s.Steps == 0 { // a given model
		mend = "It was given and not pretrained here; train it on this text first"
	}
	return fmt.Sprintf("The source model is still on the unigram plateau: %s, so it has learned little more than "+
		"how frequent tokens are, and what grows from it says little about growing. %s (%s).", s.plateau(), mend, words.For(advice.PretrainSteps))
}

// plateau describes the conditions of [Source.LeftPlateau] that do not hold.
func (s Source) plateau() string {
	return fmt.Sprintf("its loss of %.3f nats is not %.1f below %s", float64(s.Loss), plateauMargin, strings.Join(s.above(), " and "))
}

// above returns the levels from which the loss is not far enough below.
func (s Source) above() (levels []string) {
	loss, shuffled := float64(s.Loss), float64(s.ShuffledLoss)
	if !(loss <= s.UnigramEntropy-plateauMargin) {
		levels = append(levels, fmt.Sprintf("the unigram entropy of %.3f", s.UnigramEntropy))
	}
	if !math.IsNaN(shuffled) && !(loss <= shuffled-plateauMargin) {
		levels = append(levels, fmt.Sprintf("its loss of %.3f on shuffled context", shuffled))
	}
	return levels
}
