// Package corpus gives documents: pieces of text that belong together.
//
// A [Source] streams its documents in a fixed order; memory grows with the
// largest document, not with the corpus, but for two cases: the prose of the Go
// installation, some 11 MB, is kept once it was found, and
// [Cleaning].DropDuplicates remembers each different document, in 20 bytes.
// [Open] makes a source of a [Spec], whose Source is what a user types:
//
//	go                 the English prose of the Go installation; no download
//	book.txt, *.gz     plain text, or compressed with gzip or zstandard (.zst):
//	                   a blank line ends a document
//	web.jsonl.zst      JSON lines: a document each, in a named string field
//	part-*.parquet     Parquet: a document for each row of a named column
//	hf:owner/name      a dataset of the Hugging Face Hub, or a copy of one in
//	                   the Hub's cache
//	hf:./directory     a directory that looks like such a dataset
//
// Text is UTF-8 and taken as it is, but for a byte order mark at the beginning of
// a file; what is to be changed about it is stated in [Cleaning]. Documents are split into training and validation by [Split], a
// seeded rule that looks only at a document's place in the order.
package corpus
