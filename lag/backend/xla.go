//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/charmbracelet/log"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/lag/backend/compiled"
)

func init() { xla.EnableAutoInstall(false) }

// HasXLA reports whether a PJRT plugin is installed.
func HasXLA() bool { return len(pjrt.AvailablePlugins()) > 0 }

// openXLA opens a PJRT plugin. Options are "cpu", "cuda", "tpu" or the absolute
// path of a plugin, followed by GoMLX's own options after commas. The CPU has as
// many devices as are asked for.
func openXLA(options string, devices int) (_ *Backend, err error) {
	plugin, _, _ := strings.Cut(options, ",")
	defer func() {
		// go-xla v0.4.1 panics if it cannot map a plugin, for example without enough memory.
		if p := recover(); p != nil {
			err = fmt.Errorf("backend xla:%s: the plugin cannot be loaded: %v", plugin, p)
		}
	}()
	kind := plugin
	if filepath.IsAbs(plugin) {
		if info, err := os.Stat(plugin); err != nil {
			return nil, fmt.Errorf("backend xla: there is no plugin: %w; give the path of a PJRT plugin, or %s", err, CPU)
		} else if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("backend xla: %s is not a file; give the path of a PJRT plugin, or %s", plugin, CPU)
		}
		kind = "cpu"
		for _, k := range []string{"cuda", "tpu"} {
			if strings.Contains(filepath.Base(plugin), k) {
				kind = k
			}
		}
	} else {
		found := slices.Sorted(maps.Keys(pjrt.AvailablePlugins()))
		if !slices.ContainsFunc(found, func(name string) bool { return strings.HasPrefix(name, plugin) }) {
			if absent := withoutDevice(plugin); absent != "" {
				return nil, fmt.Errorf("backend xla:%s: no such PJRT plugin is installed (found: %s)%s", plugin, orNone(found), absent)
			}
			devices := []string{"cpu", "cuda", "tpu"}
			if !slices.Contains(devices, plugin) {
				return nil, fmt.Errorf("backend xla:%s: no such PJRT plugin is installed%s (found: %s)", plugin, closest.Hint(plugin, devices), orNone(found))
			}
			return nil, fmt.Errorf("backend xla:%s: no such PJRT plugin is installed (found: %s); "+
				"`go run ./kernels setup%s` installs one, or use the backend \"go\"", plugin, orNone(found), device(plugin))
		}
	}
	var client pjrt.NamedValuesMap
	if kind == "cpu" {
		tuneMalloc()
		// By default XLA's CPU client opens several devices that share the same cores.
		client = pjrt.NamedValuesMap{"cpu_device_count": int64(devices)}
	}
	b, err := xla.NewWithOptions(options, client)
	if err != nil {
		return nil, fmt.Errorf("backend xla:%s: %w%s", plugin, err, withoutDevice(kind))
	}
	keepPrograms(b.PluginName())
	return &Backend{Backend: b, Kind: "xla:" + kind, Engine: "PJRT plugin " + filepath.Base(b.PluginName()), left: new(unfinished)}, nil
}

// keepPrograms makes a plugin keep its compiled programs on disk.
func keepPrograms(name string) {
	p, err := pjrt.GetPlugin(name)
	if err == nil {
		err = compiled.Install(p.Path())
	}
	if err != nil {
		notKept.Do(func() { log.Warn("compiled programs are not kept, so each process compiles them", "error", err) })
	}
}

var notKept sync.Once

// device returns the flag of `kernels setup` that installs a plugin.
func device(plugin string) string {
	if plugin == "cpu" {
		return ""
	}
	return " -device " + plugin
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
