// Package corpus reads collections of text documents.
//
// A [Source] streams its documents in a fixed order. Its memory grows with the
// largest document, not with the corpus, with two exceptions: the prose of the
// Go installation, about 11 MB, stays in memory after it was read, and
// [Cleaning].DropDuplicates needs 20 bytes for each different document. [Open]
// opens the source that a [Spec] describes. Its field Source is what a user
// types:
//
//	go                 the English prose of the Go installation; no download
//	book.txt, *.gz     plain text, also compressed with gzip or zstandard (.zst);
//	                   a blank line ends a document
//	web.jsonl.zst      JSON lines: each has a document in a named string field
//	part-*.parquet     Parquet: each row of a named column is a document
//	hf:owner/name      a dataset of the Hugging Face Hub, or a copy of one in
//	                   the Hub's cache
//	hf:./directory     a directory with the layout of such a dataset
//
// Text is UTF-8. Apart from a byte order mark at the beginning of a file, only
// [Cleaning] changes it. [Split] divides the documents into training and
// validation by a seeded rule that depends only on a document's index.
package corpus
