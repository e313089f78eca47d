//go:build cgo && !linux

package backend

// tuneMalloc does nothing: only glibc's allocator needs it.
func tuneMalloc() {}
