package engine

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/landscape-aware/growing/data/verified"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
)

// environment describes where a run was computed. It is not part of the run's
// address.
type environment struct {
	Backend string `json:"backend"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	CPUs    int    `json:"cpus"`    // cores that the process may use
	Version string `json:"version"` // of this module

	Devices  int    `json:"devices,omitempty"`       // that trained together; 0 means 1
	XLAFlags string `json:"xla_flags,omitempty"`     // $XLA_FLAGS, which changes what XLA compiles
	Plugin   string `json:"plugin_sha256,omitempty"` // of the file of the PJRT plugin
}

// environmentOf describes this process. The plugin's checksum, which takes a
// second the first time, is remembered on this machine.
func environmentOf(b *backend.Backend) (environment, error) {
	// Processes with other shares of a machine's devices have the same environment.
	const devices = "[%d device(s)]"
	description := strings.Replace(b.Description(), fmt.Sprintf(devices, b.NumDevices()), fmt.Sprintf(devices, b.Together()), 1)
	e := environment{Backend: description, Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	if n := b.Together(); n > 1 {
		e.Devices = n
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Version = info.Main.Version
	}
	path, err := b.PluginPath()
	if err != nil || path == "" {
		return e, err
	}
	e.XLAFlags = os.Getenv("XLA_FLAGS")
	e.Plugin, err = verified.User().SHA256Of(path)
	return e, err
}

// now returns the environment with the cores of this moment: a worker gets its
// share of them later.
func (e environment) now() environment {
	e.CPUs = cores.Usable()
	return e
}
