// Package programs keeps compiled programs on disk, so that a program which one
// process has compiled is loaded by others, now and later.
//
// A program is a file of the directory lag/programs in the user's cache, or of
// the directory that LAG_PROGRAMS names; LAG_PROGRAMS=off keeps nothing. The
// file's name is a hash of all that the program depends on, which is the
// caller's business. Together the files take 2 GiB at most; those that were not
// used for longest go first. The directory can be removed at any time.
//
// A program is machine code that will be executed. So the directory and its
// files must belong to the user of this process, and nobody else may be able to
// write to them; otherwise nothing is read. A checksum detects damage, but not
// intent. Where the system does not tell who owns a file, nothing is kept.
//
// Processes that need one program at the same time agree by a lock file: the
// first compiles it, the others wait. The kernel releases the lock of a process
// that ends. A process that holds the lock also gives signs of life, and the
// others stop waiting for one that gives none.
package programs
