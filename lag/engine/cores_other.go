//go:build !linux

package engine

import "runtime"

// usableCores is how many cores this process may use.
func usableCores() int { return runtime.NumCPU() }

// TakeCores does nothing: processes cannot be kept to cores here.
func TakeCores(int, int) (release func() error, err error) { return func() error { return nil }, nil }
