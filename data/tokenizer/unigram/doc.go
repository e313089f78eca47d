// Package unigram holds unigram language models over pieces of words, the
// vocabularies of T5 and UL2 (Kudo, "Subword Regularization", ACL 2018; Kudo and
// Richardson, "SentencePiece", EMNLP 2018). A piece has a probability; a text
// is segmented into the pieces whose product is largest.
//
// [ParseModel] reads sentencepiece's .model files. Their ids are exactly those
// of sentencepiece 0.2.3, which adds up log probabilities in float32 from the
// beginning of the text, so that a near tie depends on what comes before it.
// [Encoder] can still cache words: it knows the range in which that has no effect.
// [Parse] reads a tokenizer.json. Its ids are exactly those of Hugging Face's
// tokenizers 0.23.3: each word by itself, in float64.
//
// [Train] makes a vocabulary by sentencepiece's method: it begins with all frequent
// substrings of words, and alternates expectation maximization and pruning. Text is
// normalized by sentencepiece's default, nmt_nfkc, by Unicode 15 (sentencepiece 0.2.3
// has version 17, which normalizes 37 more characters and a few sequences).
//
// Three things differ from sentencepiece's trainer, and none costs likelihood. Counts
// are added up as integers, so that the result does not depend on the number of
// processors. Seeds come from the distinct words instead of whole lines. Long lines
// are not skipped.
package unigram
