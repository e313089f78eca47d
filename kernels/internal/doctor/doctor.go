// Package doctor reports what works on this machine and what is missing, with
// the command to fix it.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
	"github.com/landscape-aware/growing/kernels/internal/gotools"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/pyenv"
	"github.com/landscape-aware/growing/lag/backend/programs"
)

// A Finding is the result of checking one component.
type Finding struct {
	Name   string
	Status Status
	Text   string
	Fix    string // command that fixes the problem; "" if there is none
}

// A Status says whether a component works.
type Status int

const (
	Works   Status = iota
	Absent         // missing, but not needed to run notebooks on the CPU
	Missing        // missing and needed
)

// setup is the command that fixes most problems.
const setup = "go run ./kernels setup"

// Examine checks all components and calls tell with each finding at once. It
// reports whether notebooks run with GoNB on a CPU backend.
func Examine(ctx context.Context, c checkout.Checkout, tell func(Finding)) bool {
	ok := true
	add := func(f Finding) {
		if f.Status == Missing {
			ok = false
		}
		tell(f)
	}
	add(Finding{Name: "Go", Text: runtime.Version() + " " + plugin.Platform()})
	add(compiler(ctx, c))
	for _, f := range python(ctx, c) {
		add(f)
	}
	for _, f := range tools(ctx, c) {
		add(f)
	}
	for _, f := range kernels(c) {
		add(f)
	}
	probe, err := gotools.BuildProbe(ctx, c)
	if err != nil {
		add(Finding{"backends", Missing, err.Error(), ""})
		return false
	}
	pureGo := try(ctx, probe, "go")
	add(backend("pure-Go backend", pureGo, version{}))
	header, err := headerVersion(ctx, c)
	if err != nil {
		add(Finding{"go-xla", Absent, err.Error(), ""})
	}
	for _, f := range plugins(ctx, probe, header) {
		add(f)
	}
	add(compiledPrograms())
	// Either engine is enough to run notebooks on the CPU.
	return ok && ctx.Err() == nil
}

func compiler(ctx context.Context, c checkout.Checkout) Finding {
	out, err := proc.Output(ctx, proc.Command{Args: []string{"go", "env", "CC", "CGO_ENABLED"}, Dir: c.Root})
	cc, enabled, _ := strings.Cut(out, "\n")
	f := Finding{Name: "C compiler"}
	path, lookErr := exec.LookPath(strings.Fields(cc + " cc")[0])
	switch {
	case err != nil:
		f.Status, f.Text = Absent, err.Error()
	case lookErr != nil:
		f.Status, f.Text = Absent, cc+" is not on the PATH: XLA cannot be used, the pure-Go backend can"
		f.Fix = "sudo apt-get install gcc libc6-dev   (or your system's C compiler)"
	case enabled == "0":
		f.Status, f.Text = Absent, path+", but CGO_ENABLED is 0: XLA cannot be used, the pure-Go backend can"
		f.Fix = "unset CGO_ENABLED; go env -u CGO_ENABLED"
	default:
		f.Text = path + ", cgo on"
	}
	return f
}

func python(ctx context.Context, c checkout.Checkout) (found []Finding) {
	version, ready := pyenv.Ready(c)
	if p, err := pyenv.FindPython(ctx); err == nil {
		found = append(found, Finding{Name: "Python", Text: p.Version + " " + p.Path})
	} else if ready {
		found = append(found, Finding{"Python", Absent, err.Error() + " (the private environment is there, though)", ""})
	} else {
		found = append(found, Finding{"Python", Missing, err.Error(), ""})
	}
	f := Finding{Name: "JupyterLab"}
	if !ready {
		f.Status, f.Text, f.Fix = Missing, "no private environment of the pinned versions in "+c.Venv(), setup
		return append(found, f)
	}
	out, err := proc.Output(ctx, proc.Command{Args: []string{c.Python(), "-c",
		"import jupyterlab, nbclient; print(jupyterlab.__version__, nbclient.__version__)"}, Env: c.JupyterEnv(), Drop: checkout.JupyterVariables})
	if err != nil {
		f.Status, f.Text, f.Fix = Missing, err.Error(), "rm -r "+c.Private("venv")+"* && "+setup
		return append(found, f)
	}
	lab, client, _ := strings.Cut(out, " ")
	f.Text = fmt.Sprintf("%s, nbclient %s, Python %s, in %s", lab, client, version, c.Venv())
	return append(found, f)
}

func tools(ctx context.Context, c checkout.Checkout) (found []Finding) {
	want, err := gotools.Want(ctx, c)
	if err != nil {
		return []Finding{{"Go tools", Missing, err.Error(), ""}}
	}
	for _, t := range want {
		f := Finding{Name: t.Name}
		switch got := t.Installed(c); got {
		case t.Version:
			f.Text = got + " " + c.Bin(t.Name)
		case "":
			f.Status, f.Text, f.Fix = Missing, "not built for "+runtime.Version()+"; it "+t.Why, setup
		default:
			f.Status, f.Text, f.Fix = Missing, got+", want "+t.Version, setup
		}
		found = append(found, f)
	}
	return found
}

func kernels(c checkout.Checkout) (found []Finding) {
	installed := kernelspec.Installed(c)
	if _, ok := installed[kernelspec.Default]; !ok {
		return []Finding{{"kernels", Missing, "no kernels are installed", setup}}
	}
	names := make([]string, 0, len(installed))
	for name := range installed {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		spec := installed[name]
		f := Finding{Name: "kernel " + name, Text: spec.DisplayName}
		if len(spec.Argv) == 0 || spec.Argv[0] != kernelspec.Launcher(c) {
			f.Status, f.Text, f.Fix = Missing, "installed for another checkout: "+strings.Join(spec.Argv, " "), setup
		} else if _, err := os.Stat(spec.Argv[0]); err != nil {
			f.Status, f.Text, f.Fix = Missing, err.Error(), setup
		}
		found = append(found, f)
	}
	return found
}

func plugins(ctx context.Context, probe string, header version) (found []Finding) {
	list := plugin.Find(plugin.SearchPath())
	for _, p := range list {
		r := try(ctx, probe, p.Backend())
		f := backend("XLA plugin "+p.Name, r, header)
		f.Text = p.Path + ": " + f.Text
		if f.Status == Missing && p.Kind() == "cpu" {
			f.Fix = "rm " + p.Path + " && " + setup
		}
		// A broken plugin for another device does not prevent notebooks on the CPU.
		if f.Status == Missing && p.Kind() != "cpu" {
			f.Status = Absent
		}
		found = append(found, f)
	}
	if _, ok := plugin.OfKind(list, "cpu"); !ok {
		f := Finding{Name: "XLA plugin for CPU", Status: Absent,
			Text: "none in " + strings.Join(plugin.SearchPath(), ", ") + "; the pure-Go backend is an order of magnitude slower"}
		if runtime.GOOS == "linux" || runtime.GOOS == "darwin" && runtime.GOARCH == "arm64" {
			f.Fix = setup
		}
		found = append(found, f)
	}
	for _, kind := range kernelspec.Kinds[1:] {
		if _, ok := plugin.OfKind(list, kind); !ok {
			found = append(found, Finding{"XLA plugin for " + strings.ToUpper(kind), Absent,
				"none, so its kernel is not installed", setup + " -device " + kind + "   (if you have such a device)"})
		}
	}
	return found
}

// compiledPrograms says where XLA's compiled programs are kept and how large they are.
func compiledPrograms() Finding {
	f := Finding{Name: "compiled programs"}
	dir, err := programs.Dir()
	if err == nil && dir == "" {
		f.Text = "not kept, because " + programs.Env + " is " + programs.Off
		return f
	}
	if err == nil {
		if _, err = os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			f.Text = "none yet in " + dir
			return f
		}
	}
	var store *programs.Store
	if err == nil {
		store, err = programs.Open(dir, programs.Limit)
	}
	var n int
	var size int64
	if err == nil {
		n, size, err = store.Size()
	}
	if err != nil {
		f.Status, f.Text = Absent, err.Error()
		return f
	}
	f.Text = fmt.Sprintf("%d, %s of at most %s, in %s", n, humanize.IBytes(uint64(size)), humanize.IBytes(programs.Limit), dir)
	return f
}

// limit is the time limit for a backend to run a small graph.
const limit = 2 * time.Minute

// try runs the probe in a separate process, because a plugin may crash or hang.
func try(ctx context.Context, probe, backend string) report.Probe {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := proc.Output(ctx, proc.Command{Args: []string{probe, backend}, Env: []string{"GOMLX_NO_AUTO_INSTALL=1"}})
	var r report.Probe
	if jsonErr := json.Unmarshal([]byte(out), &r); jsonErr != nil && err == nil {
		err = fmt.Errorf("the probe printed %q", out)
	}
	var failed *proc.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.Error = fmt.Sprintf("no answer within %s", limit)
	case errors.As(err, &failed):
		r.Error = "it crashes: " + failed.Err.Error() + "; " + strings.Join(failed.Last[max(0, len(failed.Last)-3):], "; ")
	case err != nil:
		r.Error = err.Error()
	}
	return r
}

// backend converts the result of a probe to a finding.
func backend(name string, r report.Probe, header version) Finding {
	f := Finding{Name: name}
	loaded := version{r.Major, r.Minor}
	var parts []string
	if loaded != (version{}) {
		parts = append(parts, "PJRT "+loaded.String()+header.compare(loaded))
	}
	if len(r.Devices) > 0 {
		parts = append(parts, "devices "+strings.Join(r.Devices, ", "))
	}
	switch {
	case r.Ran && len(parts) == 0:
		parts = append(parts, r.Description, "runs")
	case r.Ran:
		parts = append(parts, "runs")
	default:
		f.Status = Missing
		parts = append(parts, "does not run: "+r.Error)
	}
	if r.Checked != "" {
		parts = append(parts, r.Checked)
	}
	f.Text = strings.Join(parts, ", ")
	return f
}

// A version is a version of the PJRT interface.
type version struct{ major, minor int }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// compare describes how a plugin's version differs from go-xla's. Versions with
// the same major number should be compatible. Only running a graph shows
// whether they are.
func (v version) compare(plugin version) string {
	switch {
	case v == (version{}) || v == plugin:
		return ""
	case v.major != plugin.major:
		return fmt.Sprintf(" (INCOMPATIBLE with go-xla's %s: another major version; install a plugin of PJRT %d.x)", v, v.major)
	case plugin.minor > v.minor:
		return fmt.Sprintf(" (newer than go-xla's %s)", v)
	default:
		return fmt.Sprintf(" (older than go-xla's %s)", v)
	}
}

var define = regexp.MustCompile(`(?m)^#define PJRT_API_(MAJOR|MINOR) (\d+)`)

// headerVersion returns the PJRT version of go-xla's header file.
func headerVersion(ctx context.Context, c checkout.Checkout) (version, error) {
	dir, err := proc.Output(ctx, proc.Command{Args: []string{"go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla"}, Dir: c.Root})
	if err != nil {
		return version{}, fmt.Errorf("finding go-xla's PJRT version: %w", err)
	}
	header, err := os.ReadFile(filepath.Join(dir, "pjrt", "pjrt_c_api.h"))
	if err != nil {
		return version{}, fmt.Errorf("finding go-xla's PJRT version: %w", err)
	}
	var v version
	for _, m := range define.FindAllStringSubmatch(string(header), -1) {
		n, _ := strconv.Atoi(m[2]) // digits
		if m[1] == "MAJOR" {
			v.major = n
		} else {
			v.minor = n
		}
	}
	return v, nil
}
