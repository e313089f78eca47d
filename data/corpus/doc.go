// Package corpus gives documents: pieces of text that belong together.
//
// A [Source] streams its documents in a fixed order. [Open] makes one from a
// word a user types: "go" for the English prose of the Go installation, which
// needs no download, or the path of a text file, a glob of several, plain or
// compressed with gzip or zstandard.
//
// Documents are split into training and validation by [Split], a seeded rule
// that looks only at a document's place in the order.
package corpus
