package result

import (
	"math"

	"github.com/landscape-aware/growing/data/plain"
)

// Training is the result of a training.
type Training struct {
	Dir            string  // directory of the run, with checkpoints and tokenizer
	Curve          []Point // validation loss
	Loss           Number  // last validation loss
	ShuffledLoss   Number  // for a masked language model, the loss on the validation set with its context in random order; otherwise NaN
	Steps          int
	DivergedAt     *int    // step at which the loss or the gradient was not finite
	UnigramEntropy float64 // of the corpus, nats per token
}

// PlateauWarning returns a warning if a masked language model has not left the
// unigram plateau, and "" otherwise.
func (t *Training) PlateauWarning() string {
	s := Source{Steps: t.Steps, Loss: t.Loss, ShuffledLoss: t.ShuffledLoss, UnigramEntropy: t.UnigramEntropy}
	if math.IsNaN(float64(t.ShuffledLoss)) || s.LeftPlateau() {
		return ""
	}
	return "The model is still on the unigram plateau: " + s.plateau() + ". Train it longer than its " + plain.Count(t.Steps, "step") + "."
}
