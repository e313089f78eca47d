// Package plugin finds XLA's PJRT plugins where go-xla looks for them, and
// installs the plugin for CPU.
package plugin

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// PathEnv is the environment variable that replaces go-xla's search path.
const PathEnv = "PJRT_PLUGIN_LIBRARY_PATH"

// Devices are the kinds of device other than the CPU.
var Devices = []string{"cuda", "tpu"}

// A Plugin is a file that go-xla can load.
type Plugin struct {
	Name string // such as cpu_v0.106.0
	Path string
}

// Kind returns the kind of device: cpu, cuda or tpu if the name contains one of
// these, otherwise the name. go-xla uses the name in the same way.
func (p Plugin) Kind() string {
	name := strings.ToLower(p.Name)
	for _, kind := range []string{"cuda", "tpu", "cpu"} {
		if strings.Contains(name, kind) {
			return kind
		}
	}
	return name
}

// Backend returns the name of the plugin's backend for LAG_BACKEND and -backend.
func (p Plugin) Backend() string { return "xla:" + p.Path }

var fileNames = []*regexp.Regexp{
	regexp.MustCompile(`^pjrt_c_api_(.+)_plugin\.(so|dylib|dll)$`),
	regexp.MustCompile(`^pjrt[-_]plugin[-_](.+)\.(so|dylib|dll)$`),
}

func nameOf(file string) string {
	for _, re := range fileNames {
		if m := re.FindStringSubmatch(file); m != nil {
			return m[1]
		}
	}
	return ""
}

// Home returns the directory in the user's home where plugins are installed.
func Home() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "lib", "go-xla"), nil
}

// SearchPath returns the directories that go-xla searches, except those of the
// system's dynamic linker (/etc/ld.so.conf), which should not have plugins.
func SearchPath() []string {
	if list, set := os.LookupEnv(PathEnv); set {
		return split(list)
	}
	var dirs []string
	if home, err := os.UserHomeDir(); err == nil {
		local := filepath.Join(home, ".local", "lib")
		if runtime.GOOS == "darwin" {
			support := filepath.Join(home, "Library", "Application Support", "go-xla")
			dirs = append(dirs, support)
		}
		dirs = append(dirs, filepath.Join(local, "go-xla"), filepath.Join(local, "go-xla", "nvidia"), filepath.Join(local, "gomlx", "pjrt"))
	}
	dirs = append(dirs, "/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia", "/usr/local/lib/gomlx/pjrt")
	return append(dirs, split(os.Getenv("LD_LIBRARY_PATH"))...)
}

func split(list string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(list) {
		if filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// Find returns the plugins in the directories, in order. If two have the same
// name, go-xla sees only the first, and so does Find.
func Find(dirs []string) []Plugin {
	var found []Plugin
	seen := make(map[string]bool)
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			name := nameOf(entry.Name())
			if info, err := os.Stat(path); name == "" || seen[name] || err != nil || !info.Mode().IsRegular() {
				continue
			}
			seen[name] = true
			found = append(found, Plugin{name, path})
		}
	}
	return found
}

// OfKind returns the first plugin of a kind, and whether there is one.
func OfKind(plugins []Plugin, kind string) (Plugin, bool) {
	for _, p := range plugins {
		if p.Kind() == kind {
			return p, true
		}
	}
	return Plugin{}, false
}

// Platform returns the operating system and architecture, such as linux/amd64.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
