//go:build !linux

package engine

// TakeCores does nothing: this system cannot restrict processes to cores.
func TakeCores(int, int) (release func() error, err error) { return func() error { return nil }, nil }
