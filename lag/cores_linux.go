package lag

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// usableCores is how many cores this process may use. XLA's CPU backend divides
// matrix products by it, which decides over their last bits.
func usableCores() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}
