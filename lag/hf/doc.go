// Package hf reads and writes models in the format of Hugging Face's transformers:
// a directory of config.json, model.safetensors and the files of a tokenizer.
//
// [Load] reads the checkpoints of BERT (BertFor..., post-norm, and
// MegatronBertFor..., pre-norm) and of T5 v1.1 and UL2, from a directory or from
// the hub, into the models of packages bert and ul2. A BERT with relative positions
// is an MPNet there. [Save] writes ours
// so that transformers' from_pretrained loads them into the same function.
// Both know the files of transformers 4 and 5, which Save writes so that the two
// read them alike. Parameters have the names of Hugging Face's checkpoints, with
// few exceptions, which are tables in the packages of the families.
//
// Settings that change the function but have no counterpart on the other side are
// an error, in both directions.
package hf
