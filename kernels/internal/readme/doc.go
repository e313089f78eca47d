// Package readme runs what READMEs tell people to type, in order, so that a
// README that has become wrong fails.
//
// The fenced blocks of a document are run in one shell, in a fresh copy of the
// checkout: each line of a sh block must succeed, and an unlabelled block right
// after it is what it prints, compared in shape. Blocks in python and sql are
// programs of their own. A block in text is only shown. Every other block fails,
// unless a comment says what is to be done with it. Comments of HTML, which
// readers do not see, have one directive a line; longer ones go on in indented
// lines:
//
//	<!-- ci: skip: REASON                 the next block is not run
//	skip `COMMAND`: REASON                lines of it that begin with COMMAND are not run
//	small `COMMAND`: FLAGS                FLAGS are added to such commands, to take seconds
//	until `COMMAND`: REGEXP               such a line is interrupted once it printed this
//	put `PLACEHOLDER`: TEXT               what a reader puts for <hash>, [NAME], NAME or ...
//	file: PATH                            the next block is a file, to be written
//	main: PATH IMPORT...                  the next block is the main function of a Go file
//	limit: TIME                           for the next block, instead of [Limit]
//	do: COMMAND                           what the text tells the reader to do, run here
//	place: checkout                       the document is run in the checkout itself -->
//
// What is skipped is named with its reason. Nothing can hide a broken block: every
// directive must apply to something, a small command keeps all of its own words, of
// which some have no effect then, and a placeholder must look like one.
package readme

import "time"

// Limit is how long a block may take.
const Limit = 3 * time.Minute
