//go:build !linux

package engine

// allowedCores returns none: they are not known on this system.
func allowedCores() ([]int, error) { return nil, nil }

func restrict([]int) error { return nil }

// TakeCores does nothing: this system cannot restrict processes to cores.
func TakeCores(int, int) (release func() error, err error) { return func() error { return nil }, nil }
