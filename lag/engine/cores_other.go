//go:build !linux

package engine

import "runtime"

// usableCores returns the number of cores that this process may use.
func usableCores() int { return runtime.NumCPU() }

// allowedCores returns none: they are not known on this system.
func allowedCores() ([]int, error) { return nil, nil }

func restrict([]int) error { return nil }

// TakeCores does nothing: this system cannot restrict processes to cores.
func TakeCores(int, int) (release func() error, err error) { return func() error { return nil }, nil }
