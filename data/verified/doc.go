// Package verified checks files against their checksums, and remembers on this
// machine which files were right, so that a large file is read wholly only once.
//
// A file is known by its path, size, modification time, time of last change
// (ctime) and inode, as git's index knows files. The memory is a directory in
// the user's cache, so that it works for files that cannot be written to. Each
// entry of the memory is a small file named by the hash of its own text, or, for
// a sum, by the hash of the question that it answers. A damaged, missing or
// unwritable memory only means that files are read again.
//
// A file that changed less than two seconds before it was read is not
// remembered, because a later change could leave the same times ("racily clean"
// in git's words). Nor are files below 1 MiB, which are read as fast. Where the
// system tells neither inode nor ctime, nothing is remembered.
//
// What the memory cannot notice is a disk that returns other bytes without a
// write. Callers offer a way to read everything in any case.
package verified
