// Package merges learns which pairs of adjacent tokens to merge, from words and how
// often they occur: byte pair encoding (Sennrich et al. 2016, "Neural Machine
// Translation of Rare Words with Subword Units", section 3.2). Both byte-level BPE
// and WordPiece vocabularies are trained with it.
//
// [Words] holds words as sequences of the ids of single characters or bytes.
// [Learn] merges, again and again, the most frequent pair of adjacent tokens into
// a new token. The order of merges, ties included, is that of Hugging Face's
// BpeTrainer, so that the same counts give the same vocabulary.
//
// Words, their counts and the pairs' counts are kept in a few large arrays without
// pointers. A million different words take about 100 MB during learning.
package merges
