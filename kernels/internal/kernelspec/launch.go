package kernelspec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landscape-aware/growing/kernels/internal/cell"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/gotools"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

// tunables keep glibc from returning the memory of XLA's temporaries to the
// operating system at every step. This makes training 1.2 to 1.5 times as fast.
// Other C libraries ignore the variable.
const tunables = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:" +
	"glibc.malloc.trim_threshold=8000000000:glibc.malloc.mmap_threshold=4000000000"

// goEnv is the environment variable of kernel.json with the path of the go command.
const goEnv = "LAG_GO"

// A Launch is the command that starts a kernel.
type Launch struct {
	Program string
	Args    []string
	Env     []string
}

// Prepare returns the command that starts GoNB for a kind of device.
//
// For the CPU kernel LAG_BACKEND in the environment takes precedence, so that
// notebooks can run on the pure-Go backend.
func Prepare(c checkout.Checkout, kind, connection string, plugins []plugin.Plugin, environ []string) (Launch, error) {
	if !slices.Contains(Kinds(), kind) {
		return Launch{}, fmt.Errorf("no kernel for %q, only for %s", kind, strings.Join(Kinds(), ", "))
	}
	gonb := c.Bin("gonb")
	if _, err := os.Stat(gonb); err != nil {
		return Launch{}, fmt.Errorf("GoNB is not built: %w; run `go run ./kernels setup` in %s", err, c.Root)
	}
	env := newEnviron(environ)
	if goProgram := env.get(goEnv); goProgram != "" {
		env.set("PATH", env.get("PATH")+string(os.PathListSeparator)+filepath.Dir(goProgram))
	}
	env.set("PATH", c.Private("bin")+string(os.PathListSeparator)+env.get("PATH"))
	env.set("GOMLX_NO_AUTO_INSTALL", "1")
	if flags := env.get("GOFLAGS"); !strings.Contains(flags, "-ldflags") {
		env.set("GOFLAGS", strings.TrimSpace(flags+" "+cell.LinkFlags))
	}
	env.setDefault("GLIBC_TUNABLES", tunables)
	env.set("LAG_KERNEL", kind)
	env.set(gotools.BuilderEnv, Launcher(c))
	env.set(gotools.PackagesEnv, strings.Join(gotools.CellPackages, " "))
	switch _, ok := plugin.OfKind(plugins, kind); {
	case kind == "go":
		env.set("LAG_BACKEND", "go")
	case kind != "cpu": // also without its plugin: the cells then say what is missing
		env.set("LAG_BACKEND", "xla:"+kind)
	case ok:
		env.setDefault("LAG_BACKEND", "xla:cpu")
	default:
		env.setDefault("LAG_BACKEND", "go")
	}
	logs := c.Private("log")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return Launch{}, fmt.Errorf("making the directory of GoNB's logs: %w", err)
	}
	return Launch{
		Program: gonb,
		Args: []string{gonb, "-kernel", connection,
			"-go_work", c.Root, // cells import this checkout's packages
			"-raw_error", // print compile errors as text too: nbclient does not see GoNB's HTML
			"-logtostderr=false", "-stderrthreshold=FATAL", "-log_dir", logs, "-extra_log", filepath.Join(logs, "gonb.log")},
		Env: env.list,
	}, nil
}

// Run starts the kernel. On Unix the kernel replaces this process.
func (l Launch) Run() error { return replace(l) }

// PruneLogs removes GoNB's logs that are older than a week or larger than 10 MiB.
func PruneLogs(c checkout.Checkout) {
	files, _ := checkout.Files(c.Private("log"), "gonb.", "")
	for _, file := range files {
		info, err := os.Lstat(file)
		if err == nil && (time.Since(info.ModTime()) > 7*24*time.Hour || info.Size() > 10<<20) {
			_ = os.Remove(file)
		}
	}
}

// environ is a modifiable list of environment variables.
type environ struct{ list []string }

func newEnviron(list []string) *environ { return &environ{slices.Clone(list)} }

func (e *environ) get(name string) string {
	for _, entry := range slices.Backward(e.list) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func (e *environ) set(name, value string) {
	e.list = slices.DeleteFunc(e.list, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
	e.list = append(e.list, name+"="+value)
}

func (e *environ) setDefault(name, value string) {
	if e.get(name) == "" {
		e.set(name, value)
	}
}

// LookGo returns the path of the go command.
func LookGo() (string, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("finding the go command: %w", err)
	}
	return filepath.Abs(path)
}
