package engine

import (
	"runtime"
	"runtime/debug"

	"github.com/landscape-aware/growing/lag/backend"
)

// environment describes where a run was computed. It is not part of the run's
// address.
type environment struct {
	Backend string `json:"backend"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	CPUs    int    `json:"cpus"`    // cores that the process may use
	Version string `json:"version"` // of this module
}

func environmentOf(b *backend.Backend) environment {
	e := environment{Backend: b.Description(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: usableCores()}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Version = info.Main.Version
	}
	return e
}
