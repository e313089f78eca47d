//go:build cgo

package compiled

import "golang.org/x/sys/unix"

// processor describes the processor. The name of Apple's says what it can do.
func processor() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return err.Error()
	}
	return name
}
