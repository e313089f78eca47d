//go:build !cgo

package backend

// Trim does nothing: without cgo there is no XLA, which needs it.
func Trim() {}
