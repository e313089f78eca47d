// Package tokenizer turns text into token ids and back, with vocabularies of
// three kinds, trained here or by others:
//
//   - WordPiece, with BERT's rules of splitting text (package wordpiece);
//   - byte-level BPE, as in GPT-2 and its successors (package bpe);
//   - SentencePiece's unigram language model, as in T5 (package unigram).
//
// A [Tokenizer] is one of these models with special tokens: BERT's five, T5's
// sentinels <extra_id_n>, UL2's mode tokens, or whatever a file defines. [Load]
// reads Hugging Face's tokenizer.json, BERT's vocab.txt, SentencePiece's .model and
// GPT-2's vocab.json, with the settings beside them, and gives the same ids as the
// programs that made them. [Train] makes a vocabulary from text.
package tokenizer
