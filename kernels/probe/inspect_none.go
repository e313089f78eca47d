//go:build !(cgo && ((linux && (amd64 || arm64)) || (darwin && arm64)))

package main

import "github.com/landscape-aware/growing/kernels/internal/doctor/report"

// inspect does nothing, because loading a plugin needs cgo. Opening the backend
// reports that.
func inspect(string, *report.Probe) error { return nil }
