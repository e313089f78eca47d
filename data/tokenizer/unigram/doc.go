// Package unigram holds unigram language models over pieces of words, the
// vocabularies of T5 and UL2 (Kudo, "Subword Regularization", ACL 2018; Kudo and
// Richardson, "SentencePiece", EMNLP 2018). A piece has a probability; a text
// is segmented into the pieces whose product is largest.
//
// [ParseModel] reads sentencepiece's .model files. Their ids are exactly those
// of sentencepiece 0.2.3, which adds log probabilities up in float32 from the
// beginning of the text, so that a near tie depends on what comes before it:
// [Encoder] caches words all the same, with the range in which that cannot
// matter. [Parse] reads a tokenizer.json, whose ids are exactly those of
// Hugging Face's tokenizers 0.23.3: each word by itself, in float64.
//
// [Train] makes a vocabulary by sentencepiece's method: seeds are all frequent
// substrings of words; expectation maximization and pruning take turns. Its
// normalization is sentencepiece's default, nmt_nfkc, made from the Unicode
// tables of golang.org/x/text (version 15; sentencepiece 0.2.3 has version 17,
// which normalizes 37 more characters, and a few sequences).
//
// What differs from sentencepiece's trainer, none of which costs likelihood:
// counts are added up as integers, so that the result does not depend on the
// number of processors; seeds come from the distinct words instead of whole
// lines; long lines are not skipped.
package unigram
