package doctor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
	"github.com/landscape-aware/growing/kernels/internal/pyenv"
)

// A patient is a checkout in a temporary directory, with a home of its own, in
// which a test plants faults. Its Python and its probe of backends are scripts.
type patient struct {
	checkout.Checkout
	t    *testing.T
	path string // the only directory on PATH
}

const (
	healthyPython = "#!/bin/sh\necho 4.4.1 0.10.2\n"
	healthyProbe  = `#!/bin/sh
case $1 in
go) echo '{"Description": "Go engine", "Ran": true}' ;;
*) echo '{"Minor": 106, "Ran": true}' ;;
esac
`
)

func newPatient(t *testing.T) *patient {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a Unix shell")
	}
	real, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	p := &patient{Checkout: checkout.Checkout{Root: filepath.Join(root, "checkout")}, t: t, path: filepath.Join(root, "path")}
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range strings.Fields(string(out)) { // the new home has none
		t.Setenv([]string{"GOMODCACHE", "GOCACHE", "GOPATH"}[i], value)
	}
	t.Setenv("HOME", filepath.Join(root, "home"))
	t.Setenv("JUPYTER_DATA_DIR", filepath.Join(root, "home", "jupyter"))
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv(pyenv.PythonEnv, "")
	t.Setenv("CC", "")
	t.Setenv("CGO_ENABLED", "") // CI also runs these tests without cgo
	t.Setenv("XDG_CONFIG_HOME", "")
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	p.write(filepath.Join(config, "go", "telemetry", "mode"), "off") // the go command writes there after it has ended
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(real.Root, name))
		if err != nil {
			t.Fatal(err)
		}
		p.write(filepath.Join(p.Root, name), string(text))
	}
	if err := os.MkdirAll(p.path, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go", "sh", "sleep", "touch", "python3"} {
		found, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(found, filepath.Join(p.path, name))
		}
		if err != nil && name != "python3" {
			t.Fatal(err)
		}
	}
	p.write(filepath.Join(p.path, "apt-get"), "#!/bin/sh\n")
	p.write(filepath.Join(p.path, "gcc"), "#!/bin/sh\n") // makes nothing, without complaint
	t.Setenv("PATH", p.path)
	p.write(p.Python(), healthyPython)
	if err := pyenv.WriteStamp(p.Checkout, p.Venv(), "3.11.2"); err != nil {
		t.Fatal(err)
	}
	p.write(p.Bin("probe"), healthyProbe)
	if _, err := kernelspec.Install(p.Checkout, "/go/bin/go", []string{"cpu", "go"}); err != nil {
		t.Fatal(err)
	}
	return p
}

// write writes a file that may be executed.
func (p *patient) write(path, text string) {
	p.t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755))
	if err != nil {
		p.t.Fatal(err)
	}
}

// program writes a part of this program, from its begin.
func (p *patient) program(path string, part float64) {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(path, string(text[:int(part*float64(len(text)))]))
}

func (p *patient) remove(path string) {
	p.t.Helper()
	if _, err := os.Lstat(path); err != nil {
		p.t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		p.t.Fatal(err)
	}
}

// plugin returns the path of a plugin in the patient's home.
func (p *patient) plugin(name string) string {
	p.t.Helper()
	home, err := plugin.Home()
	if err != nil {
		p.t.Fatal(err)
	}
	return filepath.Join(home, "pjrt_c_api_"+name+"_plugin.so")
}

func (p *patient) examine(ctx context.Context) map[string]Finding {
	found := make(map[string]Finding)
	examine(ctx, p.Checkout, func(context.Context, checkout.Checkout) (string, error) { return p.Bin("probe"), nil },
		func(f Finding) { found[f.Name] = f })
	return found
}

// TestPlantedFaults plants faults one at a time. The doctor must name the cause
// and the command.
func TestPlantedFaults(t *testing.T) {
	const ours, others = "cpu_v0.106.0", "cpu_v9.9.9"
	reinstall := setup
	_, installs := plugin.Wheels[plugin.Platform()]
	if !installs { // there no plugin is the set-up's
		reinstall = "rm OURS && " + setup
	}
	type fault struct {
		name   string
		plant  func(p *patient)
		about  string // name of the finding
		status Status
		cause  string
		fix    string // with OURS, OTHERS and CUDA for paths of plugins
	}
	faults := []fault{
		{"nothing", func(*patient) {}, "JupyterLab", Works, "4.4.1, nbclient 0.10.2, Python 3.11.2", ""},
		{"no environment", func(p *patient) { p.remove(p.Venv()) }, "JupyterLab", Missing, "there is no private Python environment yet", setup},
		{"no interpreter", func(p *patient) { p.remove(p.Python()) }, "JupyterLab", Missing, "the Python 3.11.2 from which the environment was made is gone", setup},
		{"damaged stamp", func(p *patient) { p.write(filepath.Join(p.Venv(), "lag.json"), "{") }, "JupyterLab", Missing, "is incomplete or damaged", setup},
		{"other versions", func(p *patient) {
			p.write(filepath.Join(p.Venv(), "lag.json"), `{"Requirements": "0", "Root": "`+p.Root+`", "Python": "3.11.2"}`)
		}, "JupyterLab", Missing, "has other versions than this checkout pins", setup},
		{"broken environment", func(p *patient) {
			p.write(p.Python(), "#!/bin/sh\necho 'Traceback (most recent call last):' >&2\necho \"ModuleNotFoundError: No module named 'nbclient'\" >&2\nexit 1\n")
		}, "JupyterLab", Missing, "is damaged: ModuleNotFoundError: No module named 'nbclient' (exit status 1)", newPython},
		{"stopped by others", func(p *patient) { p.write(p.Python(), "#!/bin/sh\nkill -TERM $$\n") }, "JupyterLab", Missing, "was stopped from outside (signal: terminated)", again},
		{"no Python", func(p *patient) { p.remove(filepath.Join(p.path, "python3")); p.remove(p.Venv()) }, "Python", Missing,
			"none of python3, python3.13", "sudo apt-get install python3 python3-venv"},
		{"no C compiler", func(p *patient) { p.remove(filepath.Join(p.path, "gcc")) }, "C compiler", Absent, "gcc is not on the PATH", installCompiler()},
		{"no C headers", func(p *patient) {
			p.write(filepath.Join(p.path, "gcc"), "#!/bin/sh\necho 'a.c:1:10: fatal error: stdlib.h: No such file or directory' >&2\necho 'compilation terminated.' >&2\nexit 1\n")
		}, "C compiler", Absent, "does not compile: a.c:1:10: fatal error: stdlib.h: No such file", installCompiler()},
		{"cgo off", func(p *patient) { p.t.Setenv("CGO_ENABLED", "0") }, "C compiler", Absent, "turned off by the environment variable CGO_ENABLED=0", "unset CGO_ENABLED"},
		{"no kernel", func(p *patient) { p.remove(p.Jupyter("kernels", "lag-cpu")) }, "kernel lag-cpu", Missing, "it is not installed", setup},
		{"damaged kernel", func(p *patient) { p.write(p.Jupyter("kernels", "lag-cpu", "kernel.json"), `{"argv": [`) }, "kernel lag-cpu", Missing, "kernel.json is damaged", setup},
		{"truncated launcher", func(p *patient) { p.program(kernelspec.Launcher(p.Checkout), 0.4) }, "kernel lag-cpu", Missing, "cannot run: it is incomplete", setup},
		{"moved checkout, environment", (*patient).move, "JupyterLab", Missing, "this checkout was moved or copied", setup},
		{"moved checkout, kernels", (*patient).move, "kernel lag-cpu", Missing, "this checkout was moved or copied", setup},
		{"kernel of a checkout that is gone", func(p *patient) {
			dir, _ := kernelspec.UserDir()
			p.write(filepath.Join(dir, "lag-cpu", "kernel.json"), `{"argv": ["/no/such/kernels", "launch"]}`)
		}, "your own Jupyter's kernel", Absent, "/no/such/kernels, which is gone", "go run ./kernels install"},
		{"no plugin", func(*patient) {}, "XLA plugin for CPU", Absent, "none in ", setup},
		{"truncated plugin", func(p *patient) { p.program(p.plugin(ours), 0.5) }, "XLA plugin " + ours, Missing, "it is incomplete", reinstall},
		{"truncated plugin of others", func(p *patient) { p.program(p.plugin(others), 0.5) }, "XLA plugin " + others, Missing, "it is incomplete", "rm OTHERS && " + setup},
		{"text for a plugin", func(p *patient) { p.write(p.plugin(others), "404: not found") }, "XLA plugin " + others, Missing, "it is not a program or a library", "rm OTHERS && " + setup},
		{"truncated plugin of a device", func(p *patient) { p.program(p.plugin("cuda13"), 0.5) }, "XLA plugin cuda13", Absent, "it is incomplete", "rm CUDA && " + setup + " -device cuda"},
		{"plugin that crashes", func(p *patient) {
			p.program(p.plugin(others), 1)
			p.write(p.Bin("probe"), "#!/bin/sh\necho 'SIGSEGV: segmentation violation' >&2\necho 'PC=0x1 m=0 sigcode=1' >&2\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo 'rip    0x1' >&2; done\nexit 2\n")
		}, "XLA plugin " + others, Missing, "it crashes: SIGSEGV: segmentation violation", "rm OTHERS && " + setup},
		{"pure-Go backend that fails", func(p *patient) {
			p.write(p.Bin("probe"), "#!/bin/sh\necho '{\"Error\": \"wrong\"}'\n")
		}, "pure-Go backend", Missing, "does not run: wrong", ""},
	}
	if installs { // and knows the sha256
		faults = append(faults, fault{"swapped plugin", func(p *patient) { p.program(p.plugin(ours), 1) }, "XLA plugin " + ours, Missing, "it is another file than set-up installed", setup})
	}
	for _, tool := range []string{"gonb", "goimports", "gopls"} {
		faults = append(faults,
			fault{"no " + tool, func(*patient) {}, tool, Missing, "it is missing: there is no ", setup},
			fault{"truncated " + tool, func(p *patient) { p.program(p.Bin(tool), 0.5) }, tool, Missing, "cannot run: it is incomplete", setup},
			fault{"foreign " + tool, func(p *patient) { p.program(p.Bin(tool), 1) }, tool, Missing, "is another program: " + checkout.Module, setup},
			fault{"script for " + tool, func(p *patient) { p.write(p.Bin(tool), "#!/bin/sh\n") }, tool, Missing, "cannot run: it is not a program", setup},
		)
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := newPatient(t)
			f.plant(p)
			got, ok := p.examine(t.Context())[f.about]
			if !ok {
				t.Fatalf("nothing is said of %s", f.about)
			}
			if got.Status != f.status || !strings.Contains(got.Text, f.cause) {
				t.Errorf("status %d, %q; want %d and %q", got.Status, got.Text, f.status, f.cause)
			}
			for _, unwanted := range []string{"\n", "rip ", "goroutine"} {
				if strings.Contains(got.Text, unwanted) {
					t.Errorf("the text has %q: %q", unwanted, got.Text)
				}
			}
			if want := strings.NewReplacer("OURS", p.plugin(ours), "OTHERS", p.plugin(others), "CUDA", p.plugin("cuda13")).Replace(f.fix); got.Fix != want {
				t.Errorf("the command is %q, want %q", got.Fix, want)
			}
		})
	}
}

// move moves the checkout.
func (p *patient) move() {
	p.t.Helper()
	to := p.Root + "-moved"
	if err := os.Rename(p.Root, to); err != nil {
		p.t.Fatal(err)
	}
	p.Root = to
}

// TestInterrupted: whatever is being checked when the doctor is interrupted is
// not to blame, and nothing is said of what comes after.
func TestInterrupted(t *testing.T) {
	p := newPatient(t)
	started := filepath.Join(t.TempDir(), "started")
	p.write(p.Python(), "#!/bin/sh\ntouch "+started+"\nsleep 60\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	found := p.examine(ctx)
	if _, err := os.Stat(started); err != nil {
		t.Fatal(err)
	}
	if f := found["C compiler"]; f.Status != Works {
		t.Errorf("of what came before is said %+v", f)
	}
	for _, name := range []string{"Python", "JupyterLab", "gonb", "kernel lag-cpu", "pure-Go backend"} {
		if f, ok := found[name]; ok {
			t.Errorf("%+v is said, of what was interrupted", f)
		}
	}
}
