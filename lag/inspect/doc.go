// Package inspect describes a model on disk: a directory of Hugging Face's
// transformers, a model directory, a run's directory or a safetensors file. It
// reads all weights, one tensor at a time, and reports damage instead of
// failing.
package inspect
