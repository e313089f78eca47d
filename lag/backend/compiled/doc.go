// Package compiled makes an XLA plugin keep the programs that it compiles on
// disk, in package programs, and load them from there.
//
// A training step of a small model takes 4 to 13 seconds to compile and half a
// second to load, and all processes and studies of a model's shape need the same
// one. A loaded program computes the same bits.
//
// go-xla has no function that serializes a program. But it calls a plugin by the
// plugin's table of C functions, and [Install] replaces one function of that
// table, the one that compiles. The new function looks for the program on disk
// and has the plugin deserialize it, or else calls the old one and has the
// plugin serialize the result. go-xla and GoMLX notice nothing of it.
//
// A program on disk is found again only for the same plugin (its sha256), kind
// of devices, processor, number of cores, settings of XLA in the environment,
// compile options and text of the program. Programs whose text is short are
// compiled each time, which takes milliseconds. If anything fails, the program
// is compiled as without this package, and a line of the log says what failed.
package compiled
