package cores

import (
	"runtime"

	"golang.org/x/sys/unix"
)

func usable() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}
