// Package wordpiece trains and applies WordPiece vocabularies with BERT's rules
// of cleaning and splitting text, as Hugging Face's tokenizers do.
//
// Training cleans, lowercases and splits text as below, counts words, and makes
// byte-pair merges over characters, of which all but the first of a word carry
// the prefix "##", in order of their frequency. Theirs
// numbers the "##" characters in the order of a randomly seeded hash map, which
// also decides which of equally frequent characters the alphabet keeps and which
// of equally frequent pairs comes first: two runs of theirs differ. Ours goes by
// code point and is deterministic. Entries that differ are such ties, and, where
// the alphabets differ in size, the last merges.
//
// Encoding is BERT's: control characters are removed, whitespace separates
// words, CJK ideographs and punctuation stand alone, accents are stripped, and
// a word is split greedily into its longest known pieces. A word of more than
// 100 characters, or with a part that is not in the vocabulary, becomes [UNK].
package wordpiece
