// Package tokenstore keeps the token ids of a corpus in files that are mapped
// into memory, so that a window anywhere costs a copy.
//
// A store is three files with a common prefix, all little-endian:
//
//	prefix.bin   the tokens of all documents one after another, uint16 if the
//	             vocabulary has at most 65,536 tokens, uint32 otherwise
//	prefix.idx   uint64 offsets in tokens: that of each document, and at the
//	             end the number of all tokens
//	prefix.json  [Meta]: vocabulary, type, counts, split, source and licence,
//	             checksums of the other two files and of itself
//
// Each document ends with the token that [Meta] calls its end token.
//
// A store is written under temporary names. The .json appears last, after the
// other two are safely on disk: a store without it is no store.
//
// [Open] takes a millisecond whatever the size: it compares the sizes of the
// files, the ends of the index, the checksum of the description's own fields,
// and checksums over 64 evenly spaced blocks of each of the other files. That
// notices a truncated, edited or swapped file. [Store.Verify] reads all and
// notices every changed bit.
package tokenstore
