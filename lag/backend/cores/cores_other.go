//go:build !linux

package cores

import "runtime"

func usable() int { return runtime.NumCPU() }

func load() float64 { return 0 }

func online() int { return runtime.NumCPU() }
