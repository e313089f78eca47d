//go:build !linux

package lag

import "runtime"

// usableCores is how many cores this process may use.
func usableCores() int { return runtime.NumCPU() }
