package result

import (
	"fmt"
	"math"
)

// Training is what a training came to.
type Training struct {
	Dir            string  // of the run, with checkpoint and vocabulary
	Curve          []Point // validation loss
	Loss           Number  // of the last validation
	ShuffledLoss   Number  // of a masked language model, on the validation set with its context in random order; NaN of others
	Steps          int
	DivergedAt     *int    // the step whose loss or gradient was not finite
	UnigramEntropy float64 // of the corpus, nats a token
}

// PlateauWarning says, where it is so, that a masked language model has not
// left the unigram plateau, and "" otherwise.
func (t *Training) PlateauWarning() string {
	s := Source{Steps: t.Steps, Loss: t.Loss, ShuffledLoss: t.ShuffledLoss, UnigramEntropy: t.UnigramEntropy}
	if math.IsNaN(float64(t.ShuffledLoss)) || s.LeftPlateau() {
		return ""
	}
	return "The model is still on the unigram plateau: " + s.plateau() + ". Train it longer than its " + fmt.Sprint(t.Steps) + " steps."
}
