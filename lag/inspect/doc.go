// Package inspect says what is in a model on disk: in a directory of
// Hugging Face's transformers, a model directory, a run's directory or a
// safetensors file. It reads every weight, one tensor at a time, and tells what
// is damaged in place of failing at it.
package inspect
