// Package tokenstore stores the token ids of a corpus in memory-mapped files,
// so that reading any window is only a copy.
//
// A store is three files with a common prefix, all little-endian:
//
//	prefix.bin   the tokens of all documents one after another, uint16 if the
//	             vocabulary has at most 65,536 tokens, uint32 otherwise
//	prefix.idx   uint64 offsets in tokens: one for each document, and at the
//	             end the total number of tokens
//	prefix.json  [Meta]: vocabulary, type, counts, split, source and licence,
//	             checksums of the other two files and of itself
//
// Each document ends with the token [Meta].EndToken.
//
// A store is written under temporary names. The .json file appears last, after
// the other two are synced to the disk. Without it the store does not exist.
//
// [Open] takes a millisecond for a store of any size. It checks the sizes of
// the files, the ends of the index, the checksum of the description, and
// checksums of 64 evenly spaced blocks of the other two files. This detects
// truncated, replaced and most edited files. [Store.Check] compares the
// checksums of the whole files, unless this machine did so before and the files
// are as they were then. [Store.Verify] reads everything in any case, and also
// checks that offsets and tokens make sense.
package tokenstore
