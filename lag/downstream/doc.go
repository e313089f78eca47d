// Package downstream measures the models of a finished study on other tasks than the
// validation loss by which the study compares them. It answers whether the order of the
// strategies by final loss is also that of what models are for. There are three kinds of
// tasks, none of which downloads anything:
//
//   - A text of another domain: the loss of the study's objective on it, and the share of
//     the predicted tokens that the model gets right.
//   - Which passages follow each other: two passages of a held-out document, of which the
//     second follows the first or is from another document.
//   - GLUE and SuperGLUE, from files that somebody has (package glue).
//
// The last two are linear probes: the model is frozen, its last hidden states are
// averaged over each passage, and a linear classifier (package linear) is fitted to
// these features. For a pair with the means u and v the features are u, v, |u - v| and
// u·v for each component (Conneau et al. 2017, Supervised Learning of Universal Sentence
// Representations, arXiv 1705.02364, section 3.1). A probe is not fine-tuning: scores are
// below published ones, and compare the models of one study.
//
// What is measured is kept in [result.Downstream], by the run of the model and by all
// that determines the task, and is not measured again.
package downstream
