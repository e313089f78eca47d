// Package backend opens the engine that runs GoMLX graphs: XLA through a PJRT
// plugin on CPU, CUDA or TPU, or GoMLX's pure-Go engine, which needs nothing
// installed and is an order of magnitude slower.
//
// Nothing is ever downloaded here: `go run ./kernels setup` installs plugins.
package backend
