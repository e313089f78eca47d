//go:build cgo

package compiled

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// usableCores returns the number of cores, which XLA takes as its number of
// threads.
func usableCores() int { return runtime.NumCPU() }

// processor describes the processor. The name of Apple's says what it can do.
func processor() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return err.Error()
	}
	return name
}
