// Package wordpiece trains and applies WordPiece vocabularies with BERT's rules
// of cleaning and splitting text, as Hugging Face's tokenizers do.
//
// Training cleans, lowercases and splits text as below, counts words, and merges
// pairs of pieces, the most frequent first. The first pieces are single characters.
// All but the first piece of a word have the prefix "##".
//
// Hugging Face's trainer does the same, but takes characters in the order of a
// randomly seeded hash map. That order decides which of equally frequent
// characters the alphabet keeps, and which of equally frequent pairs is merged
// first, so two of its runs differ. Here characters are taken by code point, and
// every run is the same. The vocabularies of the two differ in such ties and, if
// the alphabets differ in size, in the last merges.
//
// Encoding is BERT's: control characters are removed, whitespace separates
// words, CJK ideographs and punctuation stand alone, accents are stripped, and
// a word is split greedily into its longest known pieces. A word of more than
// 100 characters, or with a part that is not in the vocabulary, becomes [UNK].
package wordpiece
