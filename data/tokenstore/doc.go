// Package tokenstore keeps the token ids of a corpus in files that are mapped
// into memory, so that a window anywhere costs a copy.
//
// A store is three files with a common prefix, all little-endian:
//
//	prefix.bin   the tokens of all documents one after another, uint16 if the
//	             vocabulary has at most 65,536 tokens, uint32 otherwise
//	prefix.idx   uint64 offsets in tokens: that of each document, and at the
//	             end the number of all tokens
//	prefix.json  [Meta]: vocabulary, type, counts, split, source and licence, and
//	             the sha256 of the other two files
//
// By convention each document ends with the vocabulary's [SEP].
//
// A store is written under temporary names. The .json appears last, after the
// other two are safely on disk: a store without it is no store. Opening checks
// the sizes of the files against it; [Store.Verify] reads all and checks the
// sums.
package tokenstore
