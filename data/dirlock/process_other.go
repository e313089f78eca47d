//go:build !linux

package dirlock

func place() string { return "" }

func startOf(int) (start string, running bool) { return "", false }
