// Package data turns text into datasets of tokens.
//
// [Prepare] reads a corpus (package corpus), sets documents aside for
// validation, trains a vocabulary on the others or loads one (package
// tokenizer), and stores the tokens of both splits in memory-mapped files
// (package tokenstore). Package objective turns these tokens into training
// batches. [Stats] describes a dataset and [Verify] checks it.
//
// A dataset is made once and kept in a directory whose name is the hash of
// everything that determines it:
//
//	dir/<hash>/tokenizer.json  train.{bin,idx,json}  validation.{bin,idx,json}  dataset.json
//	dir/corpora/<hash>.json    content hashes of the corpora read so far
//	dir/.partial-<hash>        an incomplete dataset
//	dir/<hash>.damaged         a dataset that was damaged and made again
//	dir/.lock                  locked while a dataset is made
//
// A new run removes what killed runs left, except for trained vocabularies:
// these stay in .partial-<hash> until their dataset is made. You may remove a
// .partial-<hash> that is no longer wanted, and the small files in corpora;
// this costs only the time to train or read again. What is named .damaged is kept
// only to find out what happened to it.
package data
