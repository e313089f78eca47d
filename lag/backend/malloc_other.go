//go:build cgo && !linux

package backend

// tuneMalloc does nothing: only glibc's allocator needs it.
func tuneMalloc() {}

// Trim does nothing: only glibc keeps free memory.
func Trim() {}
