// Package hf reads and writes models in the format of Hugging Face's transformers:
// a directory of config.json, model.safetensors and the files of a tokenizer.
//
// [Load] reads the checkpoints of BERT (BertFor..., post-norm, and
// MegatronBertFor..., pre-norm) and of T5 v1.1 and UL2, from a directory or from
// the hub, into the models of packages bert and ul2. [Save] writes ours
// so that transformers' from_pretrained loads them into the same function.
// Parameters have the names of Hugging Face's checkpoints, with few exceptions, which
// are tables in bert.go and t5.go.
//
// Settings that change the function but have no counterpart on the other side are
// an error, in both directions.
package hf
