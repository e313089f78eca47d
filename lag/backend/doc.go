// Package backend opens the engine that runs GoMLX graphs: XLA through a PJRT
// plugin on CPU, CUDA or TPU, or GoMLX's pure-Go engine, which needs nothing
// installed and is an order of magnitude slower.
//
// On Linux, a program that imports this package has glibc's allocator tuned
// from its start, which makes training small models on XLA's CPU client a third
// faster or so, and a BERT-Medium a sixth: memory that was freed stays with the
// program. Where programs with temporaries of gigabytes take turns, holes in it took
// it up to twice the memory. Set LAG_NO_MALLOC_TUNING in its environment to leave
// the allocator as it is.
//
// Nothing is ever downloaded here: `go run ./kernels setup` installs plugins.
package backend
