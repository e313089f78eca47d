// Package safetensors reads and writes safetensors files, the format in which
// Hugging Face models are published (github.com/huggingface/safetensors): the
// length of the header as a little-endian uint64, the header in JSON, the data
// of the tensors without gaps.
//
// A file is checked when it is opened, as the format's own library checks it
// (safetensors/src/tensor.rs, Metadata::validate), and refused also where two
// tensors have one name. No file, whatever is in it, makes the reader panic or
// allocate more than four times what the file holds (a boolean becomes an int32).
// Tensors are read one by one, in pieces, so that a model never lies in memory
// twice.
//
// Files written here carry a checksum of everything in them, see [File.Verify],
// and appear under their names only when they are whole and on disk.
//
// The reader of go-huggingface v0.4.1 (models/safetensors) is not used: it takes
// a repository of the hub rather than a file, panics where offsets lie beyond
// the file, and neither checks shapes against offsets nor writes.
package safetensors
