// Package cores says how many cores this process may use now, and how busy the machine
// is.
package cores

// Usable returns the number of cores that this process may use. On Linux its share
// may have changed since it began, which runtime.NumCPU does not tell. XLA starts as
// many threads, and divides matrix products by their number, which affects their last
// bits.
func Usable() int { return usable() }

// Load returns the mean number of processes that ran on the machine in the last
// minute, or 0 where the system does not say. It is of all its cores, see [Online], also
// where this process may use some of them only.
func Load() float64 { return load() }

// Online returns the number of the machine's cores.
func Online() int { return online() }
