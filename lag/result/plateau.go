package result

import (
	"fmt"
	"math"
	"strings"

	"github.com/landscape-aware/growing/lag/advice"
)

const plateauMargin = 0.3 // nats, see [Source.LeftPlateau]

// LeftPlateau reports whether the source model has learned more than which tokens
// are frequent. A masked language model first learns the frequencies, then
// those of the document at hand, and stays there until attention to positions
// forms; growing such a model and probing it measures nothing. A model has left
// when its loss is at least 0.3 nats below the unigram entropy, and below its
// own loss on the same sequences with their context in random order, which
// separates a model that reads from one that counts. A model without such a
// loss, such as a UL2, is judged by the first alone.
func (s Source) LeftPlateau() bool {
	return len(s.above()) == 0
}

func (s Source) plateauWarning(words advice.Words) string {
	return fmt.Sprintf("The source model is still on the unigram plateau: %s, so it has learned little more than "+
		"how frequent tokens are, and what grows from it says little about growing. Pretrain it longer than its %d steps (%s).", s.plateau(), s.Steps, words.For(advice.PretrainSteps))
}

// plateau says which of the conditions of [Source.LeftPlateau] do not hold.
func (s Source) plateau() string {
	return fmt.Sprintf("its loss of %.3f nats is not %.1f below %s", float64(s.Loss), plateauMargin, strings.Join(s.above(), " and "))
}

// above names the levels that the loss is not far enough below.
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
