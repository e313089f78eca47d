// Package cores says how many cores this process may use now.
package cores

// Usable returns the number of cores that this process may use. On Linux its share
// may have changed since it began, which runtime.NumCPU does not tell. XLA starts as
// many threads, and divides matrix products by their number, which affects their last
// bits.
func Usable() int { return usable() }
