// Package objective turns stored tokens into training batches.
//
// [MLM] is BERT's masked language model on packed sequences: [CLS], as many
// consecutive tokens of the store as fit, [SEP]. Documents are not kept apart
// beyond the [SEP] that ends each in the store.
//
// A batch is a pure function of the store, the objective, the vocabulary, the
// batch size, the seed and the step. It does not depend on what was asked for
// before, so that training resumes at any step, and candidates of a study see
// the same batches.
package objective
