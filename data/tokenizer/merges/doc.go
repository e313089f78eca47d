// Package merges learns which pairs of adjacent tokens to merge from words and
// how often they occur: byte pair encoding (Sennrich et al. 2016, "Neural Machine
// Translation of Rare Words with Subword Units", section 3.2), with which both
// byte-level BPE and WordPiece vocabularies are trained.
//
// [Count] counts the words of documents on all processors into [Counts].
// [Words] holds them as sequences of the ids of single characters or bytes, and
// [Learn] merges, again and again, the most frequent pair of adjacent tokens into
// a new token. The order of merges, ties included, is that of Hugging Face's
// BpeTrainer, so that the same counts give the same vocabulary.
//
// Words, their counts and the pairs' counts are kept in few large arrays without
// pointers: a million different words take about 100 MB while they are learned from.
package merges
