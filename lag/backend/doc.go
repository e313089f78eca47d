// Package backend opens the engine that runs GoMLX graphs: XLA with a PJRT
// plugin for CPU, CUDA or TPU, or GoMLX's pure-Go engine, which needs no
// installation and is an order of magnitude slower.
//
// On Linux, importing this package changes the settings of glibc's allocator at
// the start of the program: freed memory stays with the process. Training on
// XLA's CPU client is then about a third faster for small models, and a sixth
// faster for a BERT-Medium. Memory can fragment: in a test with alternating
// programs that have gigabytes of temporaries, the process needed up to twice
// the memory. Set LAG_NO_MALLOC_TUNING in the environment to keep the default
// settings.
//
// Programs that XLA has compiled are kept on disk and loaded by the next process
// that needs them, see packages programs and compiled. LAG_PROGRAMS=off in the
// environment switches that off, and another value names the directory. At debug
// level, the log says which programs were loaded and which were compiled.
//
// The pure-Go engine multiplies matrices with vector instructions in programs
// that are built with GOEXPERIMENT=simd, which Go calls experimental. A training
// step at the size of the study quick is then 1.8 times as fast.
//
// This package never downloads anything: `go run ./kernels setup` installs
// plugins.
package backend
