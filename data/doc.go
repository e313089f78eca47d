// Package data goes from text to batches.
//
// [Prepare] reads a corpus (package corpus), sets documents aside for
// validation, trains a vocabulary on the others (package tokenizer) or takes one
// from a file, and keeps the tokens of both parts in memory-mapped files
// (package tokenstore). Package objective makes training batches of these.
// [Stats] and [Verify] look at what was made.
//
// A dataset is kept in a directory named by the hash of everything that
// determines it, and is made once:
//
//	dir/<hash>/tokenizer.json  train.{bin,idx,json}  validation.{bin,idx,json}  dataset.json
//	dir/corpora/<hash>.json    content hashes of corpora seen on this machine
//	dir/.partial-<hash>        a dataset in the making
//	dir/.lock                  held while something is made
//
// Of what a killed process leaves the next one removes all but the vocabularies
// that were trained, which stay in their .partial-<hash> until their dataset is
// made: of a configuration that nobody wants any more, remove it by hand. So it
// is with the small files in corpora; nothing is lost but the time to read again.
package data
