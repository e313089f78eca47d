// Package watch shows a study, a stacking or a training while it runs, from the
// files in its directory alone. The processes that train need not know of it: they
// may be those of a cluster that shares the directory.
//
// A [Watcher] reads the directory, and later what was added to it. It tells what
// is done of what is planned, which run is at work in which process and how fast,
// how much time is left, the losses so far, the ranks of the strategies, and what
// is wrong. [Serve] shows this as a page on 127.0.0.1 that updates itself, [Show]
// and [Live] in a notebook, [Text] in a terminal.
//
// It writes nothing and locks nothing. Files that are being written, or are
// damaged, are read as far as they are whole; the watch says which they are.
package watch
