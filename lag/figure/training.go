package figure

import "github.com/landscape-aware/growing/lag/result"

// TrainingCurve draws the validation loss of a training, with the unigram
// entropy of the corpus, as [PretrainCurve] does of a study's source model.
func TrainingCurve(name string, t *result.Training) Figure {
	return lossCurve(Figure{Name: "training-curve", Title: "Training of " + name}, t.Curve, t.UnigramEntropy, "the model", "training step")
}
