// Package corpus gives documents: pieces of text that belong together.
//
// A [Source] streams its documents in a fixed order; memory grows with the
// largest document, not with the corpus. [Open] makes one of a [Spec], whose
// Source is what a user types:
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
// Text is taken as it is; what is to be changed about it is stated in
// [Cleaning]. Documents are split into training and validation by [Split], a
// seeded rule that looks only at a document's place in the order.
package corpus
