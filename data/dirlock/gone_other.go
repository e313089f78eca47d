//go:build !unix

package dirlock

func isGone(int) bool { return false }
