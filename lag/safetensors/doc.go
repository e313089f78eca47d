// Package safetensors reads and writes safetensors files, the format of Hugging
// Face's model weights (github.com/huggingface/safetensors). A file consists of
// the length of the header as a little-endian uint64, the header in JSON, and
// the data of the tensors without gaps.
//
// Opening a file checks it as the format's own library does
// (safetensors/src/tensor.rs, Metadata::validate). In addition, two tensors
// with the same name are an error. No file can make the reader panic or
// allocate more than four times the size of the file (a boolean becomes an
// int32). Tensors are read one by one in small pieces, so memory never holds a
// model twice.
//
// Files written by this package contain a checksum of all their contents, see
// [File.Verify], and appear under their names only when they are complete and
// synced to the disk.
//
// This package does not use the reader of go-huggingface v0.4.1
// (models/safetensors): it needs a repository of the hub instead of a file,
// panics on offsets outside the file, does not compare shapes with offsets, and
// cannot write.
package safetensors
