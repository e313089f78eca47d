// Package bpe is byte-level byte pair encoding (Radford et al. 2019, "Language
// Models are Unsupervised Multitask Learners", section 2.2) exactly as in Hugging
// Face's tokenizers: GPT-2's tokenizer, and those of GPT-4, Llama 3 and Qwen, which
// cut text by other patterns.
//
// Text is normalized (mostly not at all), cut into pieces by a pattern, and each
// piece begins as its UTF-8 bytes, each of them a token. Then, again and again, the
// adjacent pair of tokens whose merge was learned first becomes one token. Every
// text can be encoded, and decoding restores it. The vocabulary writes the bytes of
// a token as printable characters: a space as "Ġ", a newline as "Ċ".
//
// [Parse] reads the sections of a tokenizer.json, [Train] learns a vocabulary.
//
// Text that is not valid UTF-8 is repaired first, by [utf8text.Repair]. Hugging
// Face's tokenizers never see such text, as Python decodes it before.
package bpe
