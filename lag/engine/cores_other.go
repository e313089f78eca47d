//go:build !linux

package engine

import "runtime"

// usableCores returns the number of cores that this process may use.
func usableCores() int { return runtime.NumCPU() }

// TakeCores does nothing: this system cannot restrict processes to cores.
func TakeCores(int, int) (release func() error, err error) { return func() error { return nil }, nil }
